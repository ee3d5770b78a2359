/**
 * All that a machine's own hob can reach. A hob may have been taken over: whatever it says is about its own machine only, is bounded, and
 * is information; it moves the machine to `ready` and decides nothing else.
 */
import { keyEQ } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import type { Hob } from '../protocol/remotes.ts';
import { isReport } from '../protocol/report-check.ts';
import { isWithinLimits, sizeOfReport } from '../protocol/report-size.ts';
import { isSameState, reportLimits } from '../protocol/shapes.ts';
import type { Facts, Report, ReportAnswer, StateIdentity, WantedState } from '../protocol/shapes.ts';
import { E } from '../vats/eventual-send.ts';
import { heldHobError, heldState, raisedAbove, withEpoch } from './held.ts';
import { arrived, isDoomed, reported as hasReported } from './lifecycle.ts';
import type { HobSide } from './machine-facets.ts';
import { countDrift } from './machine-portrait.ts';
import { secretText, withSecretsOfNow } from './machine-secrets.ts';
import type { MachineTurn } from './machine-turn.ts';

/** Throws BAD_REPORT, LIMIT_EXCEEDED. */
const requireSensible = (name: string, report: Report): void => {
  if (!isReport(report)) throw makeError('BAD_REPORT', `${name}: its hob reported something that is no report`);
  const { generation, omitted = {} } = report;
  const isCount = (number: number, most: number): boolean =>
    Number.isSafeInteger(number) && number >= 0 && number <= most;
  // They are added up with those of other machines, where sums of larger ones would lose the small.
  const areCounts = Object.values<number>(omitted).every((number) => isCount(number, reportLimits.resources));
  if (!isCount(generation, Number.MAX_SAFE_INTEGER) || !areCounts) {
    throw makeError(
      'BAD_REPORT',
      `${name}: a report on generation ${generation}, or with counts, that are no numbers of something`,
    );
  }
  if (isWithinLimits(report)) return;
  const { characters, values } = sizeOfReport(report);
  throw makeError(
    'LIMIT_EXCEEDED',
    `${name}: a report of ${characters} characters and ${values} values, ` +
      `at most are ${reportLimits.characters} and ${reportLimits.values}`,
  );
};

/** A boss whose store was put back meets hobs that hold what it never heard of. */
const answerTo = (told: StateIdentity, wanted: StateIdentity): ReportAnswer => {
  if (isSameState(told, wanted)) return 'newest';
  return told.generation < wanted.generation ? 'older' : 'unknown';
};

/** `motd (content, mode), logs (mode)`; what a new generation changed was no drift. Empty if there was none. */
const correctedWords = ({ reason, resources }: Report): string =>
  resources
    .filter(({ state }) => state === 'corrected' && reason !== 'applied')
    .map(({ id, changes = [] }) => `${id} (${changes.map(({ what }) => what).join(', ')})`)
    .join(', ');

