/** How the native part of LevelDB gets beside a hob that is one file. What the bundle carries is tested with it (test/scripts/bundle-hob.test.ts). */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unpackAddon, type AddonPowers } from '../../src/hob/native-addon.ts';

const carry = (host: string, content: string) => ({
  host,
  sha256: createHash('sha256').update(content).digest('hex'),
  packed: () => deflateSync(content).toString('base64'),
});
const carried = [carry('x64-glibc', 'for glibc'), carry('x64-musl', 'for musl'), carry('arm64-glibc', 'for arm')];

let place: string;
let path: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'gobs-addon-'));
  path = join(place, 'level.node');
});
afterEach(() => rm(place, { recursive: true }));

const powers = (given: Partial<AddonPowers> = {}): AddonPowers => ({
  fs,
  architecture: 'x64',
  libc: () => 'musl',
  pid: 7,
  ...given,
});

describe('the native part', () => {
  test('is the one for the architecture and the C library', async () => {
    unpackAddon(path, carried, powers());
    expect(await readFile(path, 'utf8')).toBe('for musl');
    expect(await readdir(place)).toEqual(['level.node']);
  });

  test('that is there already is left as it is, without asking for the C library', async () => {
    await writeFile(path, 'for glibc');
    const libc = () => {
      throw Error('asked');
    };
    unpackAddon(path, carried, powers({ libc }));
    expect(await readFile(path, 'utf8')).toBe('for glibc');
  });

  test('of another architecture is replaced', async () => {
    await writeFile(path, 'for arm');
    unpackAddon(path, carried, powers());
    expect(await readFile(path, 'utf8')).toBe('for musl');
  });

  test('that nobody carries is missed by name', () => {
    expect(() => unpackAddon(path, carried, powers({ architecture: 'arm64' }))).toThrow(
      'this hob has no LevelDB for arm64-musl; it has it for x64-glibc, x64-musl, arm64-glibc',
    );
  });

  test('that was damaged on its way is refused, and nothing is left', async () => {
    const damaged = [{ ...carried[1]!, packed: carried[0]!.packed }];
    expect(() => unpackAddon(path, damaged, powers())).toThrow('is damaged');
    expect(await readdir(place)).toEqual([]);
  });

  test('for which there is no room leaves nothing, and says where', async () => {
    const full = {
      ...fs,
      writeSync: () => {
        throw Object.assign(Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      },
    } as AddonPowers['fs'];
    expect(() => unpackAddon(path, carried, powers({ fs: full }))).toThrow(`${path}: the hob cannot put its LevelDB`);
    expect(await readdir(place)).toEqual([]);
  });
});
