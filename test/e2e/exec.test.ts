/** Commands on a machine, through real processes: a client, a boss, a hob. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { E } from '@endo/far';
import { main, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { machineAt } from '../support/e2e/machine-files.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { loggedOnce } from '../support/e2e/status-once.ts';

vi.setConfig({ testTimeout: 120_000 });

let sandbox: Sandbox;
let boss: ServingBoss;
beforeEach(async () => {
  sandbox = await makeSandbox();
  boss = await startBoss(sandbox);
  expect(await boss.gobs('machine', 'create', 'web1', '--provider', 'local')).toMatchObject({ code: 0 });
});
afterEach(() => sandbox.end());

const words = (...argv: readonly string[]) => [main, 'exec', '--state', boss.state, 'web1', '--', ...argv];
const exec = (argv: readonly string[], stdin = '') => sandbox.run(process.execPath, words(...argv), { stdin });

test('a command has streams, an exit code, the machine for its directory, and lines in the log', async () => {
  const ran = await exec(['sh', '-c', 'pwd; cat; echo oh >&2; exit 7'], 'from here\n');
  expect(ran).toEqual({ code: 7, stdout: `${machineAt(boss.state, 'm1').root}\nfrom here\n`, stderr: 'oh\n' });
  const machine = await E(await boss.admin()).machine('web1');
  await loggedOnce(machine, /^exec sh -c ".*" ended with 7$/);
  const log = await E(machine).log();
  expect(log.map(({ what }) => what)).toContainEqual(expect.stringMatching(/^exec sh -c ".*", by \S+@/));
  expect(await exec(['no-such-program'])).toMatchObject({ code: 127, stdout: '' });
  expect(await exec(['sh', '-c', 'kill -9 $$'])).toMatchObject({ code: 137 });
  const { stdout } = await boss.gobs('trace', 'web1');
  expect(stdout).toMatch(/exec/);
});

test('large streams go through whole, both ways', async () => {
  const { stdout, code } = await exec(
    ['sh', '-c', 'head -c 8000000 /dev/zero | tr "\\0" x; sha256sum'],
    'y'.repeat(3_000_000),
  );
  expect(code).toBe(0);
  expect(stdout.slice(0, 8_000_000)).toBe('x'.repeat(8_000_000));
  expect(stdout.slice(8_000_000)).toContain(createHash('sha256').update('y'.repeat(3_000_000)).digest('hex'));
});

const gone = async (pid: number): Promise<void> => {
  const state = (): string => {
    try {
      return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1]!;
    } catch {
      return 'gone';
    }
  };
  while (!['gone', 'Z', 'X'].includes(state())) await new Promise(setImmediate);
};

test.each(['client', 'boss'] as const)('when the %s is killed, the command and all that it began end', async (who) => {
  const client = sandbox.start(process.execPath, words('sh', '-c', 'sleep 1000 & echo $$ $!; wait'));
  await client.stdout.said('\n');
  const pids = client.stdout.text.trim().split(' ').map(Number);
  if (who === 'client') await client.kill('SIGKILL');
  else await boss.kill();
  await Promise.all(pids.map(gone));
  const ended = await client.ended;
  if (who === 'boss') expect(ended.code).toBe(255);
});

test('Ctrl-C ends it there, and its exit code says so', async () => {
  const client = sandbox.start(process.execPath, words('sh', '-c', 'sleep 1000 & echo $$ $!; wait'));
  await client.stdout.said('\n');
  process.kill(client.pid, 'SIGINT');
  expect(await client.ended).toEqual({ code: 130, signal: null });
});
