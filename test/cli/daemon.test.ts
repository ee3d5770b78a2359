import fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CliPowers, StartedBoss } from '../../src/cli/powers.ts';
import { makeHarness } from './run-in-process.ts';

type Harness = Awaited<ReturnType<typeof makeHarness>>;
let at: Harness;
beforeEach(async () => {
  at = await makeHarness();
});
afterEach(() => {
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

const farewell = () =>
  `The boss and its hobs go on. gobs down --state ${at.state} ends the boss, gobs down --all --state ${at.state} the local hobs too; gobs up --state ${at.state} comes back.\n`;

/** Nobody serves, and nobody ever did. */
const nobody = async () => {
  await fs.rm(at.state, { recursive: true });
  at.running.boss = false;
};

/** A background process that does so, and then says this first line. */
const starting = (work: (log: string) => Promise<string | undefined>) => {
  const release = vi.fn();
  const startBoss = vi.fn<CliPowers['startBoss']>(async ({ log }): Promise<StartedBoss> => ({
    pid: 4711,
    firstLine: work(log),
    release,
  }));
  return { startBoss, release };
};
const serving = () =>
  starting(async () => {
    at.running.boss = true;
    await at.serve();
    return '{"ready":true}';
  });

/** Timers that fire at once, for what looks again and again. */
const impatient = {
  setTimer: (callback: () => void) => {
    at.clock.advance(50);
    setImmediate(callback);
    return () => {};
  },
};

describe('gobs up', () => {
  test('starts a boss in the background if none runs, and opens the REPL on it', async () => {
    await nobody();
    const { startBoss, release } = serving();
    const { code, stdout, stderr } = await at.gobs('up --listen 127.0.0.1:4000 --hob-interval 9s', {
      stdin: 'E(boss).providers()\n',
      powers: { startBoss },
    });
    expect(code).toBe(0);
    expect(stdout).toBe("[ { name: 'local', type: 'local', settings: {} } ]\n");
    expect(stderr).toBe(`gobs: started a boss in ${at.state}\n${farewell()}`);
    expect(startBoss.mock.calls).toEqual([
      [{ state: at.state, json: true, log: join(at.state, 'boss.log'), listen: '127.0.0.1:4000', hobInterval: 9 }],
    ]);
    expect(release).toHaveBeenCalledOnce();
    expect((await fs.stat(at.state)).mode & 0o777).toBe(0o700);
  });

  test('attaches to the boss that runs', async () => {
    const { startBoss } = serving();
    const { code, stderr } = await at.gobs('up', { powers: { startBoss } });
    expect(code).toBe(0);
    expect(stderr).toBe(`gobs: a boss is running in ${at.state}\n${farewell()}`);
    expect(startBoss).not.toHaveBeenCalled();
  });

  test('starts a boss where one was killed', async () => {
    at.running.boss = false;
    const { startBoss } = serving();
    expect((await at.gobs('up', { powers: { startBoss } })).code).toBe(0);
    expect(startBoss).toHaveBeenCalledOnce();
  });

  test('exits with what the REPL exits with', async () => {
    expect((await at.gobs('up', { stdin: 'nonsense\n' })).code).toBe(1);
  });

  test('shows the error of a boss that does not start, and not one of an earlier start', async () => {
    await nobody();
    await fs.mkdir(at.state);
    await fs.writeFile(join(at.state, 'boss.log'), 'gobs: ADDRESS_UNUSABLE: an old one\n');
    const { startBoss } = starting(async (log) => {
      await fs.appendFile(log, '{"level":30}\ngobs: NEWER_FORMAT: the store is of format 9\nhint: upgrade\n');
      return undefined;
    });
    const { code, stdout, stderr } = await at.gobs('up', { powers: { startBoss } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('gobs: NEWER_FORMAT: the store is of format 9\nhint: upgrade\n');
  });

  test('says where to look if a boss ends without a word', async () => {
    await nobody();
    await fs.mkdir(at.state);
    await fs.writeFile(join(at.state, 'boss.log'), 'gobs: ADDRESS_UNUSABLE: an old one\n');
    const { startBoss } = starting(async () => undefined);
    expect((await at.gobs('up', { powers: { startBoss } })).stderr).toBe(
      `gobs: BOSS_NOT_RUNNING: the boss ended before it served\nhint: ${at.state}/boss.log says more\n`,
    );
  });

  test('waits for a boss that somebody else starts just now', async () => {
    await nobody();
    const { startBoss } = starting(async (log) => {
      await fs.appendFile(log, 'gobs: STORE_IN_USE: process 7 has it\n');
      void Promise.resolve().then(async () => {
        await at.serve();
        at.running.boss = true;
      });
      return undefined;
    });
    const { code, stderr } = await at.gobs('up', { powers: { startBoss, ...impatient } });
    expect(code).toBe(0);
    expect(stderr).toContain('a boss is running');
  });

  test('does not wait for ever for one that has the store and does not serve', async () => {
    await nobody();
    const { startBoss } = starting(async (log) => {
      await fs.appendFile(log, 'gobs: STORE_IN_USE: process 7 has it\n');
      return undefined;
    });
    const { code, stderr } = await at.gobs('up', { powers: { startBoss, ...impatient } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'gobs: STORE_IN_USE: process 7 has it\n' });
  });

  test('below a regular file is one line, and nothing is started', async () => {
    await at.write('file', 'x');
    const { startBoss } = serving();
    const { code, stderr } = await at.run(`up --state ${at.directory}/file/state`, { powers: { startBoss } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gobs: STORE_UNUSABLE: \S+\/file\/state: is below a file\nhint: [^\n]+\n$/);
    expect(startBoss).not.toHaveBeenCalled();
  });
});

describe('gobs down', () => {
  const ending = (looks: number) => {
    let left = looks;
    const terminate = vi.fn<CliPowers['terminate']>();
    return {
      terminate,
      isAlive: () => {
        left -= 1;
        return left > 0;
      },
      ...impatient,
    };
  };

  test('ends the boss that runs, and waits until its process is gone', async () => {
    const powers = ending(3);
    const { code, stderr } = await at.gobs('down', { powers });
    expect({ code, stderr }).toEqual({ code: 0, stderr: `gobs: the boss in ${at.state} has ended; its hobs go on\n` });
    expect(powers.terminate.mock.calls).toEqual([[4711]]);
  });

  test('signals nobody where no boss serves, whatever number is in the file', async () => {
    at.running.boss = false;
    const powers = ending(1);
    expect(await at.gobs('down', { powers })).toEqual({
      code: 0,
      stdout: '',
      stderr: `gobs: no boss is running in ${at.state}\n`,
    });
    expect(powers.terminate).not.toHaveBeenCalled();
  });

  test('is 3 if the process does not end in time', async () => {
    const { code, stderr } = await at.gobs('down --timeout 1s', { powers: ending(Infinity) });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^gobs: TIMED_OUT: the boss \(process 4711\)/);
  });

  test('--all stops the machines of local providers first', async () => {
    await fs.mkdir(join(at.state, 'store'));
    at.addReady('web1');
    at.addReady('far1', { provider: 'elsewhere' });
    const { code, stderr } = await at.gobs('down --all', { powers: { terminate: () => {}, isAlive: () => false } });
    expect(code).toBe(0);
    expect(stderr).toBe(
      `gobs: stopped web1; gobs machine start starts them again\ngobs: the boss in ${at.state} has ended\n`,
    );
    expect(at.machines.get('web1')!.status.state).toBe('stopped');
    expect(at.machines.get('far1')!.status.state).toBe('ready');
  });

  test('--all waits for a machine that is just being made', async () => {
    at.end();
    at = await makeHarness({ held: true });
    await fs.mkdir(join(at.state, 'store'));
    at.addReady('web1');
    at.set('web1', { state: 'creating' });
    const down = at.gobs('down --all', { powers: { terminate: () => {}, isAlive: () => false } });
    await at.clock.awaitTimer();
    expect(at.machines.get('web1')!.status.state).toBe('creating');
    at.set('web1', { state: 'ready' });
    await at.clock.awaitTimer(2);
    expect(at.machines.get('web1')!.status.state).toBe('stopping');
    at.set('web1', { state: 'stopped' });
    expect((await down).code).toBe(0);
  });

  test('--all starts a boss for it, if none runs', async () => {
    await fs.mkdir(join(at.state, 'store'));
    at.running.boss = false;
    at.addReady('web1');
    const { startBoss } = serving();
    const terminate = vi.fn();
    expect((await at.gobs('down --all', { powers: { startBoss, terminate, isAlive: () => false } })).code).toBe(0);
    expect(at.machines.get('web1')!.status.state).toBe('stopped');
    expect(terminate).toHaveBeenCalledWith(4711);
  });

  test('--all leaves the boss running if a machine did not stop', async () => {
    at.end();
    at = await makeHarness({ held: true });
    await fs.mkdir(join(at.state, 'store'));
    at.addReady('web1');
    const terminate = vi.fn();
    const down = at.gobs('down --all --timeout 30s', { powers: { terminate } });
    await at.clock.awaitTimer();
    at.clock.advance(30_000);
    const { code, stderr } = await down;
    expect(code).toBe(3);
    expect(stderr).toMatch(/TIMED_OUT: web1 is still stopping[^]*the boss goes on/);
    expect(terminate).not.toHaveBeenCalled();
  });
});

describe('gobs boss and gobs hob', () => {
  test('run their entry points and exit with what these do', async () => {
    const runBoss = vi.fn(async () => 0);
    const runHob = vi.fn(async () => 7);
    expect((await at.gobs('boss --listen 127.0.0.1:0 --json', { powers: { runBoss } })).code).toBe(0);
    expect(runBoss).toHaveBeenCalledWith({ state: at.state, listen: '127.0.0.1:0', json: true });
    await at.gobs('boss --hob-interval 30s', { powers: { runBoss } });
    expect(runBoss).toHaveBeenLastCalledWith({ state: at.state, hobInterval: 30, json: false });
    await at.gobs('boss', { powers: { runBoss }, env: { GOBS_HOB_INTERVAL: '2m' } });
    expect(runBoss).toHaveBeenLastCalledWith({ state: at.state, hobInterval: 120, json: false });
    const { code, stderr } = await at.gobs('boss', { powers: { runBoss }, env: { GOBS_HOB_INTERVAL: 'often' } });
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/BAD_USAGE: GOBS_HOB_INTERVAL: often/),
    });
    await at.gobs('boss', { powers: { runBoss }, env: { GOBS_LISTEN: '[::1]:1' } });
    expect(runBoss).toHaveBeenLastCalledWith({ state: at.state, listen: '[::1]:1', json: false });
    expect((await at.run('hob --directory /srv/m1', { powers: { runHob } })).code).toBe(1);
    expect(runHob).toHaveBeenCalledWith({ directory: '/srv/m1' });
  });
});

describe('gobs repl', () => {
  test('runs statements from standard input', async () => {
    const { code, stdout, stderr } = await at.gobs('repl', { stdin: 'E(boss).machines()\n' });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '[]\n', stderr: farewell() });
  });

  test('on a shared machine has that in scope', async () => {
    at.addReady('web1');
    await fs.writeFile(join(at.directory, 'shared'), (await at.gobs('share web1 --as observer')).stdout, {
      mode: 0o600,
    });
    const { code, stdout } = await at.run('repl --connect-file shared', {
      stdin: 'shared\n(await E(shared).status()).name\n',
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'MachineObserver {…}\nweb1\n' });
  });

  test('does not take its locator from where its statements come from', async () => {
    expect(await at.run('repl --connect-file -')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^gobs: BAD_USAGE: standard input/),
    });
  });
});
