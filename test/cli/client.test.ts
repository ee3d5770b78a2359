/** The command line as a process, over a real session with a near boss. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveNearBoss } from './near-boss-served.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let at: Awaited<ReturnType<typeof serveNearBoss>>;
beforeEach(async () => {
  at = await serveNearBoss();
});
afterEach(() => at.end());

const gobs = async (words: string, stdin = '') => {
  const child = spawn(process.execPath, [main, ...words.split(' '), '--state', at.state], {
    env: { HOME: at.state, PATH: process.env.PATH },
    stdio: 'pipe',
  });
  child.stdin.end(stdin);
  const ended = once(child, 'exit') as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
};

test('a machine is made, listed, shown and destroyed', async () => {
  expect(await gobs('machine create web1 --provider local --json')).toMatchObject({ code: 0, stderr: '' });
  const list = await gobs('machine list --json');
  expect(JSON.parse(list.stdout)).toMatchObject([{ name: 'web1', state: 'ready', online: true }]);
  expect((await gobs('machine show web1')).stdout).toMatch(/^name: +web1\n/);
  expect(await gobs('machine destroy web1 --yes')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect((await gobs('machine list --json')).stdout).toBe('[]\n');
});

test('an error keeps its code and hint over the wire, and is one line', async () => {
  expect(await gobs('machine create web1 --provider nowhere')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'gobs: NO_SUCH_PROVIDER: nowhere: there is no such provider\nhint: gobs provider list\n',
  });
});

test('the REPL asks from afar, shows what it gets, and says when something fails', async () => {
  const { code, stdout, stderr } = await gobs(
    'repl',
    "const web1 = await E(boss).createMachine('web1', { provider: 'local' })\nweb1\nE(boss).machines()\n(await E(boss).__getMethodNames__()).includes('createMachine')\nE(boss).machine('web9')\n.vats\n",
  );
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^MachineAdmin \{…\}\nNAME[^\n]*\nweb1 +ready[^\n]*\ntrue\nVAT +ACTORS +CACHED\nboss +2 +1\n$/,
  );
  expect(stderr).toMatch(
    /^NO_SUCH_MACHINE: web9: there is no such machine\nThe boss and its hobs go on\. gobs down --state [^\n]*\n$/,
  );
});

test('a boss that goes away while somebody waits is 3, and said to be unknown', async () => {
  at.addReady('web1');
  at.deaf.add('web1');
  const checked = at.whenCalled('check web1');
  const running = gobs('drift web1 --json');
  await checked;
  await at.peer.close();
  const { code, stdout, stderr } = await running;
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject([{ name: 'web1', error: { code: 'SESSION_CLOSED' } }]);
});

test('a boss that was killed and left its locator is not running', async () => {
  await at.peer.close();
  expect(await gobs('machine list')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^gobs: BOSS_NOT_RUNNING: no boss is running in /),
  });
});

test('an interrupt while a machine is stopped says that the work goes on', async () => {
  at.addReady('web1');
  at.stuck.add('web1');
  const waits = at.whenCalled('nextStatus web1');
  const child = spawn(process.execPath, [main, 'machine', 'stop', 'web1', '--state', at.state], { stdio: 'pipe' });
  const ended = once(child, 'exit') as Promise<[number]>;
  await waits;
  child.kill('SIGINT');
  const [stderr, [code]] = await Promise.all([text(child.stderr), ended]);
  expect(code).toBe(3);
  expect(stderr).toMatch(/^gobs: interrupted: the work goes on; look at it with [^\n]*\n$/);
  expect(at.machines.get('web1')!.status.state).toBe('stopping');
});
