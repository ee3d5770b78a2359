import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { makeKeyFile, parseKey, readSecretFile } from '../../src/sealing/key-file.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

let temporary: TemporaryDirectory;
let path: string;
const uid = process.getuid!();
const key = new Uint8Array(randomBytes(32));
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  path = join(temporary.path, 'sealing-key');
});
afterEach(() => temporary.remove());

const codeOfReading = (...rest: ['credential'] | []): Promise<string> =>
  readSecretFile({ fs, uid }, path, ...rest).then(() => 'taken', codeOf);

describe('a key file', () => {
  test('is made for the eyes of its owner alone, synced before it has its name, and nothing is left beside it', async () => {
    const calls: string[] = [];
    const watched = {
      ...fs,
      promises: {
        ...fs.promises,
        open: async (...args: Parameters<typeof fs.promises.open>) => {
          const file = await fs.promises.open(...args);
          const sync = file.sync.bind(file);
          file.sync = () => {
            calls.push(`sync ${String(args[0]).slice(temporary.path.length)}`);
            return sync();
          };
          return file;
        },
        rename: (from: string, to: string) => {
          calls.push(`rename to ${to.slice(temporary.path.length)}`);
          return fs.promises.rename(from, to);
        },
      },
    } as typeof fs;
    await makeKeyFile({ fs: watched }, path, key);
    expect(calls).toEqual(['sync /sealing-key.new', 'rename to /sealing-key', 'sync ']);
    expect((fs.statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(fs.readdirSync(temporary.path)).toEqual(['sealing-key']);
    expect(parseKey((await readSecretFile({ fs, uid }, path))!, path)).toEqual(key);
  });

  test('does not go through what somebody left in the place of its draft', async () => {
    fs.writeFileSync(`${path}.new`, '');
    fs.chmodSync(`${path}.new`, 0o666);
    const open = fs.openSync(`${path}.new`, 'r');
    await makeKeyFile({ fs }, path, key);
    expect((fs.statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(fs.readFileSync(open, 'utf8')).toBe('');
    fs.closeSync(open);
  });

  test('may be written with the base64 of coreutils', () => {
    const text = Buffer.from(key).toString('base64');
    expect(parseKey(`${text}\n`, path)).toEqual(key);
    expect(parseKey(Buffer.from(key).toString('base64url'), path)).toEqual(key);
  });

  test('with anything else in it is refused, without a word of it', () => {
    const text = Buffer.from(key).toString('base64url');
    for (const wrong of [
      '',
      'nonsense',
      text.slice(1),
      `${text}${text}`,
      `${text}\n${text}`,
      '-----BEGIN PRIVATE KEY-----',
    ]) {
      expect(() => parseKey(wrong, path)).toThrow(/^SEALING_KEY_UNUSABLE: .*sealing-key does not hold a sealing key/);
      if (wrong !== '') expect(() => parseKey(wrong, path)).not.toThrow(wrong);
    }
  });
});

describe('a file with a secret', () => {
  test('that is not there is not there', async () => {
    expect(await readSecretFile({ fs, uid }, path)).toBeUndefined();
  });

  test('that others can read or write, or that belongs to somebody else, is refused', async () => {
    fs.writeFileSync(path, 'secret', { mode: 0o600 });
    expect(await codeOfReading()).toBe('taken');
    for (const mode of [0o640, 0o604, 0o620, 0o644, 0o660, 0o601]) {
      fs.chmodSync(path, mode);
      expect(await codeOfReading(), mode.toString(8)).toBe('SEALING_KEY_UNUSABLE');
    }
    fs.chmodSync(path, 0o400);
    expect(await codeOfReading()).toBe('taken');
    await expect(readSecretFile({ fs, uid: uid + 1 }, path)).rejects.toThrow(
      `belongs to user ${uid}, not to user ${uid + 1}`,
    );
  });

  test('of systemd may be as systemd makes it: of root, with the mask of an ACL', async () => {
    fs.writeFileSync(path, 'secret', { mode: 0o600 });
    fs.chmodSync(path, 0o440);
    expect(await codeOfReading('credential')).toBe('taken');
    fs.chmodSync(path, 0o444);
    expect(await codeOfReading('credential')).toBe('SEALING_KEY_UNUSABLE');
  });

  test('that is a directory, a pipe or far too long is refused, and keeps nobody waiting', async () => {
    fs.mkdirSync(path);
    expect(await codeOfReading()).toBe('SEALING_KEY_UNUSABLE');
    fs.rmdirSync(path);
    fs.writeFileSync(path, 'x'.repeat(5_000), { mode: 0o600 });
    expect(await codeOfReading()).toBe('SEALING_KEY_UNUSABLE');
  });
});
