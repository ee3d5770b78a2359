/**
 * Comparing things on a machine that has other work to do. Each contender gets short slices of time in turn, round after round, beginning
 * with another one each time; what is compared are slices of one round, which met about the same machine; and of all rounds
 * the median counts, so that a disturbance in some of them changes nothing.
 */
import type { Load, Slice } from './load.ts';

export interface Contender {
  slice(load: Load): Promise<Slice>;
}

export interface RoundOptions {
  readonly rounds: number;
  /** What each does before the first round, which is not counted: until its code is compiled. */
  readonly warmUp: Load;
}

/** The slices of each contender, by round. */
export type Slices<Name extends string> = Readonly<Record<Name, readonly Slice[]>>;

export const inRounds = async <Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  load: Load,
  { rounds, warmUp }: RoundOptions,
): Promise<Slices<Name>> => {
  const names = Object.keys(contenders) as Name[];
  const slices = Object.fromEntries(names.map((name) => [name, [] as Slice[]])) as Record<Name, Slice[]>;
  for (const name of names) await contenders[name].slice(warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (let place = 0; place < names.length; place += 1) {
      const name = names[(round + place) % names.length]!;
      slices[name].push(await contenders[name].slice(load));
    }
  }
  return slices;
};

const quantile = (sorted: readonly number[], share: number): number => {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
};

/** A middle, and the half of all values that is nearest to it. */
export interface Spread {
  readonly median: number;
  readonly from: number;
  readonly to: number;
}

export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), from: quantile(sorted, 0.25), to: quantile(sorted, 0.75) };
};

/** Per second. */
export const rateOf = ({ count, seconds }: Slice): number => count / seconds;

/** Processor time of one, in microseconds. */
export const costOf = ({ count, cpuSeconds }: Slice): number => (cpuSeconds / count) * 1e6;

/** How much faster than the other, round by round. */
export const ratiosOf = (slices: readonly Slice[], others: readonly Slice[]): Spread =>
  spreadOf(slices.map((slice, round) => rateOf(slice) / rateOf(others[round]!)));
