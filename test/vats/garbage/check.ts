/** Runs random programs while cycles run, and throws if something that can be reached is gone, or something that cannot is left. */
import fc from 'fast-check';
import { collectGarbage } from '../collect-garbage.ts';
import { programs, type Program, type Step } from './program.ts';
import { World } from './world.ts';

export interface Ran {
  programs: number;
  cycles: number;
  collected: number;
}

const runProgram = async (made: Program, ran: Ran): Promise<void> => {
  // What fast-check makes has no prototype.
  const program = harden(JSON.parse(JSON.stringify(made)) as Program);
  const world = new World(program);
  await world.open();
  try {
    for (const [at, step] of program.steps.entries()) {
      try {
        await world.take(step as Step);
      } catch (error) {
        throw Error(`step ${at + 1}, ${step.do}: ${(error as Error).message}`, { cause: error });
      }
    }
    await world.end(collectGarbage);
  } finally {
    world.close();
  }
  ran.programs += 1;
  ran.cycles += world.cycles;
  ran.collected += world.collected;
};

export interface CheckOptions {
  readonly numRuns: number;
  readonly seed?: number;
  /** No search for a smaller program that goes wrong too. */
  readonly endOnFailure?: boolean;
}

/** Rejects with the program that went wrong. */
export const checkPrograms = async (options: CheckOptions): Promise<Ran> => {
  const ran: Ran = { programs: 0, cycles: 0, collected: 0 };
  // A program that goes wrong may wait for ever.
  await fc.assert(
    fc.asyncProperty(programs, (program) => runProgram(program, ran)),
    { timeout: 20_000, ...options },
  );
  return ran;
};
