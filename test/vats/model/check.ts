/** Runs random programs in real vats and in the plain model, and throws where the two differ. */
import fc from 'fast-check';
import { compareStep, type Identities } from './compare.ts';
import { compareRows, namesOf } from './compare-rows.ts';
import { PlainModel } from './plain-model.ts';
import type { Program, Step } from './program.ts';
import { programs } from './random-programs.ts';
import { rowsIn } from './real-backup.ts';
import { RealWorld } from './real-world.ts';

const identitiesOf = (model: PlainModel, world: RealWorld): Identities => ({
  idOf: new Map(world.table.map((ref, at) => [ref, model.table[at]!])),
  refOf: new Map(world.table.map((ref, at) => [model.table[at]!, ref])),
});

/** A backup must be what was durable when it began. */
const compareBackup = async (
  model: PlainModel,
  world: RealWorld,
  names: ReadonlyMap<number, string>,
): Promise<void> => {
  const { backup } = world;
  if (backup === undefined || model.backup === undefined) return;
  compareRows(await rowsIn(backup.bytes), model.backup.state, names);
};

const withPlace = async (place: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    throw Error(`${place}: ${(error as Error).message}`, { cause: error });
  }
};

export interface Ran {
  programs: number;
  /** How many of each kind. */
  readonly steps: Map<string, number>;
  /** Actors. */
  collected: number;
}

const runProgram = async ({ steps, ...program }: Program, ran: Ran): Promise<void> => {
  const model = new PlainModel(program.generation);
  const world = new RealWorld(program);
  await world.open();
  let identities = identitiesOf(model, world);
  let { kernel } = world;
  const take = async (step: Step): Promise<void> => {
    const expected = model.take(step);
    const observed = await world.take(step);
    const refs = await compareStep(identities, expected, observed);
    if (world.kernel !== kernel || step.step === 'forget' || step.step === 'enliven') {
      // References are of one life: the table, which has names in between, begins it. What the host forgot nobody here must hold.
      ({ kernel } = world);
      identities = identitiesOf(model, world);
    } else {
      model.table.push(...refs);
      world.table.push(...refs.map((id) => identities.refOf.get(id)!));
    }
    const names = namesOf(identities, kernel.nameOf);
    compareRows(world.rows, model.state, names);
    if (step.step === 'backup' || step.step === 'restore') await compareBackup(model, world, names);
    world.checkLost();
    ran.steps.set(step.step, (ran.steps.get(step.step) ?? 0) + 1);
  };
  try {
    for (const [at, step] of steps.entries()) await withPlace(`step ${at + 1}, ${step.step}`, () => take(step));
    // What is unreachable goes in the end.
    await withPlace('at the end', async () => {
      await take({ step: 'forget', keep: 1 });
      await take({ step: 'clean' });
    });
  } finally {
    world.close();
  }
  ran.programs += 1;
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
  const ran: Ran = { programs: 0, steps: new Map(), collected: 0 };
  const property = fc.asyncProperty(programs, (program) => runProgram(program, ran));
  // A program that goes wrong may wait for ever.
  await fc.assert(property, { timeout: 20_000, ...options });
  return ran;
};
