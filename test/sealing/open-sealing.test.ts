import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import { makeKeyFile } from '../../src/sealing/key-file.ts';
import { parseSealingRow } from '../../src/sealing/key-row.ts';
import { chooseKeySource, type SealingSettings } from '../../src/sealing/key-source.ts';
import { openSealing } from '../../src/sealing/open-sealing.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

let temporary: TemporaryDirectory;
/** The clear row; undefined in a new store. */
let row: string | undefined;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  row = undefined;
});
afterEach(() => temporary.remove());

const at = (name: string): string => join(temporary.path, name);
const powers = { fs, randomBytes, uid: process.getuid!() };
const write = (name: string, text: string): string => {
  fs.writeFileSync(at(name), text, { mode: 0o600 });
  return at(name);
};

const open = async (settings: SealingSettings = {}, environment: Record<string, string> = {}) => {
  const source = await chooseKeySource(settings, at('sealing-key'), environment, powers);
  const { seal, newRow } = await openSealing(source, { get: (key) => (key === 'k/!' ? row : undefined) }, powers);
  if (newRow !== undefined) row = newRow.value;
  return seal;
};
const refusal = (settings: SealingSettings = {}, environment: Record<string, string> = {}) =>
  open(settings, environment).then(() => {
    throw Error('it was opened');
  }, describeError);

describe('the sealing key of a store', () => {
  test('is made at the first start in the state directory, and is the same at the next', async () => {
    const first = await open();
    expect(fs.readdirSync(temporary.path)).toEqual(['sealing-key']);
    expect(parseSealingRow(row!)).toEqual({ key: first.keyId });
    const sealed = first.seal('a', 'text');
    expect((await open()).unseal('a', sealed)).toBe('text');
  });

  test('that was made by a start which wrote nothing to the store is taken by the next', async () => {
    const { keyId } = await open();
    row = undefined;
    expect((await open()).keyId).toBe(keyId);
  });

  test('is not made anew when it is lost: its store wants it back', async () => {
    const { keyId } = await open();
    fs.renameSync(at('sealing-key'), at('elsewhere'));
    const { code, message, hint } = await refusal();
    expect([code, message]).toEqual([
      'SEALING_KEY_UNUSABLE',
      `${at('sealing-key')} is not there, and the store was sealed with key ${keyId}`,
    ]);
    expect(hint).toContain('--sealing-key FILE');
    expect(fs.readdirSync(temporary.path)).toEqual(['elsewhere']);
    expect((await open({ sealingKey: at('elsewhere') })).keyId).toBe(keyId);
  });

  test('that is another is refused, naming both', async () => {
    const { keyId } = await open();
    await makeKeyFile(powers, at('other'), new Uint8Array(32).fill(7));
    const { code, message } = await refusal({ sealingKey: at('other') });
    expect(code).toBe('SEALING_KEY_WRONG');
    expect(message).toMatch(new RegExp(`sealed with key ${keyId}, and ${at('other')} is key [0-9a-f]{16}$`));
  });

  test('that is named must be there', async () => {
    expect(await refusal({ sealingKey: at('none') })).toMatchObject({ code: 'SEALING_KEY_UNUSABLE' });
    expect(fs.readdirSync(temporary.path)).toEqual([]);
  });

  test('is taken from the credentials of systemd if there is one, unless a flag says another', async () => {
    fs.mkdirSync(at('credentials'));
    const environment = { CREDENTIALS_DIRECTORY: at('credentials') };
    const own = await open({}, environment);
    expect(fs.existsSync(at('sealing-key'))).toBe(true);
    row = undefined;
    await makeKeyFile(powers, at('credentials/gobs-sealing-key'), new Uint8Array(32).fill(7));
    const given = await open({}, environment);
    expect(given.keyId).not.toBe(own.keyId);
    row = undefined;
    expect((await open({ sealingKey: at('sealing-key') }, environment)).keyId).toBe(own.keyId);
  });
});

describe('a passphrase', () => {
  test('is the first line of a file or what was typed, and gives the same key with the salt of the store', async () => {
    const first = await open({ passphrase: 'open sesame' });
    expect(parseSealingRow(row!)).toMatchObject({ key: first.keyId, scrypt: { N: 2 ** 17, r: 8, p: 1 } });
    const file = write('passphrase', 'open sesame\r\nand more\n');
    expect((await open({ passphraseFile: file })).keyId).toBe(first.keyId);
    expect(fs.readdirSync(temporary.path)).toEqual(['passphrase']);
    row = undefined;
    expect((await open({ passphraseFile: file })).keyId).not.toBe(first.keyId);
  });

  test('that is another, empty, or in no file is refused, and appears in no error', async () => {
    const { keyId } = await open({ passphrase: 'open sesame' });
    const wrong = await refusal({ passphrase: 'open barley' });
    expect(wrong.code).toBe('SEALING_KEY_WRONG');
    expect(wrong.message).toContain(keyId);
    expect(JSON.stringify(wrong)).not.toContain('barley');
    const empty = write('empty', '\nopen sesame\n');
    for (const settings of [{ passphrase: '' }, { passphraseFile: empty }, { passphraseFile: at('none') }]) {
      expect(await refusal(settings)).toMatchObject({
        code: 'SEALING_KEY_UNUSABLE',
        hint: expect.stringContaining('on the first line') as string,
      });
    }
    const file = write('passphrase', 'open sesame\n');
    fs.chmodSync(file, 0o644);
    expect(await refusal({ passphraseFile: file })).toMatchObject({ code: 'SEALING_KEY_UNUSABLE' });
  });

  test('and a key file are not taken for each other', async () => {
    await open({ passphrase: 'open sesame' });
    expect(await refusal()).toMatchObject({
      code: 'SEALING_KEY_WRONG',
      hint: expect.stringContaining('--passphrase-file') as string,
    });
    expect(fs.readdirSync(temporary.path)).toEqual([]);
    row = undefined;
    await open();
    expect(await refusal({ passphrase: 'open sesame' })).toMatchObject({
      code: 'SEALING_KEY_WRONG',
      hint: expect.stringContaining('--sealing-key') as string,
    });
  });
});

test('a row that says something else, or asks for more memory than is reasonable, is damage', () => {
  const scrypt = { salt: 'A'.repeat(22), N: 2 ** 17, r: 8, p: 1 };
  const key = '0'.repeat(16);
  expect(parseSealingRow(JSON.stringify({ key, scrypt }))).toEqual({ key, scrypt });
  const wrong = [
    ...['', '{', 'null', '{}', '{"key":"x"}'],
    ...[{ N: 2 ** 40 }, { N: 2 ** 23 }, { N: 3 }, { N: 0 }, { r: 1e6 }, { p: 1e6 }, { salt: '' }, { salt: 7 }].map(
      (part) => JSON.stringify({ key, scrypt: { ...scrypt, ...part } }),
    ),
  ];
  for (const text of wrong) expect(() => parseSealingRow(text), text).toThrow(/^STORE_DAMAGED: row k\/! /);
});
