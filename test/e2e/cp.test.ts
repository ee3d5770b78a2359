/** Files to and from a machine, through real processes. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { E } from '@endo/far';
import { main, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { machineAt } from '../support/e2e/machine-files.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { loggedOnce } from '../support/e2e/status-once.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 120_000 });

let sandbox: Sandbox;
let boss: ServingBoss;
let root: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  boss = await startBoss(sandbox);
  expect(await boss.gobs('machine', 'create', 'web1', '--provider', 'local')).toMatchObject({ code: 0 });
  ({ root } = machineAt(boss.state, 'm1'));
});
afterEach(() => sandbox.end());

test('a large file goes there and comes back as it was, and the log says so', async () => {
  const content = Buffer.alloc(20_000_000, 'some bytes ');
  await sandbox.write('large', '');
  writeFileSync(sandbox.at('large'), content);
  expect(await boss.gobs('cp', 'large', 'web1:/large')).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(`${root}/large`).equals(content)).toBe(true);
  expect(await boss.gobs('cp', 'web1:/large', 'back')).toMatchObject({ code: 0 });
  expect(readFileSync(sandbox.at('back')).equals(content)).toBe(true);
  const machine = await E(await boss.admin()).machine('web1');
  await loggedOnce(machine, /^copy from \/large ended after 20000000 bytes$/);
  const log = (await E(machine).log()).map(({ what }) => what);
  expect(log).toContainEqual(expect.stringMatching(/^copy to \/large, by \S+@/));
  expect(log).toContain('copy to /large ended after 20000000 bytes');
});

test('a client that is killed in the middle leaves nothing on the machine', async () => {
  writeFileSync(sandbox.at('large'), Buffer.alloc(400_000_000));
  const client = sandbox.start(process.execPath, [main, 'cp', '--state', boss.state, 'large', 'web1:/large']);
  await until(() => readdirSync(root).some((name) => name.startsWith('.gobs-tmp-')));
  await client.kill('SIGKILL');
  await until(() => readdirSync(root).length === 0);
  const machine = await E(await boss.admin()).machine('web1');
  await loggedOnce(machine, /^copy to \/large did not end well: SESSION_CLOSED$/);
});
