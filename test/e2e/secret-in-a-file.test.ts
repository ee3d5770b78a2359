/** A secret of the boss becomes a file on a machine, and is looked for everywhere else. */
import { E } from '@endo/far';
import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeCanary, makeSearch } from '../support/e2e/canary.ts';
import { gobs, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { fileOnce, hobPid, killHob, machineAt, readIfThere } from '../support/e2e/machine-files.ts';
import { processesIn } from '../support/e2e/processes-in.ts';
import { rowsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { statusOnce } from '../support/e2e/status-once.ts';

vi.setConfig({ testTimeout: 300_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

const fleet = `machines:
  web1:
    provider: local
    policy: correct
    resources:
      - { id: key, type: file, path: /key, mode: "0600", content: { secret: key } }
      - { id: conf, type: file, path: /conf, mode: "0600", template: "password = {{ password }}", data: { password: { secret: key } } }
`;

const set = async (boss: ServingBoss, text: string): Promise<void> => {
  const ran = await gobs(sandbox, ['secret', 'set', 'key', '--state', boss.state], { stdin: text });
  expect(ran.code, ran.stderr).toBe(0);
};

/** Everything that commands print about it. */
const readAll = async (boss: ServingBoss, file: string): Promise<string> => {
  let said = '';
  for (const command of [
    ...['machine show web1', 'status --json', 'drift', 'drift --cached --json', 'converge web1', `plan ${file}`],
    ...[`plan ${file} --json`, `apply ${file}`, 'trace --json', 'trace web1', 'graph web1'],
  ]) {
    const { stdout, stderr } = await boss.gobs(...command.split(' '));
    said += `${command}: ${stdout}${stderr}`;
  }
  const repl = await gobs(sandbox, ['repl', '--state', boss.state], {
    stdin:
      "E(E(boss).machine('web1')).desired()\nE(E(boss).machine('web1')).planBasis()\nE(E(boss).machine('web1')).drift()\n",
  });
  return `${said}${repl.stdout}${repl.stderr}`;
};

const rowsAsText = async (directory: string): Promise<string> => JSON.stringify(await rowsOf(directory));

test('the text is in the file, and nowhere else on either side; the hob keeps it while the boss is away', async () => {
  const [first, second] = [makeCanary('first'), makeCanary('second')];
  const search = makeSearch({ first, second });
  const file = await sandbox.write('fleet.yaml', fleet);
  let boss = await startBoss(sandbox, { hobInterval: '500ms' });
  expect((await boss.gobs('apply', file)).stderr).toContain('NO_SUCH_SECRET');
  await set(boss, first);
  const applied = await boss.gobs('apply', file);
  expect(applied.code, applied.stderr).toBe(0);
  const machine = machineAt(boss.state, 'm1');
  const [key, conf] = [`${machine.root}/key`, `${machine.root}/conf`];
  expect([readIfThere(key), readIfThere(conf)]).toEqual([first, `password = ${first}`]);

  // Drift by hand is put back, and not shown.
  writeFileSync(key, 'short');
  await fileOnce(key, (text) => text === first);
  let said = (await boss.gobs('drift', 'web1', '--cached')).stdout;

  // Another text is another generation, which the hob pulls.
  await set(boss, second);
  await fileOnce(key, (text) => text === second);
  await fileOnce(conf, (text) => text === `password = ${second}`);
  said += await readAll(boss, file);
  expect(search.inProcesses(await processesIn(sandbox.path))).toEqual([]);

  // Without its boss, and killed: it has its own copy.
  await boss.kill();
  writeFileSync(key, 'while the boss is away');
  await fileOnce(key, (text) => text === second);
  const pid = hobPid(machine.directory);
  killHob(machine.directory);
  rmSync(conf);
  boss = await startBoss(sandbox, { hobInterval: '500ms' });
  await fileOnce(conf, (text) => text === `password = ${second}`);
  await statusOnce(await E(await boss.admin()).machine('web1'), ({ online }) => online);
  expect(hobPid(machine.directory)).not.toBe(pid);
  said += await readAll(boss, file);
  expect((await boss.gobs('down', '--all')).code).toBe(0);

  said += boss.process.stdout.text + boss.process.stderr.text;
  for (const directory of [boss.state, machine.state]) said += await rowsAsText(directory);
  expect(said).toContain('sealed:1:');
  expect(search.in(said)).toEqual([]);
  const own = (path: string) => (path.startsWith('state/machines/m1/root/') ? ['first', 'second'] : []);
  expect(search.inFiles(sandbox.path, own)).toEqual([]);
  // They are there, so it looks for what can be found.
  expect(search.inFiles(sandbox.path)).toHaveLength(2);
});
