/** The facet for running a machine as it is meant to be: look now, make it so now, start, stop. */
import { codeOf, makeError } from '../errors/gobs-error.ts';
import type { Hob } from '../protocol/remotes.ts';
import { isReport } from '../protocol/report-check.ts';
import type { DriftReport, Report } from '../protocol/shapes.ts';
import { E } from '../vats/eventual-send.ts';
import { heldError } from './held.ts';
import { START_PATIENCE, take, taskFor } from './lifecycle.ts';
import type { Operator } from './machine-facets.ts';
import { observerMethods } from './machine-observer.ts';
import { lastSeenWords } from './machine-status.ts';
import type { MachineTurn } from './machine-turn.ts';

/** Throws RESTORE_UNCONFIRMED. */
const requireConfirmed = ({ portrait: { name }, held }: MachineTurn): void => {
  if (held) throw heldError(name);
};

/** Throws HOB_UNREACHABLE, RESTORE_UNCONFIRMED. */
export const requireHob = (turn: MachineTurn): Hob => {
  requireConfirmed(turn);
  const { portrait, online } = turn;
  const { hob, name, lastSeen } = portrait;
  if (hob !== null && online()) return hob;
  throw makeError('HOB_UNREACHABLE', `${name}: its hob is not connected, ${lastSeenWords(lastSeen)}`, {
    hint: `it may be stopped, or its host may be down: start ${name}, or look at its host`,
  });
};
harden(requireHob);

/** Sessions end while we wait. */
const lost: readonly string[] = harden(['SESSION_CLOSED', 'PEER_UNREACHABLE']);

/** Goes on with what a hob answered. Its answers are its own: whatever they are made into must be looked at first. */
export const askHob = <T, R>(
  { portrait: { name }, powers: { on } }: MachineTurn,
  answer: Promise<T>,
  then: (value: T) => R,
): Promise<Awaited<R>> =>
  on<T, R>(answer, then, (reason) => {
    if (!lost.includes(codeOf(reason))) throw reason;
    throw makeError('HOB_UNREACHABLE', `${name}: its hob was lost before it answered`, { hint: 'try again' });
  });
harden(askHob);

type Ask = (hob: Hob) => Promise<Report>;

const refuse = (name: string, generation: number): Promise<never> =>
  Promise.reject(
    makeError('BAD_REPORT', `${name}: its hob holds a desired state ${generation} that this boss does not have`, {
      hint: 'it is told what is wanted; try again',
    }),
  );

const lookNow = (turn: MachineTurn, ask: Ask): DriftReport | Promise<DriftReport> => {
  const { portrait, self, powers } = turn;
  const hob = requireHob(turn);
  const { name, generation, desired } = portrait;
  // There is nothing that could have drifted, and a hob that was told nothing has nothing to say.
  if (generation === 0) {
    const { digest } = desired.get();
    const nothing: Report = harden({ generation: 0, digest, reason: 'asked', at: powers.now(), resources: [] });
    self.hobSide.report(nothing);
    return self.observer.drift();
  }
  return askHob(turn, ask(hob), (report) => {
    if (!isReport(report)) {
      throw makeError('PROTOCOL_ERROR', `${name}: its hob answered with something that is no report`);
    }
    if (self.hobSide.report(report) !== 'unknown') return self.observer.drift();
    // It pulls when it is told of something that it does not hold. This turn is not to be undone, so nothing is thrown.
    void E(hob).push(desired.get());
    return refuse(name, report.generation);
  });
};

export const operatorMethods = (turn: MachineTurn): Operator => {
  const { portrait, self, powers, situation, change } = turn;
  const { progress } = portrait;

  const start = (): void => {
    requireConfirmed(turn);
    const task = taskFor('start', progress, situation());
    if (task === 'create') self.lifecycle.create();
    if (task === 'start') change({ progress: take(progress, 'start', powers.now() + START_PATIENCE) });
  };

  return {
    ...observerMethods(turn),
    check: () => lookNow(turn, (hob) => E(hob).check()),
    converge: () => lookNow(turn, (hob) => E(hob).converge()),
    start,
    stop: () => {
      requireConfirmed(turn);
      if (taskFor('stop', progress, situation()) === 'stop') change({ progress: take(progress, 'stop', null) });
    },
    asOperator: () => self.operator,
  };
};
harden(operatorMethods);
