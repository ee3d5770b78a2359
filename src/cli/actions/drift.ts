/**
 * `gobs drift`: asks hobs to look now, or the boss for what they said last. Nothing is changed. `gobs converge` asks hobs to make it so, and
 * shows what they found and mended in the same way.
 */
import { E } from '@endo/far';
import { codeOf, makeError } from '../../errors/gobs-error.ts';
import type { MachineOperator } from '../../protocol/remotes.ts';
import type { DriftReport } from '../../protocol/shapes.ts';
import { machinesAt, type Choice, type NamedMachine } from '../chosen-machines.ts';
import { withConnection, type Connection } from '../connect.ts';
import { exitCodeOf, type ExitCode, type Outcome } from '../exit-codes.ts';
import { inParallel } from '../in-parallel.ts';
import type { BossPlace } from '../request.ts';
import { agesText, answerOf, driftOutcome, driftText, type DriftAnswer } from '../views/drift.ts';
import { followDrift } from './follow-drift.ts';
import { aboutMachine, type Action, type Surroundings } from './action.ts';

/** What is asked for: the last report, a look now, or to make it so. */
type Look = 'drift' | 'check' | 'converge';

interface Inquiry extends Choice {
  readonly look: Look;
  readonly json: boolean;
  /** By the command's own clock; for all machines together. */
  readonly deadline: number;
}

/** Rejects with BAD_USAGE where what was shared does not let its hob be asked. */
const machinesFor = async (inquiry: Inquiry, connection: Connection): Promise<readonly NamedMachine[]> => {
  const machines = await machinesAt(inquiry, connection);
  const [shared] = machines;
  if (connection.boss !== undefined || shared === undefined || connection.methods.has(inquiry.look)) return machines;
  throw makeError('BAD_USAGE', `${shared.name}: what was shared does not let its hob be asked`, {
    hint: 'gobs drift --cached shows the last report',
  });
};

const ask = async ({ name, machine }: NamedMachine, { look, deadline }: Inquiry, { powers }: Surroundings) => {
  const late = Promise.withResolvers<never>();
  const expire = () => late.reject(makeError('TIMED_OUT', `${name} has not answered yet`));
  const cancel = powers.setTimer(expire, Math.max(0, deadline - powers.now()));
  const asking: Promise<DriftReport> = E(machine as MachineOperator)[look]();
  // Rejected later, when the session ends: nobody waits for it any more.
  Promise.resolve(asking).catch(() => {});
  return Promise.race([asking, late.promise]).finally(cancel);
};

/** Never rejects: that a machine cannot be asked is an answer too. */
const askOne = async (named: NamedMachine, inquiry: Inquiry, surroundings: Surroundings): Promise<DriftAnswer> => {
  try {
    return answerOf(await ask(named, inquiry, surroundings));
  } catch (error) {
    const answer = {
      name: named.name,
      online: false,
      receivedAt: null,
      resources: null,
      error: aboutMachine(named.name, error),
    };
    // Who is not there has still said something once.
    if (codeOf(error) !== 'HOB_UNREACHABLE') return answer;
    const last = await Promise.resolve(E(named.machine).drift()).then(answerOf, () => undefined);
    return last === undefined ? answer : { ...last, online: false };
  }
};

const show = (answers: readonly DriftAnswer[], { look, json }: Inquiry, { powers, output }: Surroundings): void => {
  if (json) {
    output.json(answers);
    return;
  }
  const now = powers.now();
  const text = driftText(answers, now);
  if (look === 'drift' && answers.length > 0) output.data(`${agesText(answers, now)}${text === '' ? '' : '\n'}`);
  if (text !== '') output.data(text);
  else output.note(answers.length === 0 ? 'there are no machines' : 'everything is as wanted');
};

/** What is not as wanted after it was to be made so has failed. */
const outcomeOf = (answer: DriftAnswer, look: Look): Outcome => {
  const outcome = driftOutcome(answer);
  return look === 'converge' && outcome === 'differs' ? 'failed' : outcome;
};

const inquire = async (at: BossPlace, inquiry: Inquiry, surroundings: Surroundings): Promise<ExitCode> =>
  withConnection(at, surroundings.powers, surroundings.output, async (connection) => {
    const machines = await machinesFor(inquiry, connection);
    const answers = await inParallel(machines, (named) => askOne(named, inquiry, surroundings));
    show(answers, inquiry, surroundings);
    return exitCodeOf(answers.map((answer) => outcomeOf(answer, inquiry.look)));
  });

export const showDrift: Action<'drift'> = ({ at, names, on, cached, follow, json, timeout }, surroundings) => {
  if (follow) return followDrift(at, { names, on }, json, surroundings);
  const deadline = surroundings.powers.now() + timeout;
  return inquire(at, { names, on, look: cached ? 'drift' : 'check', json, deadline }, surroundings);
};
harden(showDrift);

export const converge: Action<'converge'> = ({ at, names, json, timeout }, surroundings) => {
  const deadline = surroundings.powers.now() + timeout;
  return inquire(at, { names, look: 'converge', json, deadline }, surroundings);
};
harden(converge);
