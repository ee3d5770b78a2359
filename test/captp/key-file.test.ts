import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openKeyFile } from '../../src/captp/key-file.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

let temporary: TemporaryDirectory;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
});
afterEach(() => temporary.remove());

describe('a key file', () => {
  test('is made once, for nobody else to read', async () => {
    const path = join(temporary.path, 'key.pem');
    const made = await openKeyFile({ fs, randomBytes }, path);
    expect((fs.statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect((await openKeyFile({ fs, randomBytes }, path)).peerId).toBe(made.peerId);
    expect(fs.readdirSync(temporary.path)).toEqual(['key.pem']);
  });

  test('is not written through what somebody left in the place of its draft', async () => {
    const path = join(temporary.path, 'key.pem');
    const elsewhere = join(temporary.path, 'elsewhere');
    fs.writeFileSync(elsewhere, 'mine');
    fs.symlinkSync(elsewhere, `${path}.new`);
    await openKeyFile({ fs, randomBytes }, path);
    expect(fs.readFileSync(elsewhere, 'utf8')).toBe('mine');
    expect(fs.lstatSync(path).isFile()).toBe(true);

    fs.rmSync(path);
    fs.writeFileSync(`${path}.new`, '');
    fs.chmodSync(`${path}.new`, 0o666);
    const open = fs.openSync(`${path}.new`, 'r');
    await openKeyFile({ fs, randomBytes }, path);
    expect((fs.statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(fs.readFileSync(open, 'utf8')).toBe('');
    fs.closeSync(open);
  });
});
