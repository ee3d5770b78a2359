/** Null calls over TLS between two processes, against @endo/captp as it comes and against bare frames. */
import type { CallContender, Place } from './calls-child.ts';
import type { Load, Slice } from './load.ts';
import { compare, type Finding, type Section } from './report.ts';
import { inRounds, type Contender, type Slices } from './rounds.ts';
import { startChild } from './start-child.ts';

const names = ['frames', 'captp', 'host', 'actor'] as const;
const IN_FLIGHT = 1_000;

interface OpenContender extends Contender {
  end(): Promise<void>;
}

const open = async (name: CallContender): Promise<OpenContender> => {
  const server = startChild('calls-child.ts', { words: ['server', name] });
  const client = startChild('calls-child.ts', { words: ['client', name] });
  await client.ask('dial', await server.ask<Place>('listen'));
  return {
    slice: async (load: Load) => {
      const before = await server.ask<number>('cpu');
      const slice = await client.ask<Slice>('run', load);
      return { ...slice, cpuSeconds: slice.cpuSeconds + (await server.ask<number>('cpu')) - before };
    },
    end: async () => {
      await client.end();
      await server.end();
    },
  };
};

const findings = (how: string, slices: Slices<CallContender>, target: string): readonly Finding[] =>
  (['host', 'actor'] as const).flatMap((name) => {
    const called = name === 'host' ? 'a host object' : 'a guarded actor';
    const [what, gobs] = [`null calls of ${called}, ${how}`, slices[name]];
    return [
      compare({ what, gobs, other: '@endo/captp', others: slices.captp, target }),
      compare({ what, gobs, other: 'TLS frames', others: slices.frames }),
    ];
  });

export const measureCalls: Section = async ({ quick, progress }) => {
  const opened = await Promise.all(names.map(async (name) => [name, await open(name)] as const));
  const contenders = Object.fromEntries(opened) as Record<CallContender, OpenContender>;
  const warmUp = { inFlight: IN_FLIGHT, milliseconds: quick ? 500 : 2_000 };
  progress('null calls over TLS, one after the other');
  const alone = await inRounds(
    contenders,
    { inFlight: 1, milliseconds: quick ? 100 : 200 },
    { rounds: quick ? 7 : 21, warmUp },
  );
  progress(`null calls over TLS, ${IN_FLIGHT} in flight`);
  const together = await inRounds(
    contenders,
    { inFlight: IN_FLIGHT, milliseconds: quick ? 300 : 700 },
    { rounds: quick ? 5 : 11, warmUp },
  );
  for (const contender of Object.values(contenders)) await contender.end();
  return [
    ...findings('one after the other', alone, '≥ 0.8'),
    ...findings(`${IN_FLIGHT.toLocaleString('en')} in flight`, together, '≥ 0.6'),
  ];
};
