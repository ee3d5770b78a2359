/**
 * `node archive-in-child.ts FILE COUNT`: verifies a store that is generated row by row, backs it up to FILE, and verifies that. What is found is said on stdout,
 * as JSON. Run with little memory.
 */
import '../../src/lockdown.ts';
import fs from 'node:fs/promises';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { openBackupFile, writeBackupFile } from '../../src/persistence/archive-file.ts';
import { writeBackup } from '../../src/persistence/archive-writer.ts';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import { verify } from '../../src/persistence/verify.ts';
import { encodeRow } from '../../src/vats/row.ts';
import type { StoreEntry } from '../../src/vats/store.ts';

const [, , file = '', countText = '0'] = process.argv;
const count = Number(countText);
const store = 'generated';
const checksum = makeRowChecksum(store);
const pageRows = 500;
/** All numbers have as many digits, so that they are in the order of keys. */
const first = 1_000_000;
const padding = 'x'.repeat(250);

const put = (key: string, text: string): StoreEntry => [key, checksum.add(key, text)];
const row = (kind: string, portrait: object, slots: readonly string[] = []): string =>
  encodeRow({ kind, version: 1, change: 1, body: `#${JSON.stringify(portrait)}`, slots });

/** Half of them actors, each of which refers to another; half entries of one map. One entry leads nowhere. */
function* rows(): Generator<StoreEntry> {
  const half = count / 2;
  yield ['!format', makeRowChecksum('').add('!format', JSON.stringify({ format: 1, store }))];
  yield put('!state', '{"epoch":1,"commits":1}');
  yield put('v/test/!', row('vat', { next: first + half, actors: half + 1, roots: 0 }));
  yield put('v/test/a/map/1', row('map', { size: half }));
  for (let n = 0; n < half; n += 1) {
    const other = `vat:test/node/${first + ((n * 7) % half)}/self`;
    yield put(`v/test/a/node/${first + n}`, row('node', { other: '$0.Alleged: Node', padding }, [other]));
  }
  yield put('v/test/k', row('kinds', { map: 1, node: 1 }));
  for (let n = 0; n < half; n += 1) {
    const target = n === 4 ? 5_000_000 : first + n;
    yield put(
      `v/test/m/1/${first + n}`,
      row('entry', { node: '$0.Alleged: Node', padding }, [`vat:test/node/${target}/self`]),
    );
  }
}

async function* pages(): AsyncGenerator<readonly StoreEntry[]> {
  let page: StoreEntry[] = [];
  for (const entry of rows()) {
    page.push(entry);
    if (page.length < pageRows) continue;
    yield page;
    page = [];
  }
  yield page;
}

const generated = { where: 'the generated rows', pages, close: async () => {} };
const kinds = { node: 1 };
const direct = await verify(generated, { kinds });
await writeBackupFile(
  fs,
  file,
  writeBackup(pages(), generated.where, { taken: '2026-11-20T11:00:00.000Z', gobs: '0' }),
  { force: false },
);
const copied = await verify(await openBackupFile(fs, file), { kinds });
writeSync(1, `${JSON.stringify({ direct, copied })}\n`);
