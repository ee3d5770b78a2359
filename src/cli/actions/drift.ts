/** `gobs drift`: asks hobs to look now, or the boss for what they said last. Nothing is changed. */
import { E } from '@endo/far';
import { codeOf, makeError } from '../../errors/gobs-error.ts';
import type { Boss, MachineObserver, MachineOperator } from '../../protocol/remotes.ts';
import type { DriftReport } from '../../protocol/shapes.ts';
import { allMachines } from '../all-machines.ts';
import { withConnection, type Connection } from '../connect.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { inParallel } from '../in-parallel.ts';
import type { RequestOf } from '../request.ts';
import { agesText, answerOf, driftOutcome, driftText, type DriftAnswer } from '../views/drift.ts';
import { aboutMachine, type Action, type Surroundings } from './action.ts';

interface Named {
  readonly name: string;
  readonly machine: MachineObserver;
}

/** Rejects with NO_SUCH_MACHINE before any is asked. */
const machinesAt = async (names: readonly string[], boss: Boss): Promise<readonly Named[]> => {
  const wanted = names.length > 0 ? [...new Set(names)] : (await allMachines(boss)).map(({ name }) => name);
  return inParallel(wanted, async (name) => ({ name, machine: await E(boss).machine(name) }));
};

const sharedMachine = async (
  { names, cached }: RequestOf<'drift'>,
  { machine, methods }: Connection,
): Promise<readonly Named[]> => {
  const { name } = await E(machine!).status();
  const other = names.find((each) => each !== name);
  if (other !== undefined) throw makeError('NO_SUCH_MACHINE', `${other}: what was shared is ${name}`);
  if (cached || methods.has('check')) return [{ name, machine: machine! }];
  throw makeError('BAD_USAGE', `${name}: what was shared does not let its hob be asked`, {
    hint: 'gobs drift --cached shows the last report',
  });
};

const check = async ({ name, machine }: Named, timeout: number, { powers }: Surroundings): Promise<DriftReport> => {
  const late = Promise.withResolvers<never>();
  const cancel = powers.setTimer(() => late.reject(makeError('TIMED_OUT', `${name} has not answered yet`)), timeout);
  const checking = E(machine as MachineOperator).check();
  // Rejected later, when the session ends: nobody waits for it any more.
  Promise.resolve(checking).catch(() => {});
  return Promise.race([checking, late.promise]).finally(cancel);
};

/** Never rejects: that a machine cannot be asked is an answer too. */
const askOne = async (
  named: Named,
  { cached, timeout }: RequestOf<'drift'>,
  surroundings: Surroundings,
): Promise<DriftAnswer> => {
  try {
    return answerOf(await (cached ? E(named.machine).drift() : check(named, timeout, surroundings)));
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

const show = (
  answers: readonly DriftAnswer[],
  { cached, json }: RequestOf<'drift'>,
  { powers, output }: Surroundings,
): void => {
  if (json) {
    output.json(answers);
    return;
  }
  const now = powers.now();
  const text = driftText(answers, now);
  if (cached && answers.length > 0) output.data(`${agesText(answers, now)}${text === '' ? '' : '\n'}`);
  if (text !== '') output.data(text);
  else output.note(answers.length === 0 ? 'there are no machines' : 'everything is as wanted');
};

export const showDrift: Action<'drift'> = async (request, surroundings) =>
  withConnection(request.at, surroundings.powers, surroundings.output, async (connection) => {
    const { boss } = connection;
    const machines = await (boss === undefined ? sharedMachine(request, connection) : machinesAt(request.names, boss));
    const answers = await inParallel(machines, (named) => askOne(named, request, surroundings));
    show(answers, request, surroundings);
    return exitCodeOf(answers.map(driftOutcome));
  });
harden(showDrift);
