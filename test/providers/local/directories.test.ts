/** What the local provider does with files: what it makes, in which order, and that it removes whatever was put there. */
import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeError } from '../../../src/errors/gobs-error.ts';
import { machinePaths } from '../../../src/protocol/machine-directory.ts';
import { makeLocalProvider, type LocalProviderPowers } from '../../../src/providers/local/local-provider.ts';
import { requestFor } from '../../contracts/provider.ts';
import { localPowers, makeLocalWorld, standInHob, type LocalWorld } from '../../support/local-world.ts';
import { machineRef } from '../../support/machine-ref.ts';

let world: LocalWorld;
beforeEach(async () => {
  world = await makeLocalWorld();
});
afterEach(() => world.close());

const makeDriver = (powers: Partial<LocalProviderPowers> = {}) =>
  makeLocalProvider({ ...localPowers(world.base), ...powers });
const create = (driver = makeDriver(), locator = 'gobs://x.tls/s/first') =>
  driver.create(harden({ ...requestFor(world, 'm1'), locator }));
const paths = () => machinePaths(join(world.base, 'm1'));

/** Makes the directory, but its hob never enrols: it ends at once. */
const notEnrolling = () => makeDriver({ hobCommand: [...standInHob, '--fail', 'on purpose'] });
const createNotEnrolled = (locator?: string) => create(notEnrolling(), locator).catch(() => undefined);

describe("a machine's directory", () => {
  it('is open to nobody else', async () => {
    await createNotEnrolled();
    const { directory, root, state, enrolment, log } = paths();
    const modeOf = async (path: string) => ((await fs.lstat(path)).mode & 0o7777).toString(8);
    expect(await Promise.all([world.base, directory, state, root].map(modeOf))).toEqual(['700', '700', '700', '755']);
    expect(await Promise.all([enrolment, log].map(modeOf))).toEqual(['600', '600']);
    expect((await fs.readdir(directory)).sort()).toEqual(['enrolment', 'hob.log', 'root', 'state']);
  });

  describe('step by step', () => {
    let deeds: string[];
    /** Powers that note what matters of the order. */
    const noting = (): Partial<LocalProviderPowers> => {
      const nameOf = (path: unknown) => String(path).slice(dirname(world.base).length + 1);
      const { spawn, kill } = localPowers(world.base);
      const open: typeof fs.open = async (path, flags, mode) => {
        const handle = await fs.open(path, flags, mode);
        const sync = handle.sync.bind(handle);
        handle.sync = () => {
          deeds.push(`sync ${nameOf(path)}`);
          return sync();
        };
        return handle;
      };
      const rename: typeof fs.rename = (from, to) => {
        deeds.push(`rename ${nameOf(from)}`);
        return fs.rename(from, to);
      };
      return {
        fs: { ...fs, open, rename },
        spawn: ((...args: Parameters<typeof spawn>) => {
          deeds.push('spawn');
          return spawn(...args);
        }) as typeof spawn,
        kill: (pid, signal) => {
          deeds.push(signal);
          return kill(pid, signal);
        },
      };
    };
    beforeEach(() => {
      deeds = [];
    });

    it('is whole and synced before the hob starts', async () => {
      await create(makeDriver(noting()));
      expect(deeds).toEqual([
        'sync machines/m1.making/enrolment',
        'sync machines/m1.making',
        'rename machines/m1.making',
        'sync machines',
        'spawn',
      ]);
    });

    it('is moved away before its hob is ended, so that no other can start', async () => {
      await create();
      await makeDriver(noting()).destroy(machineRef('m1'));
      expect(deeds).toEqual(['rename machines/m1', 'SIGKILL', 'sync machines']);
    });
  });

  it('gets a new locator from a repeated create until the hob has enrolled, and none after that', async () => {
    await createNotEnrolled('gobs://x.tls/s/first');
    expect(await fs.readFile(paths().enrolment, 'utf8')).toBe('gobs://x.tls/s/first\n');
    await createNotEnrolled('gobs://x.tls/s/second');
    expect(await fs.readFile(paths().enrolment, 'utf8')).toBe('gobs://x.tls/s/second\n');
    expect((await fs.lstat(paths().enrolment)).mode & 0o7777).toBe(0o600);
    await create(makeDriver(), 'gobs://x.tls/s/second');
    expect(await world.received('m1')).toBe('gobs://x.tls/s/second');
    await create(makeDriver(), 'gobs://x.tls/s/third');
    expect(await fs.readdir(paths().directory)).not.toContain('enrolment');
  });

  it('keeps what is in its root over stop, start and create', async () => {
    await create();
    await fs.writeFile(join(paths().root, 'motd'), 'hello\n');
    await makeDriver().stop(machineRef('m1'));
    await create();
    expect(await fs.readFile(join(paths().root, 'motd'), 'utf8')).toBe('hello\n');
  });

  it('is removed with everything in it, and nothing that its links lead to', async () => {
    await create();
    const outside = join(world.base, '..', 'outside');
    await fs.mkdir(outside);
    await fs.writeFile(join(outside, 'kept'), 'kept');
    const { root } = paths();
    await fs.symlink(outside, join(root, 'link'));
    await fs.symlink(join(outside, 'kept'), join(root, 'file-link'));
    await fs.link(join(outside, 'kept'), join(root, 'hard-link'));
    await fs.symlink('nowhere', join(root, 'dangling'));
    await fs.mkdir(join(root, 'a', 'b'), { recursive: true });
    await fs.writeFile(Buffer.concat([Buffer.from(`${root}/a/b/`), Buffer.from([0x66, 0xff, 0xfe])]), 'not UTF-8');
    await fs.writeFile(join(root, 'a', 'name\nwith a line end'), '');
    await promisify(execFile)('mkfifo', [join(root, 'fifo')]);
    await makeDriver().destroy(machineRef('m1'));
    expect(await fs.readdir(world.base)).toEqual([]);
    expect(await fs.readFile(join(outside, 'kept'), 'utf8')).toBe('kept');
    expect((await fs.lstat(join(outside, 'kept'))).mode & 0o777).toBe(0o644);
  });

  it('is removed also where its owner made parts of it unwritable and unreadable', async () => {
    // As root everything is writable, so another user does it then.
    const script = fileURLToPath(new URL('../../support/remove-unwritable.ts', import.meta.url));
    const home = await fs.mkdtemp('/tmp/gobs-unwritable-');
    const nobody = 65_534;
    const user = process.getuid!() === 0 ? { uid: nobody, gid: nobody } : {};
    if (process.getuid!() === 0) await fs.chown(home, nobody, nobody);
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [script, home], { ...user, cwd: '/' });
      expect(JSON.parse(stdout)).toEqual({ removableAtOnce: false, left: [] });
    } finally {
      await fs.rm(home, { recursive: true });
    }
  });
});

