/** A byte is flipped in a closed store. Afterwards all that was acknowledged is there, or somebody says what is damaged: never a silent loss. */
import { Level } from 'level';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLocatorTable } from '../../src/captp/locator-table.ts';
import { makePeerTable } from '../../src/captp/peer-table.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { Ledger } from '../../src/persistence/ledger.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { isTable, requireSoundTable } from '../../src/persistence/table-check.ts';
import { verify } from '../../src/persistence/verify.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import { counterKind, openWorkshop, type Counter } from '../vats/workshop.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';
import { knownKinds, sourceOf } from './stored-graph.ts';

/** Fewer than there are would be a weaker test. */
const leastPlaces = 900;
const sessions = 3;
/** Where there is such a place: each copy is opened, and a disk would have to sync it. */
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : undefined;

let temporary: TemporaryDirectory;
let sound: string;
let expected: readonly StoreEntry[];
let copies = 0;

const open = (directory: string) => openStore({ ...storePowers, directory, randomId: () => 'id' });

/** All rows as they are on disk, but for the count of openings. */
const rowsOf = async (ledger: Ledger): Promise<readonly StoreEntry[]> => {
  const snapshot = ledger.snapshotOnDisk();
  const rows = await snapshot.page({ gt: '!', lt: '\u{10ffff}', limit: 100_000 });
  await snapshot.close();
  return rows;
};

/** Each opening makes a table of what the last one left in its log. */
const work = async (store: Ledger, session: number): Promise<void> => {
  const shop = await openWorkshop(store);
  const map = (await shop.vat.makeOnce('map', ({ makeMap }) => makeMap())) as DurableMap<Counter>;
  for (let n = 0; n < 15; n += 1) {
    await E(map).set(`machine-${session}-${n}`, await shop.turn(({ spawn }) => spawn(counterKind, n)));
  }
  await E((await E(map).get('machine-0-7'))!).incr(1);
  const { committer } = shop.kernel;
  await makeLocatorTable(committer, (length) => crypto.getRandomValues(new Uint8Array(length))).add(
    'vat:test/map/2/self',
  );
  await makePeerTable(committer, 'p'.repeat(52)).numberOf(`vat:test/counter/${session + 3}/self`).written;
  await shop.kernel.stop();
};

const tablesIn = (directory: string): string[] => readdirSync(join(directory, 'store')).filter(isTable);

/** Until LevelDB makes a table of it, tells its MANIFEST so, and begins another log. */
const fill = async (store: Ledger): Promise<void> => {
  const before = tablesIn(sound).length;
  for (let n = 0; tablesIn(sound).length === before; n += 1) {
    await store.write([{ type: 'put', key: `b/${n % 50}`, value: 'x'.repeat(100_000) }]);
  }
};

beforeAll(async () => {
  temporary = await makeTemporaryDirectory(inMemory);
  sound = join(temporary.path, 'sound');
  for (let session = 0; session < sessions; session += 1) {
    const store = await open(sound);
    if (session === sessions - 1) await fill(store);
    await work(store, session);
    expected = await rowsOf(store);
    await store.close();
  }
  // As a killed process leaves it.
  writeFileSync(join(sound, 'holder.json'), '{"pid":4194303,"started":"2026-01-01T00:00:00.000Z"}\n');
});
afterAll(() => temporary.remove());

const filesOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path).isFile())
    .sort();

const contentOf = (directory: string) =>
  new Map(filesOf(directory).map((path) => [basename(path), readFileSync(path).toString('latin1')]));

/** What people would call lost with it. LOG is LevelDB's diary, and begun anew by each opening. */
const isContent = (name: string): boolean => /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb)|commits)$/.test(name);

/** Whole, what refused it, or how much was found; `LOST` is what must not be. */
const outcomeOf = async (directory: string): Promise<string> => {
  const before = contentOf(directory);
  try {
    const store = await open(directory);
    const rows = await rowsOf(store);
    await store.close();
    const { findings } = await verify(sourceOf(rows), { kinds: knownKinds });
    if (findings.length > 0) return `found by a look at all rows`;
    const withoutState = (all: readonly StoreEntry[]) => all.filter(([key]) => key !== '!state');
    return JSON.stringify(withoutState(rows)) === JSON.stringify(withoutState(expected)) ? 'whole' : 'LOST';
  } catch (error) {
    const after = contentOf(directory);
    const changed = [...before].filter(([name, content]) => isContent(name) && after.get(name) !== content);
    return changed.length === 0 ? `refused: ${codeOf(error)}` : `CHANGED ${changed.map(([name]) => name).join()}`;
  }
};

