/** Random programs: messages that move references about, while cycles of the collector run. What is an index is taken modulo what there is. */
import fc from 'fast-check';
import { SLOTS } from './actors.ts';

export const GATES = 2;

export type Step =
  | { readonly do: 'set'; readonly at: number; readonly slot: number; readonly it: number }
  | { readonly do: 'clear'; readonly at: number; readonly slot: number }
  | { readonly do: 'get'; readonly at: number; readonly slot: number }
  | {
      readonly do: 'spawn';
      readonly at: number;
      readonly slot: number;
      readonly ephemeral: boolean;
      readonly keep: boolean;
    }
  | { readonly do: 'put'; readonly at: number; readonly key: string; readonly it: number }
  | { readonly do: 'remove' | 'pick'; readonly at: number; readonly key: string }
  | {
      readonly do: 'pass' | 'lay';
      readonly at: number;
      readonly slot: number;
      readonly to: number;
      readonly theirs: number;
    }
  | { readonly do: 'later'; readonly at: number; readonly slot: number; readonly gate: number; readonly back: number }
  | { readonly do: 'lend'; readonly at: number; readonly slot: number; readonly gate: number }
  | { readonly do: 'fail'; readonly at: number; readonly slot: number }
  /** The host lets go of a reference; or gives one to a peer, or a locator, and lets go of it. */
  | { readonly do: 'drop'; readonly it: number }
  | { readonly do: 'export'; readonly it: number; readonly locator: boolean }
  /** A peer speaks a number, or presents a secret; or is forgotten. */
  | { readonly do: 'enliven' | 'revoke'; readonly which: number }
  /**
   * What only the host holds is put where a cycle that is under way has perhaps been already, and let go of. `how`: into a slot, a map, the
   * table of a peer, or a locator.
   */
  | {
      readonly do: 'smuggle';
      readonly at: number;
      readonly slot: number;
      readonly cranks: number;
      readonly how: 0 | 1 | 2 | 3;
    }
  /** What is at the end of a chain that only the host holds is taken from it, while a cycle is on its way there. */
  | { readonly do: 'dive'; readonly at: number; readonly links: number; readonly cranks: number }
  /** What a peer had been given is taken from it, and the host holds it. */
  | { readonly do: 'outlive'; readonly at: number }
  /** A message waits behind many others, and nobody else holds its target. */
  | { readonly do: 'queue'; readonly at: number; readonly others: number }
  | { readonly do: 'open'; readonly gate: number }
  | { readonly do: 'collect' }
  | { readonly do: 'gc' }
  /** So many cranks. */
  | { readonly do: 'wait'; readonly cranks: number }
  | { readonly do: 'settle' }
  /** The next batch is refused. */
  | { readonly do: 'refuse' }
  /** The process is killed, or ends in order; another begins. */
  | { readonly do: 'kill' | 'restart' };

export interface Program {
  readonly cacheLimit: number;
  readonly pace: number;
  readonly steps: readonly Step[];
}

const index = fc.nat({ max: 11 });
const slot = fc.nat({ max: SLOTS - 1 });
const gate = fc.nat({ max: GATES - 1 });
const key = fc.constantFrom('a', 'b', 'c', 'd');
const step = <D extends Step['do']>(what: D, rest: Record<string, fc.Arbitrary<unknown>>, weight: number) => ({
  arbitrary: fc.record({ do: fc.constant(what), ...rest }) as fc.Arbitrary<unknown> as fc.Arbitrary<Step>,
  weight,
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  step('set', { at: index, slot, it: index }, 4),
  step('clear', { at: index, slot }, 3),
  step('get', { at: index, slot }, 5),
  step('spawn', { at: index, slot, ephemeral: fc.nat(4).map((n) => n === 0), keep: fc.boolean() }, 6),
  step('put', { at: index, key, it: index }, 4),
  step('remove', { at: index, key }, 1),
  step('pick', { at: index, key }, 3),
  step('pass', { at: index, slot, to: slot, theirs: slot }, 3),
  step('lay', { at: index, slot, to: slot, theirs: slot }, 3),
  step('later', { at: index, slot, gate, back: slot }, 3),
  step('lend', { at: index, slot, gate }, 2),
  step('fail', { at: index, slot }, 1),
  step('drop', { it: index }, 5),
  step('export', { it: index, locator: fc.boolean() }, 3),
  step('enliven', { which: index }, 2),
  step('revoke', { which: index }, 2),
  step('smuggle', { at: index, slot, cranks: fc.nat(12), how: fc.nat(3) }, 3),
  step('dive', { at: index, links: fc.integer({ min: 2, max: 12 }), cranks: fc.nat(40) }, 1),
  step('outlive', { at: index }, 1),
  step('queue', { at: index, others: fc.integer({ min: 100, max: 600 }) }, 1),
  step('open', { gate }, 2),
  step('collect', {}, 6),
  step('gc', {}, 4),
  step('wait', { cranks: fc.integer({ min: 1, max: 12 }) }, 12),
  step('settle', {}, 3),
  step('refuse', {}, 1),
  step('kill', {}, 1),
  step('restart', {}, 1),
);

export const programs: fc.Arbitrary<Program> = fc.record({
  cacheLimit: fc.constantFrom(1, 4, 1_000),
  pace: fc.constantFrom(1, 2, 64),
  steps: fc.array(steps, { minLength: 20, maxLength: 120, size: 'max' }),
});
