/** Runs random programs in real vats and in the plain model, and throws where the two differ. */
import fc from 'fast-check';
import { compareStep, type Identities } from './compare.ts';
import { compareRows, namesOf } from './compare-rows.ts';
import { PlainModel } from './plain-model.ts';
import { programs, type Program } from './program.ts';
import { RealWorld } from './real-world.ts';

const identitiesOf = (model: PlainModel, world: RealWorld): Identities => ({
  idOf: new Map(world.table.map((ref, at) => [ref, model.table[at]!])),
  refOf: new Map(world.table.map((ref, at) => [model.table[at]!, ref])),
});

export const runProgram = async ({ cacheLimit, steps }: Program): Promise<void> => {
  const model = new PlainModel();
  const world = new RealWorld(cacheLimit);
  await world.open();
  let identities = identitiesOf(model, world);
  let { kernel } = world;
  try {
    for (const [at, step] of steps.entries()) {
      try {
        const expected = model.take(step);
        const observed = await world.take(step);
        const refs = await compareStep(identities, expected, observed);
        if (world.kernel !== kernel) {
          // References are of one life: the table, which has names in between, begins it.
          ({ kernel } = world);
          identities = identitiesOf(model, world);
        } else {
          model.table.push(...refs);
          world.table.push(...refs.map((id) => identities.refOf.get(id)!));
        }
        compareRows(world.rows, model.state, namesOf(identities, kernel.nameOf));
      } catch (error) {
        throw Error(`step ${at + 1}, ${step.step}: ${(error as Error).message}`, { cause: error });
      }
    }
  } finally {
    world.close();
  }
};

export interface CheckOptions {
  readonly numRuns: number;
  readonly seed?: number;
  /** No search for a smaller program that goes wrong too. */
  readonly endOnFailure?: boolean;
}

/** Resolves with the number of programs that were run; rejects with the program that went wrong. */
export const checkPrograms = async (options: CheckOptions): Promise<number> => {
  let ran = 0;
  const property = fc.asyncProperty(programs, async (program) => {
    await runProgram(program);
    ran += 1;
  });
  // A program that goes wrong may wait for ever.
  await fc.assert(property, { timeout: 20_000, ...options });
  return ran;
};
