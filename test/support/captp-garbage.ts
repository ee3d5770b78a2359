/**
 * Run with --expose-gc, under the lockdown of production: two sides in one process, one of which asks for 2,000 objects and lets
 * go of them. Prints what was held at the height, what is left, how many were collected, what was said of that, and how much was
 * printed by others. The maker calls back meanwhile, so that both sides call objects of the same numbers.
 */
import '../../src/lockdown.ts';
import { E } from '@endo/eventual-send';
import { Far } from '@endo/far';
import { makePair, ours, settled } from './captp-pair.ts';

const COUNT = 2_000;
const { gc } = globalThis as { gc?: () => void };
if (gc === undefined) throw Error('run it with --expose-gc');

let collected = 0;
const registry = new FinalizationRegistry<undefined>(() => {
  collected += 1;
});
const bootstrap = Far('Maker', {
  make: (mine: { ping(): string }) => {
    void E(mine).ping();
    const made = Far('Made', { ping: () => 'pong' });
    registry.register(made, undefined);
    return made;
  },
  refuse: () => {
    throw Error('a failure crosses without being printed');
  },
});

let printed = 0;
const { write } = process.stdout;
process.stdout.write = (() => {
  printed += 1;
  return true;
}) as typeof write;

interface Maker {
  make(mine: object): Promise<{ ping(): Promise<string> }>;
  refuse(): Promise<never>;
}

const { a, b, log } = makePair(ours(Far('Nothing', {})), ours(bootstrap));
const maker = E((await a.bootstrap()) as Maker);
let objects: unknown[] = await Promise.all(
  Array.from({ length: COUNT }, () => maker.make(Far('Mine', { ping: () => 'pong' }))),
);
await Promise.all(objects.map((object) => E(object as { ping(): string }).ping()));
await maker.refuse().catch(() => {});
await settled();
const held = b.counts().exports;
objects = [];
const done = () =>
  collected === COUNT && b.counts().exports === 1 && b.counts().imports === 0 && a.counts().exports === 0;
for (let round = 0; round < 100 && !done(); round += 1) {
  gc();
  await settled();
}
const dropped = log
  .filter(({ from }) => from === 'a')
  .map(({ text }) => JSON.parse(text) as { type: string; slotID: string; decRefs: number })
  .filter(({ type, slotID }) => type === 'CTP_DROP' && slotID.startsWith('o'));
const left = { ...b.counts(), imports: a.counts().imports - 1 + b.counts().imports + a.counts().exports };
const mentionsDropped = dropped.reduce((sum, { decRefs }) => sum + decRefs, 0);
process.stdout.write = write;
process.stdout.write(
  JSON.stringify({ held: held + objects.length, left, collected, drops: dropped.length, mentionsDropped, printed }),
);
