/** Durable turns, against the same turns on a store in memory and against LevelDB alone. */
import { compare, type Section } from './report.ts';
import { inRounds, type Contender } from './rounds.ts';
import { startChild, type Child } from './start-child.ts';
import type { TurnContender, TurnLoad, TurnSlice } from './turns-child.ts';

const names = ['level', 'memory', 'batches'] as const;
const IN_FLIGHT = 256;

const contend = (child: Child, rows: number): Contender => ({
  slice: (load) => child.ask<TurnSlice>('run', { ...load, rows } satisfies TurnLoad),
});

export const measureTurns: Section = async ({ quick, directory, progress }) => {
  const children = Object.fromEntries(
    names.map((name) => [name, startChild('turns-child.ts', { words: [name, directory] })]),
  ) as Record<TurnContender, Child>;
  const warmUp = { inFlight: IN_FLIGHT, milliseconds: quick ? 500 : 2_000 };
  const round = (inFlight: number, rows: number) =>
    inRounds(
      {
        level: contend(children.level, rows),
        memory: contend(children.memory, rows),
        batches: contend(children.batches, rows),
      },
      { inFlight, milliseconds: quick ? 100 : 200 },
      { rounds: quick ? 7 : 21, warmUp },
    );

  progress('durable turns, one after the other');
  const alone = await round(1, 1);
  progress(`durable turns, ${IN_FLIGHT} in flight`);
  const { rowsPerBatch } = await children.level.ask<TurnSlice>('run', { ...warmUp, rows: 1 } satisfies TurnLoad);
  const rows = Math.round(rowsPerBatch);
  const together = await round(IN_FLIGHT, rows);
  for (const child of Object.values(children)) await child.end();

  const oneByOne = { what: 'durable turns, one after the other', gobs: alone.level };
  const inFlight = { what: `durable turns, ${IN_FLIGHT} in flight`, gobs: together.level };
  return [
    compare({ ...oneByOne, other: 'synced LevelDB batches of one row', others: alone.batches, target: '≥ 0.7' }),
    compare({ ...oneByOne, other: 'the same vat in memory', others: alone.memory }),
    compare({ ...inFlight, other: 'the same vat in memory', others: together.memory, target: '≥ 0.6' }),
    compare({ ...inFlight, other: `rows in synced LevelDB batches of ${rows}`, others: together.batches }),
  ];
};
