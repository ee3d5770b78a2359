/** How the lives of a crash matrix end. */
import type { Chance } from './chance.ts';
import type { Orders } from './crash-child.ts';
import type { Deed } from './desks.ts';
import { moments, type Death } from './mortal-level.ts';
import type { Life } from './one-life.ts';

export interface Plan
  extends Pick<Life, 'killAfter'>, Pick<Orders, 'seed' | 'turns' | 'atOnce' | 'death' | 'upgrade' | 'pace'> {
  /** Its kinds are a version newer than those of the life before. */
  readonly isNewer: boolean;
}

/** Some oftener than others. */
export const allDeeds: readonly Deed[] = harden([
  'plain',
  'spawn',
  'spawn',
  'ring',
  'ring',
  'drop',
  'drop',
  'move',
  'move',
  'give',
  'give',
  'send',
  'send',
  'ask',
  'make',
  'caught',
  'throw',
]);

/** Microseconds; a synced batch takes some hundred. */
const LONGEST_WRITE = 1_500;

const upgrades: readonly Orders['upgrade'][] = ['look', 'walk', 'turns'];

/** By its parent, after so many turns; or by itself, at some call of its store. */
export const randomPlan = (chance: Chance): Plan => {
  const plan = {
    seed: chance.between(1, 1_000_000_000),
    turns: 60,
    atOnce: chance.pick([1, 4, 12]),
    isNewer: chance.oneIn(3),
    upgrade: chance.pick(upgrades),
    pace: chance.pick([0, 2, 16, 64]),
  };
  const way = chance.pick(['started', 'done', 'call', 'call'] as const);
  if (way === 'call') {
    const death = { moment: chance.pick(moments), delay: chance.between(0, LONGEST_WRITE), isAtWork: chance.oneIn(2) };
    return { ...plan, death: { ...death, call: chance.between(1, 300) } };
  }
  return { ...plan, killAfter: { what: way, count: chance.between(0, 40) } };
};

/** Begins a store. */
const SHORT: Plan = harden({ seed: 7, turns: 10, atOnce: 1, isNewer: false, upgrade: 'look', pace: 0 });

/** Leaves a store with garbage, when it is let live: for lives that upgrade and collect. */
export const preparing: Plan = harden({ ...SHORT, turns: 30 });

const LATER: Plan = harden({ ...SHORT, turns: 4, isNewer: true, pace: 16 });

/** Lives that are always the same, whose calls are recorded: on a new store, and on one that was prepared. */
export const recordedPlans: { readonly onNew: readonly Plan[]; readonly onPrepared: readonly Plan[] } = harden({
  onNew: [SHORT],
  onPrepared: [LATER, { ...LATER, upgrade: 'walk', turns: 0, pace: 0 }],
});

const isRead = (what: string | undefined): boolean => what === 'get' || what === 'iterator';

/** One for each call of a recorded life, and for those that write one for each moment. `isSparing`: of reads that follow each other, which all leave the same store, one. */
export const everyDeath = (plan: Plan, calls: readonly string[], isSparing: boolean): readonly Plan[] =>
  calls.flatMap((what, index) => {
    if (isSparing && isRead(what) && isRead(calls[index - 1])) return [];
    const times: readonly Death['moment'][] = what === 'batch' || what === 'open' ? moments : ['before'];
    return times.map((moment) => ({ ...plan, death: { call: index + 1, moment, delay: 150 } }));
  });

/** Of lives on one store, each of which gets a little further than the one before. */
export const staircase = (steps: number): readonly Plan[] =>
  Array.from({ length: steps }, (_, step) => ({
    ...SHORT,
    seed: step + 1,
    isNewer: step % 4 === 0,
    pace: 16,
    death: { call: step + 1, moment: moments[step % moments.length]!, delay: 10 * step },
  }));
