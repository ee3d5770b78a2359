/** What the local provider does with processes: what a hob is given, who is taken for one, and who is left alone. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeError } from '../../../src/errors/gobs-error.ts';
import { formatHobPid, machinePaths, parseProcessStat } from '../../../src/protocol/machine-directory.ts';
import { makeLocalProvider, type LocalProviderPowers } from '../../../src/providers/local/local-provider.ts';
import { requestFor } from '../../contracts/provider.ts';
import { makeLife } from '../../support/life.ts';
import { localPowers, makeLocalWorld, standInHob, type LocalWorld } from '../../support/local-world.ts';
import { mortalPowers } from '../../support/mortal-powers.ts';

let world: LocalWorld;
let started: ChildProcess[];

beforeEach(async () => {
  world = await makeLocalWorld();
  started = [];
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  await world.close();
});

const makeDriver = (powers: Partial<LocalProviderPowers> = {}, life = makeLife()) =>
  makeLocalProvider(mortalPowers({ ...localPowers(world.base), ...powers }, life));

const start = async (words: readonly string[], detached = false): Promise<ChildProcess> => {
  const child = spawn(words[0]!, words.slice(1), { detached, stdio: 'ignore' });
  started.push(child);
  await once(child, 'spawn');
  return child;
};

/** A process that does nothing, with any words on its command line. */
const startIdle = (...words: string[]) =>
  start([process.execPath, '-e', 'setTimeout(() => {}, 300_000)', '--', ...words]);

const makePipe = async (name: string) => {
  const path = join(world.base, '..', name);
  await once(await start(['mkfifo', path]), 'exit');
  return path;
};

const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;
const create = (driver = makeDriver(), machineId = 'm1') => driver.create(requestFor(world, machineId));
const pidOf = async (machineId: string) => Number((await world.hobs(machineId))[0]!.split(' ')[1]);
const pathsOf = (machineId: string) => machinePaths(join(world.base, machineId));
const statOf = (pid: number) => fs.readFile(`/proc/${pid}/stat`, 'utf8');

const failureOf = async (promise: Promise<unknown>) =>
  describeError(
    await promise.then(
      () => 'it did not fail',
      (error: unknown) => error,
    ),
  );

