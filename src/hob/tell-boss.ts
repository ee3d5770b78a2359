/**
 * How the hob's actor talks to its boss, which may be away, may not take what it is told, and is right about what is wanted.
 *
 *   report ──▶ kept with a number ──▶ sent ──┬─ newest      done
 *                                            ├─ older       done; pull
 *                                            ├─ unknown     not kept there: pull
 *                                            ├─ refused     logged; sent again, shorter
 *                                            └─ away        stays for the next time
 */
import { codeOf, describeError } from '../errors/gobs-error.ts';
import { SHORTEST } from '../protocol/report-size.ts';
import { isSameState } from '../protocol/shapes.ts';
import type { Report, ReportAnswer, StateIdentity, WantedState } from '../protocol/shapes.ts';
import { E } from '../vats/eventual-send.ts';
import type { Fresh, TurnTools } from '../vats/kind.ts';
import type { HostDriver, HobLog } from './hob-kind.ts';
import type { HobPortrait } from './hob-portrait.ts';
import { afterDelivery, toSend, withReport } from './undelivered.ts';

/** The boss is away, or this process ends. That is no news. */
const away: readonly string[] = harden(['PEER_UNREACHABLE', 'SESSION_CLOSED', 'VAT_STOPPED', 'COMMIT_FAILED']);
/** A shorter report may be taken. */
const tooMuch: readonly string[] = harden(['LIMIT_EXCEEDED', 'BAD_REPORT', 'BAD_ARGUMENTS', 'NOT_PASSABLE']);

export interface BossTalk {
  /** Keeps it until the boss has it. Answers as `deliver` does. */
  tell(report: Report, fresh: Fresh<HobPortrait>): Promise<boolean>;
  /** Sends what the boss was not told yet. Has it taken that, now? Never rejects. */
  deliver(portrait: HobPortrait): Promise<boolean>;
  /** Asks what is wanted. */
  pull(portrait: HobPortrait): void;
  /** Tells a boss whose store is older than it was how often that had been opened. */
  tellEpoch(portrait: HobPortrait, seen: number): void;
  /** Tells how the host is. */
  tellFacts(portrait: HobPortrait): void;
  /**
   * Takes what the boss answered, whatever is held: it is the truth. But if something was pushed since it was asked (when `asked` was
   * held), the answer may be older than that: then it is asked again.
   */
  take(asked: StateIdentity | null, wanted: WantedState, fresh: Fresh<HobPortrait>): void;
}

export interface BossTalkOptions extends Pick<TurnTools<HobPortrait>, 'on'> {
  readonly driver: HostDriver;
  readonly log: HobLog;
  readonly hold: (wanted: WantedState, fresh: Fresh<HobPortrait>) => void;
}

const isHeld = (one: StateIdentity | null, other: StateIdentity | null): boolean =>
  one === null || other === null ? one === other : isSameState(one, other);

export const makeBossTalk = ({ driver, log, on, hold }: BossTalkOptions): BossTalk => {
  const failed = (what: string, reason: unknown): void => {
    if (!away.includes(codeOf(reason))) void E(log).warn(describeError(reason), what);
  };

  const refused = (
    number: number,
    reason: unknown,
    { bcom, portrait }: Fresh<HobPortrait>,
  ): Promise<boolean> | boolean => {
    failed('the boss did not take a report', reason);
    const { undelivered } = portrait;
    if (undelivered?.number !== number || !tooMuch.includes(codeOf(reason))) return false;
    const isLast = undelivered.steps >= SHORTEST;
    const next = { ...portrait, undelivered: isLast ? null : { ...undelivered, steps: undelivered.steps + 1 } };
    bcom(next);
    return talk.deliver(next);
  };

  const heard = (
    number: number,
    sent: Report,
    answer: ReportAnswer,
    { bcom, portrait }: Fresh<HobPortrait>,
  ): boolean => {
    if (answer !== 'unknown') bcom(afterDelivery(portrait, number, sent));
    if (answer !== 'newest') talk.pull(portrait);
    return true;
  };

  const talk: BossTalk = {
    tell: (report, { bcom, portrait }) => {
      const next = withReport(portrait, report);
      bcom(next);
      return talk.deliver(next);
    },
    deliver: (portrait) => {
      const { boss, undelivered } = portrait;
      const sent = toSend(portrait);
      if (boss === null || undelivered === null || sent === null) return Promise.resolve(false);
      const { number } = undelivered;
      return on<ReportAnswer, boolean | Promise<boolean>>(
        E(boss.side).report(sent),
        (answer, fresh) => heard(number, sent, answer, fresh),
        (reason, fresh) => refused(number, reason, fresh),
      );
    },
    pull: ({ boss, desired }) => {
      if (boss === null) return;
      void on(
        E(boss.side).pull(),
        (wanted, fresh) => talk.take(desired, wanted, fresh),
        (reason) => failed('asking the boss what is wanted', reason),
      );
    },
    tellEpoch: ({ boss }, seen) => {
      if (boss === null) return;
      void on(
        E(boss.side).sawEpoch(seen),
        () => undefined,
        (reason) => failed('telling the boss that its store was opened more often', reason),
      );
    },
    tellFacts: ({ boss }) => {
      if (boss === null) return;
      const told = on(E(driver).facts(), (facts) => E(boss.side).tellFacts(facts));
      void on(
        told,
        () => undefined,
        (reason) => failed('telling the boss how the host is', reason),
      );
    },
    take: (asked, wanted, fresh) => {
      const held = fresh.portrait.desired;
      if (isHeld(held, asked) || wanted.generation > (held?.generation ?? 0)) hold(wanted, fresh);
      else if (!isHeld(held, wanted)) talk.pull(fresh.portrait);
    },
  };
  return harden(talk);
};
harden(makeBossTalk);
