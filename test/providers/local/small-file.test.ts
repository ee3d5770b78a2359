/** What a hob that was taken over may put where files are expected: nobody is kept waiting, and nothing is read elsewhere. */
import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../../src/errors/gobs-error.ts';
import { machinePaths } from '../../../src/protocol/machine-directory.ts';
import { makeLocalProvider } from '../../../src/providers/local/local-provider.ts';
import { openToAppend, readEnd, readSmallFile } from '../../../src/providers/local/small-file.ts';
import { requestFor } from '../../contracts/provider.ts';
import { localPowers, makeLocalWorld, type LocalWorld } from '../../support/local-world.ts';
import { machineRef } from '../../support/machine-ref.ts';

let world: LocalWorld;
beforeEach(async () => {
  world = await makeLocalWorld();
  await fs.mkdir(world.base);
});
afterEach(() => world.close());

const at = (name: string) => join(world.base, name);
const makePipe = (path: string) => promisify(execFile)('mkfifo', [path]);
const failure = (work: Promise<unknown>) => work.then(() => 'none', codeOf);

describe('a file in a machine directory', () => {
  it('is read up to a bound, or from its end', async () => {
    await fs.writeFile(at('large'), `${'a'.repeat(200_000)}end`);
    expect(await readSmallFile(fs, at('large'))).toBe('a'.repeat(65_536));
    expect(await readEnd(fs, at('large'))).toBe(`${'a'.repeat(4_093)}end`);
    await fs.writeFile(at('small'), 'hello');
    expect([await readSmallFile(fs, at('small')), await readEnd(fs, at('small'))]).toEqual(['hello', 'hello']);
    expect(await readSmallFile(fs, at('missing'))).toBeUndefined();
  });

  it('is refused if it is a pipe, a link or a directory', async () => {
    await makePipe(at('pipe'));
    await fs.symlink('/etc/hostname', at('link'));
    await fs.mkdir(at('directory'));
    for (const name of ['pipe', 'link', 'directory']) {
      expect(await failure(readSmallFile(fs, at(name)))).toBe('PROVIDER_FAILED');
      expect(await failure(readEnd(fs, at(name)))).toBe('PROVIDER_FAILED');
      expect(await failure(openToAppend(fs, at(name)))).toBe('PROVIDER_FAILED');
    }
  });
});

describe('pipes in the place of all files of a machine', () => {
  it('keep neither stop nor start nor destroy waiting', async () => {
    const driver = makeLocalProvider(localPowers(world.base));
    await driver.create(requestFor(world, 'm1'));
    const { hobPid, log, enrolment } = machinePaths(at('m1'));
    for (const path of [hobPid, log, enrolment, `${enrolment}.new`]) {
      await fs.rm(path, { force: true });
      await makePipe(path);
    }
    expect(await driver.find(machineRef('m1'))).toEqual({ machineId: 'm1', state: 'running' });
    await driver.stop(machineRef('m1'));
    expect(await world.hobs('m1')).toEqual([]);
    expect(await failure(driver.start(machineRef('m1')))).toBe('PROVIDER_FAILED');
    expect(await failure(driver.create(requestFor(world, 'm1')))).toBe('PROVIDER_FAILED');
    await driver.destroy(machineRef('m1'));
    expect(await world.traces('m1')).toEqual([]);
  });
});
