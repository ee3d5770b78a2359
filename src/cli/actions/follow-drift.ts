/**
 * `gobs drift --follow`: the last report of each machine, and then each that says something else, or that its hob came or went. Nobody is asked to look; each
 * machine is followed by a chain of calls, each answered when there is something new.
 */
import { E } from '@endo/far';
import { codeOf, makeError } from '../../errors/gobs-error.ts';
import { machinesAt, type Choice, type NamedMachine } from '../chosen-machines.ts';
import { withConnection } from '../connect.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { BossPlace } from '../request.ts';
import { answerOf, followedText, isSameAnswer, type DriftAnswer } from '../views/drift.ts';
import type { Surroundings } from './action.ts';

/** Each is a question that waits, and a session has a limit of those. */
const MOST = 2_000;

interface Following {
  readonly show: (answer: DriftAnswer) => void;
  /** Fulfilled at Ctrl-C. */
  readonly interrupted: Promise<'interrupted'>;
}

/** Until it is gone, or somebody interrupts. Rejects when the session ends. */
const followOne = async ({ machine }: NamedMachine, { show, interrupted }: Following): Promise<void> => {
  let shown: DriftAnswer | undefined;
  let { revision } = await E(machine).status();
  for (;;) {
    const answer = answerOf(await E(machine).drift());
    if (shown === undefined || !isSameAnswer(shown, answer)) show(answer);
    shown = answer;
    const asking = Promise.resolve(E(machine).nextStatus(revision));
    // Rejected later, when the session ends: nobody waits for it any more.
    asking.catch(() => {});
    const next = await Promise.race([asking, interrupted]);
    if (next === 'interrupted') return;
    ({ revision } = next);
  }
};

const unlessGoneMeanwhile = async (following: Promise<void>): Promise<void> => {
  try {
    await following;
  } catch (error) {
    if (codeOf(error) !== 'MACHINE_GONE') throw error;
  }
};

export const followDrift = (
  at: BossPlace,
  choice: Choice,
  json: boolean,
  { powers, output }: Surroundings,
): Promise<ExitCode> =>
  withConnection(at, powers, output, async (connection) => {
    const machines = await machinesAt(choice, connection);
    if (machines.length > MOST) {
      throw makeError('LIMIT_EXCEEDED', `${machines.length} machines are too many to follow at once`, {
        hint: `choose at most ${MOST}, with names or --on`,
      });
    }
    const interrupt = Promise.withResolvers<'interrupted'>();
    const leave = powers.onInterrupt(() => interrupt.resolve('interrupted'));
    const show = (answer: DriftAnswer): void => {
      if (json) output.json(answer);
      else output.data(followedText(answer, powers.now()));
    };
    try {
      const following = { show, interrupted: interrupt.promise };
      await Promise.all(machines.map((named) => unlessGoneMeanwhile(followOne(named, following))));
      if (machines.length === 0) output.note('there are no machines');
      return exitCodes.done;
    } finally {
      leave();
    }
  });
harden(followDrift);
