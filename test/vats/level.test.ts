import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../src/persistence/open-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import { storePowers } from '../persistence/store-powers.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { counterKind, openWorkshop, type Counter } from './workshop.ts';

let temporary: TemporaryDirectory;
let directory: string;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  directory = join(temporary.path, 'state');
});
afterEach(() => temporary.remove());

const open = () => openStore({ ...storePowers, directory, randomId: () => 'id' });

test('vats on LevelDB: actors, maps of 2,000 entries, references between vats, eviction, restart', async () => {
  const store = await open();
  const shop = await openWorkshop(store, { cacheLimit: 10 });
  const other = await shop.neighbour('other');
  const map = await shop.turn<DurableMap<Counter>>(({ makeMap, spawn, bcom }) => {
    const made = makeMap<Counter>();
    for (let n = 0; n < 2_000; n += 1) made.set(`n${String(n).padStart(4, '0')}`, spawn(counterKind, n));
    bcom(made);
    return made;
  });
  await other.turn(({ bcom }, it: Counter) => bcom(it), await E(map).get('n0007'));
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => E(E(map).get('n0007') as Promise<Counter>).incr(1)),
  );
  expect(answers).toEqual(Array.from({ length: 300 }, (_, n) => 8 + n));
  await shop.kernel.stop();
  await store.close();

  const reopened = await open();
  const again = await openWorkshop(reopened, { cacheLimit: 10 });
  const others = await again.neighbour('other');
  expect(await others.turn(({ portrait }) => E(portrait as Counter).incr(1))).toBe(308);
  const revived = await again.turn<DurableMap<Counter>>(({ portrait }) => portrait);
  let met = 0;
  for (let after: string | null = ''; after !== null;) {
    const page: Awaited<ReturnType<typeof revived.page>> = await E(revived).page({ after, limit: 300 });
    met += page.entries.length;
    after = page.next;
  }
  expect([met, await E(revived).size()]).toEqual([2_000, 2_000]);
  expect(await E(E(revived).get('n1999') as Promise<Counter>).read()).toBe(1_999);
  await again.kernel.stop();
  await reopened.close();
});

const program = join(import.meta.dirname, 'level-vat.ts');

/** Lets the program work until so many turns were answered, and kills it; → the number of the last. */
const workAndKill = async (turns: number): Promise<number> => {
  const child = spawn(process.execPath, [program, directory, 'work'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  let last = 0;
  let answered = 0;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      answered += 1;
      if (answered === turns) child.kill('SIGKILL');
    }
  } finally {
    child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return last;
};

test('a killed process, under the lockdown of production, leaves every answered turn whole, and goes on', async () => {
  let before = 0;
  for (const turns of [1, 2, 40, 41]) {
    const last = await workAndKill(turns);
    expect(last).toBeGreaterThanOrEqual(before + turns);
    const { stdout } = await promisify(execFile)(process.execPath, [program, directory, 'look']);
    const seen = JSON.parse(stdout) as Record<string, unknown> & { done: number; counted: number };
    // A turn that was written, but not answered yet, may be there too.
    expect([last, last + 1]).toContain(seen.done);
    expect(seen['logged']).toEqual(Array.from({ length: seen.done }, (_, n) => n + 1));
    expect(seen['size']).toBe(seen.done);
    // At most once: a message that was on its way is lost with the process.
    expect(seen.counted).toBeLessThanOrEqual(seen.done);
    expect(seen).toMatchObject({
      name: 'RangeError',
      message: 'OUT_OF_RANGE: 5\nhint: less',
      stack: '',
      cause: 'undefined',
    });
    before = seen.done;
  }
});
