/** The rows of a store that nobody has open; and tables that are damaged where no opening looks. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openClosedStore } from '../../src/persistence/closed-store.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { isTable } from '../../src/persistence/table-check.ts';
import { verify } from '../../src/persistence/verify.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

let temporary: TemporaryDirectory;
let directory: string;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  directory = join(temporary.path, 'state');
});
afterEach(() => temporary.remove());

const open = () => openStore({ ...storePowers, directory, randomId: () => 'id' });
const openClosed = (wholeTables: boolean) => openClosedStore({ ...storePowers, directory, wholeTables });
const files = () => readdirSync(join(directory, 'store')).sort();
const tables = () => files().filter(isTable);
const contentOf = () =>
  files()
    .filter((name) => name !== 'LOG' && name !== 'LOG.old')
    .map((name) => [name, readFileSync(join(directory, 'store', name)).toString('latin1')]);

/** Two small tables first, and then more bytes than are looked at when a store is opened. */
const fill = async (): Promise<readonly [string, string]> => {
  for (const key of ['b/first', 'b/second']) {
    const store = await open();
    await store.write([{ type: 'put', key, value: 'x' }]);
    await store.close();
  }
  const store = await open();
  for (let n = 0; tables().length < 4; n += 1) {
    await store.write([{ type: 'put', key: `b/${n}`, value: randomBytes(75_000).toString('base64') }]);
  }
  await store.close();
  const [first, second] = tables();
  return [first!, second!];
};

const flip = (name: string, at: number): void => {
  const path = join(directory, 'store', name);
  const content = readFileSync(path);
  content[at]! ^= 1;
  writeFileSync(path, content);
};

describe('a closed store', () => {
  test('is read, and verified, with all its tables', async () => {
    await fill();
    const source = await openClosed(true);
    expect(source.damage).toBeUndefined();
    expect(await verify(source, { kinds: {} })).toMatchObject({ store: 'id', findings: [] });
    await source.close();
  });

  test('with damaged tables is left as it is: verify names each, and there are no rows', async () => {
    const [first, second] = await fill();
    flip(first, 5);
    flip(second, 5);
    const before = contentOf();
    const source = await openClosed(true);
    const { findings, rows } = await verify(source, { kinds: {} });
    expect(rows).toBe(0);
    expect(findings.map(({ code, key }) => [code, key])).toEqual([
      ['STORE_DAMAGED', null],
      ['STORE_DAMAGED', null],
    ]);
    expect(findings[0]!.message).toContain(join(directory, 'store', first));
    expect(findings[1]!.message).toContain(join(directory, 'store', second));
    expect(() => source.pages()).toThrow(/^STORE_DAMAGED: .*\(and 1 more\)/);
    await source.close();
    expect(contentOf()).toEqual(before);
  });

  test('is read as far as it can be by who does not ask for its tables', async () => {
    const [first] = await fill();
    flip(first, 5);
    const source = await openClosed(false);
    expect(source.damage).toBeUndefined();
    await source.close();
  });

  test('may have left-overs of a table that was never finished', async () => {
    await fill();
    writeFileSync(join(directory, 'store', '999999.ldb'), 'begun');
    const source = await openClosed(true);
    expect(source.damage).toBeUndefined();
    await source.close();
  });
});