export const hobSideMethods = (turn: MachineTurn): HobSide => {
  const { portrait, powers, held: isHeld, noteOfOthers: note, change } = turn;
  const { name, progress, generation, reported, desired, received, facts, hobKey } = portrait;
  const { now } = powers;

  const requireExpected = (): void => {
    if (isDoomed(progress)) throw makeError('MACHINE_GONE', `${name}: this machine is being destroyed`);
  };
  const requireWanted = (): void => {
    requireExpected();
    if (isHeld) throw heldHobError(name);
  };
  const keepFacts = (told: Facts): void => {
    if (!keyEQ(facts.get(), told)) facts.set(told);
  };
  const unknownWords = (does: string, told: StateIdentity): string =>
    `its hob ${does} a desired state ${told.generation} that this boss does not have; it is to take ${generation}`;
  /** Has the hob said how things are with the newest desired state, if `told` is the last that it reported on? */
  const isCurrent = (told: number | null): boolean => generation === 0 || told === generation;
  const greet = (): void => powers.greets(hobKey!, turn.durable());

  /** What a held machine's hob has is noted for its admins. A turn that throws leaves no trace, so the promise is rejected. */
  const refuseHeld = (hob: Hob, held: StateIdentity | undefined): Promise<never> => {
    const holds = heldState(held ?? null, desired.get());
    const isSame = hob === portrait.hob && keyEQ(holds, portrait.holds);
    if (!isSame || !powers.hasGreeted(hobKey!)) {
      const what = holds === null ? '' : `, holds a desired state ${holds.generation}`;
      note(`its hob is here (key ${hobKey!.slice(0, 8)}…)${what}, and is told nothing: the machine is held`);
      change({ hob, holds, lastSeen: now() });
      greet();
    }
    const { promise, reject } = powers.promiseKit<never>();
    reject(heldHobError(name));
    return promise;
  };

  const welcome = (hob: Hob, held: StateIdentity | undefined): WantedState => {
    const found = desired.get();
    // What this boss lost in a restore is not to be newer than what it says now.
    const raised = powers.restores > 0 ? raisedAbove(held ?? null, found) : undefined;
    const wanted = raised ?? found;
    // What it reported before, if that was on what is wanted now, is not how things are any more.
    const isElsewhere = reported === wanted.generation && held !== undefined && !isSameState(held, wanted);
    const lastReported = isElsewhere ? null : reported;
    const next = arrived(progress, raised === undefined && isCurrent(lastReported));
    const isSame = hob === portrait.hob && lastReported === reported && next === progress && raised === undefined;
    if (isSame && powers.hasGreeted(hobKey!)) return wanted;
    note(`its hob is here (key ${hobKey!.slice(0, 8)}…)`);
    if (held !== undefined && answerTo(held, wanted) === 'unknown') note(unknownWords('holds', held));
    if (raised !== undefined) {
      note(`its hob holds a desired state ${held!.generation}; what is wanted is ${raised.generation} from now on`);
      desired.set(raised);
    }
    change({ hob, lastSeen: now(), reported: lastReported, progress: next, generation: wanted.generation });
    greet();
    // It has nothing to do, so it would say nothing before its interval is over; and what it said once is not known here.
    const isUnheard = held !== undefined && isSameState(held, wanted) && lastReported !== wanted.generation;
    if (isUnheard && wanted.generation > 0) void E(turn.self.operator).check();
    return wanted;
  };

  return {
    attach: (hob, told, held) => {
      requireExpected();
      // Whatever the boss tells the hob would go to whom else it likes, with the boss's name on it.
      if (powers.peerOf(hob) !== hobKey) {
        throw makeError('BAD_ARGUMENTS', `${name}: a hob attaches itself, and nobody else`);
      }
      if (isHeld) return refuseHeld(hob, held);
      keepFacts(told);
      return welcome(hob, held);
    },
    sawEpoch: (epoch) => {
      requireExpected();
      const epochs =
        Number.isSafeInteger(epoch) && epoch > powers.epoch ? withEpoch(portrait.epochs, epoch) : undefined;
      if (epochs === undefined || epochs === portrait.epochs) return;
      note(
        `its hob has seen this boss at opening ${epoch}, and this is opening ${powers.epoch}: the boss's store is older`,
      );
      powers.tellEpoch(name, epoch);
      change({ epochs });
    },
    pull: () => {
      requireWanted();
      return withSecretsOfNow(turn);
    },
    secret: (secret) => {
      requireWanted();
      return secretText(turn, secret);
    },
    tellFacts: (told) => {
      requireWanted();
      keepFacts(told);
    },
    report: (report) => {
      requireWanted();
      requireSensible(name, report);
      const answer = answerTo(report, desired.get());
      if (answer === 'unknown') {
        note(unknownWords('reported on', report));
        change({ lastSeen: now(), reported: reported === generation ? null : reported });
        return answer;
      }
      const corrected = correctedWords(report);
      // The next report will say that all is well, and this is to be found later.
      if (corrected !== '') note(`its hob corrected ${corrected}`);
      received.set(harden({ report, at: now() }));
      change({
        lastSeen: now(),
        reported: report.generation,
        drift: countDrift(report),
        progress: isCurrent(report.generation) ? hasReported(progress) : progress,
      });
      return answer;
    },
  };
};
harden(hobSideMethods);
