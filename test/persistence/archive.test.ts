import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';
import { longestHeader } from '../../src/persistence/archive-format.ts';
import { readBackup } from '../../src/persistence/archive-reader.ts';
import { writeBackup } from '../../src/persistence/archive-writer.ts';
import { openLedger } from '../../src/persistence/ledger.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { pagesOf } from '../../src/persistence/row-source.ts';
import type { StoreEntry } from '../../src/vats/store.ts';

const origin = { taken: '2026-11-20T11:00:00.000Z', gobs: '0.0.0' };

const rowsOf = async (content: readonly StoreEntry[]): Promise<readonly StoreEntry[]> => {
  const memory = makeMemoryStore();
  const ledger = await openLedger(memory, { randomId: () => 'the-store', where: '/state' });
  await ledger.write(content.map(([key, value]) => ({ type: 'put', key, value })));
  return memory.entries();
};

async function* inPages(rows: readonly StoreEntry[], size: number): AsyncGenerator<readonly StoreEntry[]> {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}

const bytesOf = async (rows: readonly StoreEntry[], size = 2): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of writeBackup(inPages(rows, size), '/state', origin)) chunks.push(chunk);
  return Buffer.concat(chunks);
};

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (bytes: Buffer, size = 7) => {
  const { header, pages } = await readBackup(inChunks(bytes, size), '/b');
  const rows: StoreEntry[] = [];
  for await (const page of pages()) rows.push(...page);
  return { header, rows };
};

const refusal = async (bytes: Buffer): Promise<string> =>
  read(bytes).then(
    () => 'read',
    (error: unknown) => `${codeOf(error)} ${describeError(error).message}`,
  );

const some: readonly StoreEntry[] = [
  ['b/listen', '127.0.0.1:1'],
  ['s/x', 'quote " backslash \\ break \n é 𝄞'],
  ['v/a/!', '{}'],
];

/** As somebody would who edits a file and makes its last line fit. */
const sealed = (lines: readonly string[], rows = lines.length - 1): Buffer => {
  const body = lines.map((line) => `${line}\n`).join('');
  const sha256 = createHash('sha256').update(body).digest('hex');
  return Buffer.from(`${body}${JSON.stringify({ rows, sha256 })}\n`);
};

describe('a backup file', () => {
  test('gives the rows back that it was made of, whatever is in them and however its bytes come', async () => {
    const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed());
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(texts, texts), { selector: ([key]) => key, maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 400 }),
        async (content, pageSize, chunkSize) => {
          const rows = await rowsOf(content.map(([key, value]) => [`v/${key}`, value] as const));
          expect((await read(await bytesOf(rows, pageSize), chunkSize)).rows).toEqual(rows);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('says which store it is of, of which moment, and what wrote it', async () => {
    const { header } = await read(await bytesOf(await rowsOf(some), 1));
    expect(header).toEqual({ format: 1, store: 'the-store', epoch: 1, commits: 2, ...origin });
  });

  test('can be of a store that has nothing yet', async () => {
    const rows = await rowsOf([]);
    expect((await read(await bytesOf(rows, 1))).rows).toEqual(rows);
  });

  test('is not made of rows that do not say which store they are of', async () => {
    const rows = await rowsOf(some);
    for (const lost of ['!format', '!state']) {
      await expect(bytesOf(rows.filter(([key]) => key !== lost))).rejects.toThrow(`STORE_DAMAGED: /state: ${lost}`);
    }
  });

  test('that was cut anywhere is told from a whole one', async () => {
    const bytes = await bytesOf(await rowsOf(some));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(await refusal(bytes.subarray(0, length))).toMatch(/^BACKUP_DAMAGED \/b: line \d+, byte \d+: /);
    }
    expect(await refusal(bytes)).toBe('read');
  });

  test('of which any byte was changed is told from a good one', async () => {
    const bytes = await bytesOf(await rowsOf(some));
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x04;
      expect(await refusal(changed), `byte ${at}`).toMatch(/^(BACKUP_DAMAGED|NEWER_FORMAT) \/b: /);
    }
  });

  test('that something was added to is told from a whole one', async () => {
    const bytes = await bytesOf(await rowsOf(some));
    for (const more of ['\n', ' ', '["z","z"]\n', bytes.toString('utf8')]) {
      expect(await refusal(Buffer.concat([bytes, Buffer.from(more)]))).toMatch(/^BACKUP_DAMAGED /);
    }
  });

  test('says at which line and byte the rows do not follow each other', async () => {
    const lines = (await bytesOf(await rowsOf(some))).toString('utf8').split('\n').slice(0, -2);
    const [header, first, second, ...rest] = lines as [string, string, string, ...string[]];
    expect(await refusal(sealed([header, second, first, ...rest]))).toBe(
      `BACKUP_DAMAGED /b: line 3, byte ${header.length + second.length + 2}: key "!format" is out of order`,
    );
    expect(await refusal(sealed([header, first, first, second, ...rest]))).toMatch(/line 3, .* is out of order$/);
    expect(await refusal(sealed(lines, 3))).toMatch(/3 rows were written, 5 are here$/);
    expect(await refusal(sealed(lines))).toBe('read');
  });

  test('says that a line is no row', async () => {
    const [header = ''] = (await bytesOf(await rowsOf(some))).toString('utf8').split('\n');
    for (const line of ['', '7', '["a"]', '["a","b","c"]', '["a",7]', '[', 'null']) {
      expect(await refusal(sealed([header, line]))).toMatch(/^BACKUP_DAMAGED \/b: line 2, /);
    }
  });

  test('of a newer format is refused by its number', async () => {
    const lines = (await bytesOf(await rowsOf(some))).toString('utf8').split('\n').slice(0, -2);
    const [header = '', ...rest] = lines;
    expect(await refusal(sealed([header.replace('"gobs-backup":1', '"gobs-backup":2'), ...rest]))).toBe(
      'NEWER_FORMAT /b: the backup has format 2, this gobs knows 1',
    );
  });

  test('is told from any other file, without reading much of it', async () => {
    for (const other of ['hello\n', '{}\n', '[]\n', '"x"\n', '\n', '{"gobs-backup":"1"}\n']) {
      expect(await refusal(Buffer.from(other))).toMatch(/line 1, byte 0: this is not how a backup of gobs begins$/);
    }
    expect(await refusal(Buffer.alloc(0))).toMatch(/line 1, byte 0: the file is empty$/);
    let given = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) yield Buffer.alloc((given += 1) && 1_024);
    }
    await expect(readBackup(endless(), '/b')).rejects.toThrow(`longer than ${longestHeader} bytes`);
    expect(given).toBeLessThanOrEqual(longestHeader / 1_024 + 1);
  });

  test('is let go of by whoever has read enough', async () => {
    let left = false;
    const bytes = await bytesOf(await rowsOf(some));
    async function* chunks(): AsyncGenerator<Buffer> {
      try {
        yield* inChunks(bytes, 9);
      } finally {
        left = true;
      }
    }
    const { pages } = await readBackup(chunks(), '/b');
    const reading = pages();
    expect((await reading.next()).done).toBe(false);
    await reading.return(undefined);
    expect(left).toBe(true);
  });
});

test('pages of a snapshot are all of its rows', async () => {
  const content = Array.from({ length: 2_345 }, (_, n): StoreEntry => [`k/${n}`, 'x']);
  const snapshot = makeMemoryStore(content).snapshot();
  const keys = new Set<string>();
  for await (const page of pagesOf(snapshot)) for (const [key] of page) keys.add(key);
  expect(keys.size).toBe(content.length);
});
