/**
 * The daemon around the hob's actor: finds the boss, stays connected, and lets the interval come round.
 *
 *   not enrolled: read `enrolment` ─▶ enliven ─▶ keep the boss's side ─▶ remove `enrolment`      (again after a while, for ever)
 *   enrolled:     keep connected ─▶ at each session: attach, until it is done          apply what was not applied; tick, tick, …
 *   to take over: … ─▶ look, report, and when the boss has taken that: say so, once
 *
 * The enrolment file is removed only when what it gave is durable; until then a repeated attempt with the same key gets the same. One that
 * cannot be removed is a locator that is spent: the hob says so, and works.
 * Nothing here stops the work on the host because the boss is away, because a step failed, or because it never ended.
 */
import { describeError, makeError } from '../errors/gobs-error.ts';
import { E } from '../vats/eventual-send.ts';
import type { HobFacets } from './hob-kind.ts';
import type { BossAddress, HobSide } from './hob-portrait.ts';
import { makeSteadyLog, type Log } from './log.ts';
import { attempt } from './patience.ts';

/** As much of a peer as a hob needs. */
export interface BossLink {
  /** What the locator names, and where its peer is. */
  enrol(locator: string): Promise<{ readonly side: HobSide; readonly where: BossAddress }>;
  /**
   * Dials for ever. Calls back when a session begins, and when it ends. `seenEpoch`: how often the boss's store had been opened when it was seen
   * before, if that is more often than it says now.
   */
  keepConnected(where: BossAddress, onUp: (seenEpoch?: number) => void, onDown: () => void): { stop(): void };
}

/** The enrolment file. */
export interface EnrolmentFile {
  /** The locator; undefined if there is no file. */
  read(): Promise<string | undefined>;
  /** Synced when it resolves. Idempotent. */
  remove(): Promise<void>;
}

/** For a hob that is to take over from an older one (protocol/machine-directory.ts). */
export interface TakeOver {
  /** Notes that this one works. Called until it resolves; idempotent. */
  done(): Promise<void>;
}

export interface DaemonOptions {
  readonly control: HobFacets['control'];
  readonly link: BossLink;
  readonly enrolment: EnrolmentFile;
  /** Undefined: there is nothing to take over. */
  readonly takeOver?: TakeOver | undefined;
  /** Milliseconds between two ticks, give or take a tenth. */
  readonly interval: number;
  /**
   * Milliseconds after which a tick counts as lost, and the next is waited for. One that is only slow is not doubled on the host:
   * the driver does one job after the other.
   */
  readonly deadline: number;
  /** Calls back after so many milliseconds, unless the result was called. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
const JITTER = 0.1;

type Purpose = 'tick' | 'attach' | 'enrol' | 'take over';

export interface Daemon {
  /** No timers and no dialling any more. What the actor has begun goes on. */
  stop(): void;
}

export const startDaemon = (options: DaemonOptions): Daemon => {
  const { control, link, enrolment, takeOver, interval, deadline, setTimer, random } = options;
  const log = makeSteadyLog(options.log);
  let stopped = false;
  /** By what it is for: what is to be called off. */
  const pending = new Map<Purpose, () => void>();
  let hasTakenOver = takeOver === undefined;
  let connection: { stop(): void } | undefined;

  const failed = (what: string) => (error: unknown) => log.warn(describeError(error), what);
  const spread = (milliseconds: number): number => milliseconds * (1 - JITTER + 2 * JITTER * random());
  const later = (purpose: Purpose, step: () => void, milliseconds: number): void => {
    if (!stopped) pending.set(purpose, setTimer(step, spread(milliseconds)));
  };
  const longer = (pause: number): number => Math.min(LONGEST_PAUSE, 2 * pause);

  const tick = (): void => {
    const next = () => later('tick', tick, interval);
    pending.set(
      'tick',
      attempt('the interval came round', () => E(control).tick(), next, deadline, { setTimer, log }),
    );
  };

  const provedItself = async (): Promise<void> => {
    if (!(await E(control).report())) {
      throw makeError('HOB_UNREACHABLE', 'the boss has not taken a report of this hob yet');
    }
    await takeOver?.done();
  };

  /** While the session is up, as for `attach`. */
  const provesItself = (pause: number): void => {
    if (hasTakenOver) return;
    const next = (outcome: 'done' | 'failed'): void => {
      hasTakenOver = outcome === 'done';
      if (hasTakenOver) log.info({}, 'this hob has taken over');
      else later('take over', () => provesItself(longer(pause)), pause);
    };
    pending.set('take over', attempt('taking over', provedItself, next, deadline, { setTimer, log }));
  };

  /** While the session is up: its end calls it off. */
  const attach = (pause: number, seenEpoch: readonly [] | readonly [number]): void => {
    const next = (outcome: 'done' | 'failed'): void => {
      if (outcome === 'failed') {
        later('attach', () => attach(longer(pause), seenEpoch), pause);
        return;
      }
      log.info({}, 'the boss knows that this hob is here');
      provesItself(FIRST_PAUSE);
    };
    const what = 'telling the boss that this hob is here';
    pending.set(
      'attach',
      attempt(what, () => E(control).attach(...seenEpoch), next, LONGEST_PAUSE, { setTimer, log }),
    );
  };
  const detach = (): void => {
    pending.get('attach')?.();
    pending.get('take over')?.();
  };

  const serve = async (where: BossAddress): Promise<void> => {
    await enrolment.remove().catch(failed('removing the enrolment file, which is of no use any more'));
    if (stopped) return;
    const up = (seenEpoch?: number): void => {
      detach();
      attach(FIRST_PAUSE, seenEpoch === undefined ? [] : [seenEpoch]);
    };
    connection = link.keepConnected(where, up, detach);
    E(control).apply().catch(failed('applying what was held'));
    later('tick', tick, interval);
  };

  const enrol = async (pause: number): Promise<void> => {
    try {
      const locator = await enrolment.read();
      if (locator === undefined) throw makeError('NOT_ENROLLED', 'this hob has no boss yet, and no enrolment file');
      const { side, where } = await link.enrol(locator);
      await E(control).enrolled(side, where);
      log.info({ boss: where.peerId }, 'enrolled');
      await serve(where);
    } catch (error) {
      failed('enrolling')(error);
      later('enrol', () => void enrol(longer(pause)), pause);
    }
  };

  const start = async (): Promise<void> => {
    const where = await E(control).boss();
    await (where === null ? enrol(FIRST_PAUSE) : serve(where));
  };
  start().catch(failed('starting'));

  return harden({
    stop: () => {
      stopped = true;
      for (const cancel of pending.values()) cancel();
      connection?.stop();
    },
  });
};
harden(startDaemon);
