import { Level } from 'level';
import fc from 'fast-check';
import { appendFileSync, cpSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import { findDamage } from '../../src/persistence/log-check.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { isTable } from '../../src/persistence/table-check.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

const batches = 400;
const countText = (count: number): string => String(count).padStart(20, '0');
const keyOf = (n: number) => `n/${String(n).padStart(4, '0')}`;

let temporary: TemporaryDirectory;
/** A closed store with so many batches in a log of several blocks; every fiftieth crosses a block. */
let sound: string;
let copies = 0;

beforeAll(async () => {
  temporary = await makeTemporaryDirectory();
  sound = join(temporary.path, 'sound');
  const store = await openStore({ ...storePowers, directory: sound, randomId: () => 'id' });
  for (let n = 0; n < batches; n += 1) {
    await store.write([{ type: 'put', key: keyOf(n), value: 'x'.repeat(n % 50 === 0 ? 40_000 : 300) }]);
  }
  await store.close();
});
afterAll(() => temporary.remove());

const open = (directory: string) => openStore({ ...storePowers, directory, randomId: () => 'other' });
const logOf = (directory: string): string => {
  const [name, ...more] = readdirSync(join(directory, 'store')).filter((each) => each.endsWith('.log'));
  expect(more).toEqual([]);
  return join(directory, 'store', name!);
};

const copyOf = (original: string): string => {
  const directory = join(temporary.path, `copy${(copies += 1)}`);
  cpSync(original, directory, { recursive: true });
  return directory;
};

/** A copy of the store, with its log changed. */
const copyWith = (change: (path: string, log: Buffer) => void): string => {
  const directory = copyOf(sound);
  const path = logOf(directory);
  change(path, readFileSync(path));
  return directory;
};
const flip = (at: number, bit = 0) =>
  copyWith((path, log) => {
    const offset = at < 0 ? log.length + at : at;
    log[offset]! ^= 1 << bit;
    writeFileSync(path, log);
  });
const contentOf = (directory: string) =>
  readdirSync(join(directory, 'store'))
    .sort()
    .map((name) => [name, readFileSync(join(directory, 'store', name)).toString('latin1')]);

/** How many batches are there when it is opened, or the refusal. */
const outcomeOf = async (directory: string) => {
  try {
    const store = await open(directory);
    const rows = await store.page({ gt: 'n/', lt: 'n0', limit: 10_000 });
    await store.close();
    return rows.length;
  } catch (error) {
    return describeError(error);
  }
};

describe('damage in the middle of the log', () => {
  test('is noticed before anything is changed; LevelDB alone would have said nothing', async () => {
    const directory = flip(100_000);
    const before = contentOf(directory);
    expect(await outcomeOf(directory)).toEqual({
      code: 'STORE_DAMAGED',
      message: expect.stringMatching(
        new RegExp(`^${logOf(directory)}: the record at byte \\d+ fails its checksum, and whole ones follow$`),
      ) as string,
      hint: 'nothing was changed; restore a backup',
    });
    expect(contentOf(directory)).toEqual(before);

    const alone = new Level(join(directory, 'store'));
    await alone.open();
    expect((await alone.keys({ gt: 'n/', lt: 'n0' }).all()).length).toBeLessThan(batches);
    await alone.close();
  });

  test.each([
    ['in a checksum', 0],
    ['in a length', 4],
    ['in a type', 6],
    ['in what is stored', 30],
  ])('is noticed wherever it is: %s', async (_, offset) => {
    expect(await outcomeOf(flip(offset))).toMatchObject({ code: 'STORE_DAMAGED' });
  });

  test('is noticed where a whole block became zeros', async () => {
    const zeros = copyWith((path, log) => writeFileSync(path, log.fill(0, 32_768, 65_536)));
    expect(await outcomeOf(zeros)).toMatchObject({ code: 'STORE_DAMAGED' });
  });
});

describe('damage at the end of the log', () => {
  const lost = (count: number) => ({
    code: 'STORE_DAMAGED',
    message: expect.stringContaining(
      `${batches + 1} commits were acknowledged, ${batches + 1 - count} are there: the last ${count} are lost`,
    ) as string,
  });

  test('is noticed by the count of commits: an altered last record', async () => {
    expect(await outcomeOf(flip(-1))).toMatchObject(lost(1));
  });

  test('is noticed by the count of commits: a log cut short', async () => {
    expect(await outcomeOf(copyWith((path, log) => truncateSync(path, log.length - 600)))).toMatchObject(lost(2));
    expect(await outcomeOf(copyWith((path) => rmSync(path)))).toMatchObject({ code: 'STORE_DAMAGED' });
  });

  test('can be accepted, by removing the file that the hint names', async () => {
    const directory = flip(-1);
    const refusal = await outcomeOf(directory);
    expect(refusal).toMatchObject({
      hint: `restore a backup, or remove ${join(directory, 'commits')} to go on with what is left`,
    });
    rmSync(join(directory, 'commits'));
    expect(await outcomeOf(directory)).toBe(batches - 1);
    expect(await outcomeOf(directory)).toBe(batches - 1);
  });
});

describe('a log of which no batch can be read', () => {
  /** Opened once more: all that was there is in a table, and the log has the batch of that opening alone. */
  const openedAgain = async (change: (log: string, directory: string) => void): Promise<string> => {
    const directory = copyWith(() => undefined);
    await (await open(directory)).close();
    change(logOf(directory), directory);
    return directory;
  };
  const flipFirst = (path: string): void => {
    const log = readFileSync(path);
    log[20]! ^= 1;
    writeFileSync(path, log);
  };

  test.each([
    ['altered', flipFirst],
    ['cut short', (path: string) => truncateSync(path, 30)],
    ['empty', (path: string) => truncateSync(path, 0)],
  ])('and that had an acknowledged one: it is refused before anything is changed (%s)', async (_, change) => {
    const directory = await openedAgain(change);
    const before = contentOf(directory);
    expect(await outcomeOf(directory)).toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining(
        `${batches + 2} commits were acknowledged, ${batches + 1} are there: the last 1 are lost`,
      ) as string,
    });
    expect(contentOf(directory)).toEqual(before);
    rmSync(join(directory, 'commits'));
    expect(await outcomeOf(directory)).toBe(batches);
  });

  test.each([
    ['cut short', (path: string) => truncateSync(path, 30)],
    ['empty', (path: string) => truncateSync(path, 0)],
  ])('is no damage if none was acknowledged (%s)', async (_, change) => {
    const directory = await openedAgain((log, copy) => {
      change(log);
      cpSync(join(sound, 'commits'), join(copy, 'commits'));
    });
    expect(await outcomeOf(directory)).toBe(batches);
  });

  test('the newest of several tables counts, and of merged ones', async () => {
    const directory = copyWith(() => undefined);
    const tables = () => readdirSync(join(directory, 'store')).filter(isTable).length;
    // LevelDB merges four.
    for (let n = 0; n < 2; n += 1) {
      const store = await open(directory);
      await store.write([{ type: 'put', key: 'x', value: 'x' }]);
      await store.close();
    }
    const commits = readFileSync(join(directory, 'commits'));
    await (await open(directory)).close();
    expect(tables()).toBeGreaterThan(2);
    const several = copyOf(directory);
    truncateSync(logOf(several), 0);
    expect(await outcomeOf(several)).toMatchObject({ code: 'STORE_DAMAGED' });
    writeFileSync(join(several, 'commits'), commits);
    expect(await outcomeOf(several)).toBe(batches);

    const alone = new Level(join(directory, 'store'));
    await alone.open();
    await (alone as unknown as { compactRange(from: string, to: string): Promise<void> }).compactRange('!', '~');
    await alone.close();
    expect([tables(), readFileSync(logOf(directory)).length]).toEqual([1, 0]);
    expect(await outcomeOf(directory)).toBe(batches);
  });
});