describe('what a hob is given', () => {
  it('is a session of its own, its directory, and a log', async () => {
    await create();
    const pid = await pidOf('m1');
    expect(parseProcessStat(await statOf(pid))).toMatchObject({ pid, session: pid });
    expect(await fs.readlink(`/proc/${pid}/cwd`)).toBe(pathsOf('m1').directory);
    expect(await fs.readlink(`/proc/${pid}/fd/0`)).toBe('/dev/null');
    expect(await fs.readlink(`/proc/${pid}/fd/1`)).toBe(pathsOf('m1').log);
    expect(await fs.readlink(`/proc/${pid}/fd/2`)).toBe(pathsOf('m1').log);
  });

  it('is no secret in its command line or environment, and little else there', async () => {
    const environment = { ...process.env, TOKEN_OF_A_CLOUD: 'hunter2', NODE_OPTIONS: '--no-warnings' };
    await create(makeDriver({ environment }));
    const pid = await pidOf('m1');
    const words = (await fs.readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
    expect(words).toEqual([...standInHob, '--directory', pathsOf('m1').directory]);
    const variables = (await fs.readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter((text) => text !== '');
    expect(variables).toContain(`PATH=${process.env.PATH}`);
    for (const variable of variables) expect(variable).toMatch(/^(PATH|HOME|USER|LOGNAME|LANG|LC_ALL|TZ|TMPDIR)=/);
  });

  it('is none of the files and sockets that the boss has open', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const linksOf = async (pid: number) => {
      const names = await fs.readdir(`/proc/${pid}/fd`);
      return Promise.all(names.map((name) => fs.readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
    };
    await create();
    const isPrivate = (link: string) => /^(socket|pipe):/.test(link);
    const ours = (await linksOf(process.pid)).filter(isPrivate);
    const theirs = (await linksOf(await pidOf('m1'))).filter(isPrivate);
    server.close();
    expect(ours).not.toEqual([]);
    expect(theirs.filter((link) => ours.includes(link))).toEqual([]);
  });
});

describe('a hob that does not start', () => {
  it('fails the create with its last words and where to read more; the machine can be started later', async () => {
    const failing = makeDriver({ hobCommand: [...standInHob, '--fail', 'NEWER_FORMAT: no'] });
    const { code, message, hint } = await failureOf(create(failing));
    expect([code, hint]).toEqual(['PROVIDER_FAILED', `see ${pathsOf('m1').log}`]);
    expect(message).toContain('it said: NEWER_FORMAT: no');
    expect(await failing.find('m1')).toEqual({ machineId: 'm1', state: 'stopped' });
    await makeDriver().start('m1');
    expect(await world.hobs('m1')).toHaveLength(1);
  });

  it('fails the create if there is no such program', async () => {
    const { code, message } = await failureOf(create(makeDriver({ hobCommand: ['/nowhere/hob'] })));
    expect(code).toBe('PROVIDER_FAILED');
    expect(message).toContain('/nowhere/hob');
  });

  it('is waited for also while its command line cannot be read yet', async () => {
    let isYoung = true;
    const readFile = (async (path: string, encoding: 'utf8') =>
      isYoung && path.endsWith('/cmdline') ? '' : fs.readFile(path, encoding)) as typeof fs.readFile;
    const setTimer = (callback: () => void, milliseconds: number) => {
      isYoung = false;
      setTimeout(callback, milliseconds);
    };
    await makeLocalProvider({ ...localPowers(world.base), fs: { ...fs, readFile }, setTimer }).create(
      requestFor(world, 'm1'),
    );
    expect(await world.hobs('m1')).toHaveLength(1);
  });

  it('is given up after a deadline, and is waited for again when create is repeated', async () => {
    const gate = await makePipe('gate');
    let time = 0;
    const now = () => (time += 30_000);
    const slow = makeDriver({ hobCommand: [...standInHob, '--wait-for', gate], now });
    expect((await failureOf(create(slow))).message).toContain('not ready after 60 s');
    const again = create();
    await fs.writeFile(gate, '');
    await again;
    expect(await world.hobs('m1')).toHaveLength(1);
  });
});

describe('a hob that was started by a boss that was killed at once', () => {
  let gate: string;
  beforeEach(async () => {
    gate = await makePipe('gate');
    const hobCommand = [...standInHob, '--wait-for', gate];
    const life = makeLife();
    const lastDeed = ((...args: Parameters<typeof spawn>) => {
      const child = spawn(...args);
      life.end();
      return child;
    }) as typeof spawn;
    expect((await failureOf(create(makeDriver({ hobCommand, spawn: lastDeed }, life)))).message).toContain('dead');
    expect(await world.hobs('m1')).toHaveLength(1);
    expect(await fs.readdir(pathsOf('m1').directory)).not.toContain('hob.pid');
  });

  it('is found and waited for, not doubled', async () => {
    expect(await makeDriver().find('m1')).toEqual({ machineId: 'm1', state: 'running' });
    const hobs = await world.hobs('m1');
    const created = create();
    await fs.writeFile(gate, '');
    await created;
    expect(await world.hobs('m1')).toEqual(hobs);
  });

  it('is stopped', async () => {
    await makeDriver().stop('m1');
    expect(await world.hobs('m1')).toEqual([]);
  });

  it('is ended when its machine is destroyed', async () => {
    await makeDriver().destroy('m1');
    expect(await world.traces('m1')).toEqual([]);
  });

  it('is listed and ended also if its directory was removed by hand', async () => {
    const [lost] = await world.hobs('m1');
    await fs.rm(pathsOf('m1').directory, { recursive: true });
    expect(await makeDriver().list()).toEqual([{ machineId: 'm1', state: 'broken' }]);
    await create();
    expect(await world.hobs('m1')).toHaveLength(1);
    expect(await world.hobs('m1')).not.toContain(lost);
    await fs.rm(pathsOf('m1').directory, { recursive: true });
    await makeDriver().destroy('m1');
    expect(await world.traces('m1')).toEqual([]);
  });
});

describe('of two hobs in one directory', () => {
  it('one stays, whoever started them', async () => {
    const exits: Promise<ChildProcess>[] = [];
    const twice = ((...args: Parameters<typeof spawn>) => {
      const pair = [spawn(...args), spawn(...args)] as const;
      started.push(...pair);
      exits.push(...pair.map((child) => once(child, 'exit').then(() => child)));
      return pair[1];
    }) as typeof spawn;
    await create(makeDriver({ spawn: twice }));
    const loser = await Promise.race(exits);
    const [winner] = started.filter((child) => child !== loser);
    expect(await world.hobs('m1')).toEqual([`process ${winner!.pid}`]);
    expect(await fs.readFile(pathsOf('m1').hobPid, 'utf8')).toBe(formatHobPid(await statOf(winner!.pid!)));
  });

  it('the one that has the lock is waited for when ours has lost', async () => {
    const [forOurs, forOther] = await Promise.all([makePipe('ours'), makePipe('other')]);
    let ours: ChildProcess | undefined;
    const both = ((program: string, words: readonly string[], options: SpawnOptions) => {
      const [script = '', ...rest] = words;
      started.push(spawn(program, [script, '--pause', forOther, ...rest], options));
      ours = spawn(program, [script, '--wait-for', forOurs, ...rest], options);
      return ours;
    }) as typeof spawn;
    let looksAfterwards = 0;
    let lookedAgain = () => {};
    const looked = new Promise<void>((resolve) => {
      lookedAgain = resolve;
    });
    const setTimer = (callback: () => void, milliseconds: number) => {
      if (ours?.exitCode === 1) looksAfterwards += 1;
      if (looksAfterwards === 2) lookedAgain();
      setTimeout(callback, milliseconds);
    };
    const created = create(makeDriver({ spawn: both, setTimer }));
    const otherHasLock = await fs.open(forOther, 'w');
    await fs.writeFile(forOurs, '');
    await Promise.race([looked, created]);
    await otherHasLock.close();
    await created;
    expect(await world.hobs('m1')).toEqual([`process ${started.at(-1)!.pid}`]);
  });

  it('the second ends by itself, also in a machine that was destroyed', async () => {
    await create();
    const hobs = await world.hobs('m1');
    const again = await start([...standInHob, '--directory', pathsOf('m1').directory]);
    expect(await once(again, 'exit')).toEqual([1, null]);
    expect(await world.hobs('m1')).toEqual(hobs);
    await makeDriver().destroy('m1');
    const late = await start([...standInHob, '--directory', pathsOf('m1').directory]);
    expect(await once(late, 'exit')).toEqual([1, null]);
    expect(await world.traces('m1')).toEqual([]);
  });
});

describe('a process that is not the hob', () => {
  const expectLeftAlone = async (child: ChildProcess) => {
    const driver = makeDriver();
    expect(await driver.find('m1')).toEqual({ machineId: 'm1', state: 'stopped' });
    await driver.stop('m1');
    await driver.destroy('m1');
    expect(isAlive(child)).toBe(true);
  };

  beforeEach(async () => {
    await create();
    await makeDriver().stop('m1');
  });

  it('is left alone if it was given the number of a hob that ended', async () => {
    const child = await startIdle('--directory', pathsOf('m1').directory);
    const startTime = parseProcessStat(await statOf(child.pid!))!.startTime - 1;
    await fs.writeFile(pathsOf('m1').hobPid, JSON.stringify({ pid: child.pid, startTime }));
    await expectLeftAlone(child);
  });

  it("is left alone if the directory is a copy and it is the original's hob", async () => {
    await create(makeDriver(), 'm2');
    await fs.copyFile(pathsOf('m2').hobPid, pathsOf('m1').hobPid);
    const hobs = await world.hobs('m2');
    const driver = makeDriver();
    expect(await driver.find('m1')).toEqual({ machineId: 'm1', state: 'stopped' });
    await driver.stop('m1');
    await driver.destroy('m1');
    expect(await world.hobs('m2')).toEqual(hobs);
  });

  it('is left alone if somebody at a terminal names the directory', async () => {
    await expectLeftAlone(await startIdle('--directory', pathsOf('m1').directory));
  });

  it.runIf(process.getuid!() === 0)("is left alone if it is another user's", async () => {
    const words = ['-e', 'setTimeout(() => {}, 300_000)', '--', '--directory', pathsOf('m1').directory];
    const child = spawn(process.execPath, words, { detached: true, stdio: 'ignore', uid: 65_534, cwd: '/' });
    started.push(child);
    await once(child, 'spawn');
    await fs.writeFile(pathsOf('m1').hobPid, formatHobPid(await statOf(child.pid!)));
    await expectLeftAlone(child);
  });

  it('is left alone if the note is unreadable', async () => {
    await fs.writeFile(pathsOf('m1').hobPid, 'not json');
    await expectLeftAlone(await startIdle());
  });

  it('is the hob all the same if somebody started it at a terminal and it has the lock', async () => {
    const child = await startIdle('--directory', pathsOf('m1').directory, '--json');
    await fs.writeFile(pathsOf('m1').hobPid, formatHobPid(await statOf(child.pid!)));
    const driver = makeDriver();
    expect(await driver.find('m1')).toEqual({ machineId: 'm1', state: 'running' });
    const ended = once(child, 'exit');
    await driver.stop('m1');
    expect(await ended).toEqual([null, 'SIGTERM']);
  });
});

describe('a hob that does not stop', () => {
  it('is killed after a deadline', async () => {
    await create(makeDriver({ hobCommand: [...standInHob, '--deaf'] }));
    const signals: string[] = [];
    let time = 0;
    const impatient = makeDriver({
      now: () => (time += 5_000),
      kill: (pid, signal) => {
        signals.push(signal);
        process.kill(pid, signal);
      },
    });
    await impatient.stop('m1');
    expect(signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(await world.hobs('m1')).toEqual([]);
  });

  it('is an error if it cannot be killed', async () => {
    await create();
    let time = 0;
    const powerless = makeDriver({ now: () => (time += 5_000), kill: () => {} });
    const failure = failureOf(powerless.destroy('m1'));
    expect(await failure).toMatchObject({ code: 'PROVIDER_FAILED' });
    expect((await failure).message).toContain(`process ${await pidOf('m1')} cannot be ended`);
    expect(await makeDriver().find('m1')).toEqual({ machineId: 'm1', state: 'broken' });
  });
});
