/**
 * Run with --expose-gc, under the lockdown of production: sessions with strangers that take as much as they can, one after the
 * other. Prints the megabytes that were in use at the worst moment, and that are in use after a collection, beyond what was at first.
 */
import '../../src/lockdown.ts';
import { Far } from '@endo/far';
import type { Limits } from '../../src/captp/limits.ts';
import { makeGuest, type Stranger } from './session-world.ts';

const { gc } = globalThis as { gc?: () => void };
if (gc === undefined) throw Error('run it with --expose-gc');

const call = (question: number, method: string, slots: readonly string[] = [], more = ''): string =>
  JSON.stringify({
    type: 'CTP_CALL',
    questionID: `q-${question}`,
    target: 'o-1',
    method: {
      body: JSON.stringify([method, [more, ...slots.map((_slot, index) => ({ '@qclass': 'slot', index }))]]),
      slots,
    },
  });

const service = Far('Service', {
  fresh: () => Far('Fresh', { ping: () => 'pong' }),
  echo: (value: unknown) => value,
  take: () => {},
});

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);
const attacks: readonly (readonly [name: string, limits: Partial<Limits>, attack: (stranger: Stranger) => void])[] = [
  [
    '100,000 slots',
    {},
    ({ say }) =>
      say(
        call(
          2,
          'take',
          range(100_000, 1).map((index) => `p+${index}`),
        ),
      ),
  ],
  ['answers kept', {}, ({ say }) => say(...range(5_000, 2).map((question) => call(question, 'fresh')))],
  [
    'references given',
    {},
    ({ say }) =>
      say(
        ...range(20, 2).map((question) =>
          call(
            question,
            'take',
            range(1_000, question * 1_000).map((index) => `p+${index}`),
          ),
        ),
      ),
  ],
  [
    'answers not read',
    {},
    ({ say, stopReading }) => {
      stopReading();
      say(...range(100, 2).map((question) => call(question, 'echo', [], 'x'.repeat(300_000))));
    },
  ],
];

let worst = 0;
const run = async ([, limits, attack]: (typeof attacks)[number]): Promise<void> => {
  const stranger = await makeGuest({ bootstrap: service, limits });
  stranger.say('{"type":"CTP_BOOTSTRAP","questionID":"q-1"}');
  await stranger.hear('CTP_RETURN');
  attack(stranger);
  await stranger.session.closed;
  worst = Math.max(worst, process.memoryUsage().heapUsed);
  if ((Object.values(stranger.session.counts()) as number[]).some((count) => count > 0)) {
    throw Error('a table is not empty');
  }
  stranger.stream.destroy();
  await stranger.session.gone;
};

const collected = async (): Promise<number> => {
  for (let round = 0; round < 10; round += 1) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
};

for (const attack of attacks) await run(attack);
const before = await collected();
for (let round = 0; round < 2; round += 1) for (const attack of attacks) await run(attack);
const after = await collected();
const megabytes = (bytes: number): number => Math.round((bytes / 2 ** 20) * 10) / 10;
process.stdout.write(JSON.stringify({ worst: megabytes(worst - before), left: megabytes(after - before) }));
