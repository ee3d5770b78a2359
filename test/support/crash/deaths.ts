/** How the lives of a crash matrix end. */
import type { Chance } from './chance.ts';
import type { Orders } from './crash-child.ts';
import type { Deed } from './desks.ts';
import { moments, type Death } from './mortal-level.ts';
import type { Life } from './one-life.ts';

export type Plan = Pick<Life, 'killAfter'> & Pick<Orders, 'seed' | 'turns' | 'atOnce' | 'death'>;

/** Some oftener than others. */
export const allDeeds: readonly Deed[] = harden([
  'plain',
  'spawn',
  'spawn',
  'drop',
  'send',
  'send',
  'ask',
  'make',
  'caught',
  'throw',
]);

/** Microseconds; a synced batch takes some hundred. */
const LONGEST_WRITE = 1_500;

/** By its parent, after so many turns; or by itself, at some call of its store. */
export const randomPlan = (chance: Chance): Plan => {
  const plan = { seed: chance.between(1, 1_000_000_000), turns: 60, atOnce: chance.pick([1, 4, 12]) };
  const way = chance.pick(['started', 'done', 'call', 'call'] as const);
  if (way === 'call') {
    const death = { moment: chance.pick(moments), delay: chance.between(0, LONGEST_WRITE) };
    return { ...plan, death: { ...death, call: chance.between(1, 300) } };
  }
  return { ...plan, killAfter: { what: way, count: chance.between(0, 40) } };
};

const SHORT = harden({ seed: 7, turns: 10, atOnce: 1 });

/** Of a short run that is always the same, for `recordCalls`. */
export const recordedPlan: Plan = SHORT;

/** One for each call of the recorded run, and for those that write one for each moment. */
export const everyDeath = (calls: readonly string[]): readonly Plan[] =>
  calls.flatMap((what, index) => {
    const times: readonly Death['moment'][] = what === 'batch' || what === 'open' ? moments : ['before'];
    return times.map((moment) => ({ ...SHORT, death: { call: index + 1, moment, delay: 150 } }));
  });

/** Of lives on one store, each of which gets a little further than the one before. */
export const staircase = (steps: number): readonly Plan[] =>
  Array.from({ length: steps }, (_, step) => ({
    ...SHORT,
    seed: step + 1,
    death: { call: step + 1, moment: moments[step % moments.length]!, delay: 10 * step },
  }));