describe('the base directory', () => {
  it('may be spelled in another way after the boss was started again', async () => {
    await create();
    const hobs = await world.hobs('m1');
    const link = join(world.base, '..', 'link');
    await fs.symlink(dirname(world.base), link);
    const other = makeDriver({ directory: `${link}/machines/` });
    expect(await other.list()).toEqual([{ machineId: 'm1', state: 'running' }]);
    await create(other);
    expect(await world.hobs('m1')).toEqual(hobs);
    await other.destroy(machineRef('m1'));
    expect(await world.traces('m1')).toEqual([]);
  });

  it('may hold things that are no machines', async () => {
    await create();
    await fs.mkdir(join(world.base, 'lost+found'));
    await fs.writeFile(join(world.base, 'README.txt'), '');
    expect(await makeDriver().list()).toEqual([{ machineId: 'm1', state: 'running' }]);
  });

  it('is named with the reason when it cannot be used', async () => {
    const file = join(dirname(world.base), 'file');
    await fs.writeFile(file, '');
    const driver = makeDriver({ directory: join(file, 'machines') });
    for (const attempt of [() => create(driver), () => driver.list(), () => driver.destroy(machineRef('m1'))]) {
      const error = describeError(
        await attempt().then(
          () => 'no error',
          (reason: unknown) => reason,
        ),
      );
      expect(error.code).toBe('PROVIDER_FAILED');
      expect(error.message).toContain(file);
      expect(error.message).toContain('ENOTDIR');
    }
  });

  it('must be an absolute path', () => {
    expect(() => makeDriver({ directory: 'machines' })).toThrow(TypeError);
  });
});
