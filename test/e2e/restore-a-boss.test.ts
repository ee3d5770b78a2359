/**
 * docs/how-to/restore-a-boss.md, as written: its command blocks are run one after the other, in a home in which a boss was lost while its hobs ran on.
 * Issue 3, done when 6.
 */
import { E } from '@endo/far';
import { chmod, readdir, readFile, rm } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Boss, MachineAdmin } from '../../src/protocol/remotes.ts';
import type { MachineStatus } from '../../src/protocol/shapes.ts';
import { enliven } from '../support/e2e/gobs.ts';
import { hobPid, killHob, machineAt } from '../support/e2e/machine-files.ts';
import { makeSandbox, type Ran, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';

vi.setConfig({ testTimeout: 240_000 });

const page = fileURLToPath(new URL('../../docs/how-to/restore-a-boss.md', import.meta.url));
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** The blocks of a section, in their order. */
const blocksOf = (section: string): readonly string[] => {
  const text = readFileSync(page, 'utf8')
    .split(/^## /m)
    .find((part) => part.startsWith(section))!;
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
};

let sandbox: Sandbox;
let state: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  state = `${sandbox.home}/.local/state/gobs`;
  await chmod(await sandbox.write('bin/gobs', `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`), 0o755);
});
afterEach(() => sandbox.end());

const shell = (script: string): Promise<Ran> =>
  sandbox.run('bash', ['-c', script], {
    cwd: sandbox.home,
    env: { PATH: `${sandbox.at('bin')}:${process.env.PATH}`, GOBS_HOB_INTERVAL: '1h' },
  });
const done = async (script: string): Promise<Ran> => {
  const ran = await shell(`set -e\n${script}`);
  expect(ran, script).toMatchObject({ code: 0 });
  return ran;
};
const boss = async (): Promise<Boss> => enliven<Boss>(sandbox, await readFile(`${state}/admin.locator`, 'utf8'));
const machine = async (name: string): Promise<MachineAdmin> => E(await boss()).machine(name) as Promise<MachineAdmin>;
const well = async (name: string): Promise<MachineStatus> => statusOnce(await machine(name), isWell);
const document = (text: string, ...names: readonly string[]): Promise<string> =>
  sandbox.write(
    'home/fleet.yaml',
    `machines:\n${names
      .map(
        (name) =>
          `  ${name}:\n    provider: local\n    policy: correct\n    resources: [{ id: motd, type: file, path: /motd, content: "${text}" }]\n`,
      )
      .join('')}`,
  );
const pidOfBoss = (): number => (JSON.parse(readFileSync(`${state}/boss.json`, 'utf8')) as { pid: number }).pid;

/** All but the machines' own directories. */
const loseState = async (): Promise<void> => {
  process.kill(pidOfBoss(), 'SIGKILL');
  for (const name of await readdir(state)) {
    if (name !== 'machines') await rm(`${state}/${name}`, { recursive: true });
  }
};

test('an operator who has lost the state directory gets the fleet back by following the page', async () => {
  await document('yesterday', 'web1', 'web2');
  await done('gobs up < /dev/null; gobs apply fleet.yaml');
  for (const block of blocksOf('Beforehand')) await done(block);

  // What happened between the backup and the loss.
  for (const text of ['this morning', 'today']) {
    await document(text, 'web1', 'web3');
    await done('gobs apply fleet.yaml');
  }
  const [kept, stolen, made] = ['m1', 'm2', 'm3'].map((id) => machineAt(state, id));
  killHob(stolen!.directory);
  await statusOnce(await machine('web2'), ({ online }) => !online);
  await done('gobs machine forget web2');
  const pids = [hobPid(kept!.directory), hobPid(made!.directory)];
  const motd = () => readFileSync(`${kept!.root}/motd`, 'utf8');
  await loseState();

  const [put, look, forget, say, confirm, ...others] = blocksOf('After the loss');
  expect(others).toEqual([]);
  expect((await done(put!)).stderr).toMatch(/restored \d+ rows/);
  const looked = await done(look!);
  expect(looked.stdout).toMatch(/^web1 +ready, held/m);
  expect(looked.stdout).toMatch(/^web2 +ready, held/m);
  expect(looked.stderr).toContain('2 machines of it are held');
  expect(looked.stderr).toContain('provider local has m3 (running), which is no machine of this boss');
  // The hob is back by itself, and is told nothing.
  await statusOnce(await machine('web1'), ({ online, holds }) => online && holds !== null);
  expect(await E(await machine('web1')).status()).toMatchObject({ held: true, holds: { generation: 3, same: false } });
  expect(motd()).toBe('today');

  await done(forget!);
  const said = await shell(say!);
  expect(said.stderr).toMatch(/web1 is held; its hob holds generation 3, which says the same as generation 2/);
  expect(motd()).toBe('today');

  const confirmed = await done(confirm!);
  expect(confirmed.stdout).toMatch(/^web1 +ready +yes/m);
  expect(confirmed.stdout).toMatch(/^web3 +ready +yes/m);
  expect(confirmed.stdout).not.toContain('held');
  expect(motd()).toBe('today');
  // The same hobs, which nobody had to start; and a machine of the same name beside the one that is nobody's.
  expect([hobPid(kept!.directory), hobPid(made!.directory)]).toEqual(pids);
  const { id } = await well('web3');
  expect(Number(id.slice(1))).toBeGreaterThan(1_000_000);
  expect(readFileSync(`${machineAt(state, id).root}/motd`, 'utf8')).toBe('today');
  expect(existsSync(`${made!.root}/motd`)).toBe(true);
  expect((await E(await boss()).orphans()).map(({ machineId }) => machineId).sort()).toEqual(['m2', 'm3']);

  // The boss's word counts again.
  await document('tomorrow', 'web1', 'web3');
  await done('gobs apply fleet.yaml');
  expect(motd()).toBe('tomorrow');
  await done('gobs down --all');
});
