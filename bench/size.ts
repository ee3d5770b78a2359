/** Whether a boss with many machines is slower, or larger, than one with few. */
import { copyOfFleet, fleetOf, words } from './fleets.ts';
import { shown, type Finding, type Section } from './report.ts';
import { rateOf, spreadOf } from './rounds.ts';
import type { SizeLoad, SizeSlice } from './size-child.ts';
import { startChild, type Child } from './start-child.ts';

const IN_FLIGHT = 256;
const TOUCHED = 10_000;
/** So many are in use, of however many there are. */
const IN_USE = 1_000;

interface Size {
  readonly machines: number;
  readonly boss: Child;
  readonly bare: Child;
  /** Changes of any machine, and of one of those in use. */
  readonly alone: SizeSlice[];
  readonly used: SizeSlice[];
  readonly together: SizeSlice[];
  readonly alongside: SizeSlice[];
  readonly made: SizeSlice[];
}

const microseconds = (slices: readonly SizeSlice[]): string =>
  `${shown(spreadOf(slices.map(({ median }) => median)).median)} µs`;
const rate = (slices: readonly SizeSlice[]): string => `${shown(spreadOf(slices.map(rateOf)).median)}/s`;

const oneRound = async (size: Size, milliseconds: number): Promise<void> => {
  const { machines, boss, bare, alone, used, together, alongside, made } = size;
  const ask = (child: Child, what: string, load: Partial<SizeLoad>): Promise<SizeSlice> =>
    child.ask<SizeSlice>(what, { machines, milliseconds, inFlight: 1, rows: 1, rowBytes: 500, ...load });
  alone.push(await ask(boss, 'run', {}));
  used.push(await ask(boss, 'run', { machines: IN_USE }));
  const slice = await ask(boss, 'run', { inFlight: IN_FLIGHT });
  together.push(slice);
  const rows = Math.max(2, Math.round(slice.rowsPerBatch));
  const raw = await ask(bare, 'run', { rows, rowBytes: Math.round(slice.bytesPerRow) });
  // In rows per second, for both: a change of a machine writes several.
  alongside.push({ ...raw, count: raw.count * rows });
  made.push(await ask(boss, 'create', {}));
};

/** How the share of LevelDB's own speed that is left for changes has changed with the size. */
const against = (large: Size, small: Size): Finding => {
  const share = ({ together, alongside }: Size, round: number): number =>
    rateOf(together[round]!) / rateOf(alongside[round]!);
  return {
    what: `changes of any of ${words(large.machines)}, ${IN_FLIGHT} in flight, by LevelDB's rows at that size`,
    gobs: rate(large.together),
    against: `${words(small.machines)}: ${rate(small.together)}; LevelDB ${rate(large.alongside)} and ${rate(small.alongside)}`,
    ratio: spreadOf(large.together.map((_slice, round) => share(large, round) / share(small, round))),
    target: '≥ 0.77',
    cpu: '',
  };
};

const slower = (what: string, large: Size, small: Size, of: 'alone' | 'used' | 'made', target: string): Finding => ({
  what,
  gobs: microseconds(large[of]),
  against: `${words(small.machines)}: ${microseconds(small[of])}`,
  ratio: spreadOf(large[of].map(({ median }, round) => median / small[of][round]!.median)),
  target,
  cpu: '',
});

const larger = (large: readonly [Size, number], small: readonly [Size, number]): Finding => ({
  what: `resident memory with ${words(large[0].machines)}, after ${TOUCHED.toLocaleString('en')} of them were asked`,
  gobs: `${shown(large[1] / 1e6)} MB`,
  against: `${words(small[0].machines)}: ${shown(small[1] / 1e6)} MB`,
  ratio: spreadOf([large[1] / small[1]]),
  target: '< 1.5',
  cpu: '',
});

export const measureSize: Section = async (plan) => {
  const { quick, directory, progress } = plan;
  const sizes: Size[] = [];
  const resident: number[] = [];
  for (const machines of quick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000]) {
    const fleet = await fleetOf(machines, plan);
    const copy = copyOfFleet(fleet, `${directory}/bare-${machines}`);
    progress(`asking ${TOUCHED.toLocaleString('en')} of ${words(machines)}`);
    const fresh = startChild('size-child.ts', { words: ['boss', fleet] });
    resident.push(await fresh.ask<number>('touch', { machines, touched: TOUCHED }));
    await fresh.end();
    const boss = startChild('size-child.ts', { words: ['boss', fleet] });
    const bare = startChild('size-child.ts', { words: ['bare', copy] });
    sizes.push({ machines, boss, bare, alone: [], used: [], together: [], alongside: [], made: [] });
  }
  const milliseconds = quick ? 200 : 500;
  progress('warming up');
  for (const size of sizes) await oneRound(size, quick ? 500 : 3_000);
  for (const { alone, used, together, alongside, made } of sizes) {
    for (const slices of [alone, used, together, alongside, made]) slices.length = 0;
  }
  progress('changing machines, and making some');
  for (let round = 0; round < (quick ? 5 : 15); round += 1) {
    for (let place = 0; place < sizes.length; place += 1) {
      await oneRound(sizes[(round + place) % sizes.length]!, milliseconds);
    }
  }
  for (const { boss, bare } of sizes) await Promise.all([boss.end(), bare.end()]);
  const [small, ...others] = sizes as [Size, ...Size[]];
  return others.flatMap((large, index) => [
    slower(
      `change of one of ${words(IN_USE)} in use, of ${words(large.machines)}, median`,
      large,
      small,
      'used',
      '≤ 1.3',
    ),
    slower(`change of any of ${words(large.machines)}, median`, large, small, 'alone', '≤ 1.3'),
    against(large, small),
    slower(
      `making one more machine than ${words(large.machines)}, median`,
      large,
      small,
      'made',
      large.machines === 100_000 ? '≤ 1.3' : '',
    ),
    larger([large, resident[index + 1]!], [small, resident[0]!]),
  ]);
};