/** All of a short file; of a longer one its beginning, its end, and places between. Of what is no content, a few. */
const placesIn = (name: string, size: number): number[] => {
  const places = Array.from({ length: size }, (_, at) => at);
  if (!isContent(name)) return places.filter((at) => at % Math.ceil(size / 15) === 0);
  if (size <= 600) return places;
  const stride = Math.floor(size / 60);
  return places.filter((at) => at < 40 || at >= size - 60 || at % stride === 0);
};

const outcomeOfFlip = async (path: string, at: number, look = outcomeOf): Promise<string> => {
  const directory = join(temporary.path, `copy${(copies += 1)}`);
  cpSync(sound, directory, { recursive: true });
  const copy = path.replace(sound, directory);
  const content = readFileSync(copy);
  content[at]! ^= 1 << (at % 8);
  writeFileSync(copy, content);
  const outcome = await look(directory);
  rmSync(directory, { recursive: true });
  return outcome;
};

/** What LevelDB makes of it, without what is looked at before. */
const outcomeOfLevel = async (directory: string): Promise<string> => {
  const alone = new Level<string, string>(join(directory, 'store'), { createIfMissing: false });
  try {
    await alone.open();
    const rows = await alone.iterator().all();
    return rows.length < expected.length ? 'LOST' : 'whole';
  } catch {
    return 'refused';
  } finally {
    await alone.close();
  }
};

test('the store that is damaged here has several tables, and a log with something in it', async () => {
  const names = filesOf(sound).map((path) => basename(path));
  expect(names.filter(isTable).length).toBe(sessions);
  const log = names.find((name) => /^\d+\.log$/.test(name))!;
  expect(statSync(join(sound, 'store', log)).size).toBeGreaterThan(2_000);
  expect(names).toEqual(expect.arrayContaining(['CURRENT', 'LOCK', 'LOG', 'commits', 'holder.json']));
  const directory = join(temporary.path, 'untouched');
  cpSync(sound, directory, { recursive: true });
  expect(await outcomeOf(directory)).toBe('whole');
});

test('the MANIFEST that is damaged here is one of which LevelDB alone does not see all damage', async () => {
  const path = filesOf(sound).find((each) => basename(each).startsWith('MANIFEST-'))!;
  const outcomes: string[] = [];
  for (const at of placesIn(basename(path), statSync(path).size)) {
    outcomes.push(await outcomeOfFlip(path, at, outcomeOfLevel));
  }
  const lost = outcomes.filter((outcome) => outcome === 'LOST').length;
  console.log(
    `flipped bytes of a MANIFEST: ${outcomes.length} places, with ${lost} of them LevelDB alone loses rows without a word`,
  );
  expect(lost).toBeGreaterThan(0);
});

test('a byte that was flipped in any file is no loss, or is said', async () => {
  const tally = new Map<string, number>();
  const bad: string[] = [];
  let places = 0;
  for (const path of filesOf(sound)) {
    for (const at of placesIn(basename(path), statSync(path).size)) {
      const outcome = await outcomeOfFlip(path, at);
      places += 1;
      const line = `${basename(path).padEnd(16)} ${outcome}`;
      tally.set(line, (tally.get(line) ?? 0) + 1);
      if (/^(LOST|CHANGED)|STORE_IN_USE|UNEXPECTED/.test(outcome)) bad.push(`byte ${at} of ${path}: ${outcome}`);
    }
  }
  const lines = [...tally].map(([line, count]) => `  ${String(count).padStart(5)}  ${line}`);
  console.log(`flipped bytes: ${places} places\n${lines.join('\n')}`);
  expect(bad).toEqual([]);
  expect(places).toBeGreaterThan(leastPlaces);
}, 120_000);

describe('a table', () => {
  test('is found damaged whichever of its bytes was flipped', () => {
    let places = 0;
    for (const name of tablesIn(sound)) {
      const table = readFileSync(join(sound, 'store', name));
      // One of them is long, and looking at it once for each of its bytes takes too long.
      if (table.length > 10_000) continue;
      requireSoundTable(table);
      for (let at = 0; at < table.length; at += 1) {
        table[at]! ^= 1 << (at % 8);
        expect(() => requireSoundTable(table), `byte ${at}`).toThrow();
        table[at]! ^= 1 << (at % 8);
        places += 1;
      }
    }
    console.log(`flipped bytes of tables: ${places} places, all found`);
    expect(places).toBeGreaterThan(2_000);
  });
});
