/**
 * `node level-vat.ts DIRECTORY work|look`: vats on LevelDB, under the lockdown of production.
 *
 *   work   turn after turn, each of which changes an actor, an entry of a map, and by a message an actor of another vat; prints
 *          the number of each once it is answered, and waits to be killed
 *   look   prints what is there, as JSON, and what of an error can be seen on this side of a vat's border
 */
import '../../src/lockdown.ts';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { openStore } from '../../src/persistence/open-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import { storePowers } from '../persistence/store-powers.ts';
import { openWorkshop, type Counter } from './workshop.ts';

interface Portrait {
  readonly done: number;
  readonly log: DurableMap<number>;
  readonly theirs: Counter;
}

const [directory, what] = process.argv.slice(2) as [string, 'work' | 'look'];
const store = await openStore({ ...storePowers, directory, randomId: () => 'id' });
const shop = await openWorkshop(store, { cacheLimit: 1 });
const other = await shop.neighbour('other');

/** Makes what the turns change, the first time. */
const begin = async (): Promise<void> => {
  const known = await shop.turn(({ portrait }) => portrait !== null);
  if (known) return;
  const theirs = await other.counter(0);
  await shop.turn(({ bcom, makeMap }, it: Counter) => bcom({ done: 0, log: makeMap<number>(), theirs: it }), theirs);
};

const once = shop.script(({ bcom, portrait }) => {
  const { done, log, theirs } = portrait as Portrait;
  bcom({ ...(portrait as Portrait), done: done + 1 });
  log.set(`n${String(done + 1).padStart(6, '0')}`, done + 1);
  void E(theirs).add(1);
  return done + 1;
});

const look = async (): Promise<void> => {
  const { done, log, theirs } = await shop.turn<Portrait>(({ portrait }) => portrait);
  const logged: number[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page: Awaited<ReturnType<typeof log.page>> = await E(log).page({ after, limit: 7 });
    logged.push(...page.entries.map(([, n]) => n));
    after = page.next;
  }
  const error = await shop
    .turn(() => {
      throw new RangeError('OUT_OF_RANGE: 5\nhint: less', { cause: Error('secret') });
    })
    .catch((reason: Error) => reason);
  const { name, message, stack, cause } = error as Error;
  const counted = await E(theirs).read();
  console.log(
    JSON.stringify({ done, logged, counted, size: await E(log).size(), name, message, stack, cause: String(cause) }),
  );
};

await begin();
if (what === 'work') {
  // An end, should nobody kill it.
  for (let n = 0; n < 5_000; n += 1) writeSync(1, `${String(await E(shop.bench).run(once))}\n`);
} else {
  await look();
}
await shop.kernel.stop();
await store.close();
