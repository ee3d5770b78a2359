/** A removal whose connection was lost goes on; by then the host may be another machine's. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimScript, removeScript } from '../../../../src/providers/ssh/install/machine-scripts.ts';
import { endings } from '../../../../src/providers/ssh/install/sh-words.ts';
import { makeSandbox, type Sandbox } from '../../../support/e2e/sandbox.ts';
import { until } from '../../../support/until.ts';

const first = { machineId: 'm1', boss: 'b'.repeat(52) };
const second = { machineId: 'm2', boss: 'b'.repeat(52) };

let sandbox: Sandbox;
let children: ChildProcess[];
beforeEach(async () => {
  sandbox = await makeSandbox();
  children = [];
  for (const place of ['var', 'opt', 'opt/hobs', 'units']) await mkdir(sandbox.at(place));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await sandbox.end();
});

const run = (script: string, input = ''): Promise<number> =>
  new Promise((resolve) => {
    const child = execFile('sh', ['-c', script], (error) => resolve(Number(error?.code ?? 0)));
    child.stdin!.end(input);
  });

/** In the place of a hob: it takes its time, and notes that it was told to end. */
const runHob = async (directory: string, name: string) => {
  const told = sandbox.at(`${name}-told`);
  const script = `trap ': >${told}' TERM; echo; while :; do sleep 0.1; done`;
  const child = spawn('sh', ['-c', script, 'x', '--directory', directory], { cwd: directory });
  children.push(child);
  await once(child.stdout, 'data');
  return { told, child };
};

test('removes nothing of a machine that got the host meanwhile, and ends nothing of it', async () => {
  const directory = sandbox.at('var/hob');
  const [programs, units] = [sandbox.at('opt'), sandbox.at('units')];
  const places = { programs, directory, units, service: 'own' } as const;
  await run(claimScript(places, first), 'one\n');
  const slow = await runHob(directory, 'slow');
  const removal = run(removeScript(places, first, undefined));
  await until(() => existsSync(slow.told));

  await rm(directory, { recursive: true });
  await run(claimScript(places, second), 'two\n');
  for (const path of [`${programs}/hobs/hob`, `${units}/gobs-hob.service`]) await writeFile(path, '');
  const other = await runHob(directory, 'other');
  slow.child.kill('SIGKILL');

  expect(await removal).toBe(endings.taken);
  expect(JSON.parse(await readFile(`${directory}/machine`, 'utf8'))).toEqual(second);
  expect([`${programs}/hobs/hob`, `${units}/gobs-hob.service`].map((path) => existsSync(path))).toEqual([true, true]);
  expect({ told: existsSync(other.told), exitCode: other.child.exitCode }).toEqual({ told: false, exitCode: null });
});