describe('what is no damage', () => {
  test.each([
    ['a record cut short', (path: string, log: Buffer) => appendFileSync(path, log.subarray(0, 60))],
    ['a header cut short', (path: string) => appendFileSync(path, 'abc')],
    ['room that was never written', (path: string) => appendFileSync(path, Buffer.alloc(100_000))],
  ])('is %s at the end: its batch was never acknowledged', async (_, change) => {
    expect(await outcomeOf(copyWith(change))).toBe(batches);
  });

  test.each([
    ['empty', ''],
    ['zeros', '\0'.repeat(42)],
    ['too low', `${countText(17)} ${countText(17)}\n`],
    ['half written', `${countText(batches + 90)} ${countText(17)}\n`],
  ])('is a count of commits that the loss of power left %s', async (_, text) => {
    const directory = copyWith(() => undefined);
    writeFileSync(join(directory, 'commits'), text);
    expect(await outcomeOf(directory)).toBe(batches);
    expect(readFileSync(join(directory, 'commits'), 'utf8')).toMatch(
      new RegExp(`^0+${batches + 2} 0+${batches + 2}\n$`),
    );
  });

  test('is any part of a batch that was the last: a loss of power leaves its pages in any order', async () => {
    const logAfter = async (name: string, ...sizes: number[]): Promise<Buffer> => {
      const db = new Level(join(temporary.path, name));
      for (const [index, size] of sizes.entries()) await db.put(`k${index}`, 'v'.repeat(size));
      await db.close();
      const log = readdirSync(join(temporary.path, name)).find((file) => file.endsWith('.log'))!;
      return readFileSync(join(temporary.path, name, log));
    };
    const [last, notLast] = [await logAfter('last', 10, 100_000), await logAfter('not-last', 10, 100_000, 10)];
    const start = 7 + last.readUInt16LE(4);
    for (const log of [last, notLast]) log.fill(0, start, 32_768);
    expect(findDamage(last)).toBeUndefined();
    expect(findDamage(notLast)).toBe(start);
  });

  test('is the padding at the end of a block', async () => {
    // 151 records of 217 bytes (7 of header, 12 of batch, 10 around a key of 6 and a value of 188), and one byte of padding.
    const path = join(temporary.path, 'padded');
    const db = new Level(path);
    for (let n = 0; n < 1_000; n += 1) await db.put(`k${String(n).padStart(5, '0')}`, 'v'.repeat(188));
    await db.close();
    const log = readFileSync(
      join(
        path,
        readdirSync(path).find((name) => name.endsWith('.log'))!,
      ),
    );
    expect([log[32_767], log.readUInt16LE(32_768 + 4)]).toEqual([0, 210]);
    expect(findDamage(log)).toBeUndefined();
  });

  test('is a log as LevelDB writes it', () => {
    expect(findDamage(readFileSync(logOf(sound)))).toBeUndefined();
    expect(findDamage(Buffer.alloc(0))).toBeUndefined();
  });
});

test('whichever bit of the log is flipped, a store that opens has everything', async () => {
  const { length } = readFileSync(logOf(sound));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
      const directory = flip(at, bit);
      const outcome = await outcomeOf(directory);
      rmSync(directory, { recursive: true });
      if (typeof outcome === 'number') expect(outcome).toBe(batches);
      else expect(outcome.code).toBe('STORE_DAMAGED');
    }),
    { numRuns: 60 },
  );
});
