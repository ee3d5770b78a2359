/** The boss is killed, and comes back. Issue 2, done when 3. */
import { E } from '@endo/far';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Boss, MachineAdmin, MachineObserver, MachineOperator } from '../../src/protocol/remotes.ts';
import { enliven, gobs, startBoss } from '../support/e2e/gobs.ts';
import { fileOnce, hobPid, killHob, machineAt } from '../support/e2e/machine-files.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, loggedOnce, statusOnce } from '../support/e2e/status-once.ts';

vi.setConfig({ testTimeout: 180_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

const motd = harden({ id: 'motd', type: 'file', path: '/motd', content: 'hello\n' });

const createWell = async (boss: Boss, name: string): Promise<MachineAdmin> => {
  const machine = await E(boss).createMachine(name, { provider: 'local', policy: 'correct', resources: [motd] });
  await statusOnce(machine, isWell);
  return machine;
};

test('a hob whose boss was killed keeps correcting; the next boss has it back without a command, and hears of it', async () => {
  const first = await startBoss(sandbox, { hobInterval: '500ms' });
  await createWell(await first.admin(), 'web1');
  const { directory, root } = machineAt(first.state, 'm1');
  const pid = hobPid(directory);
  await first.kill();

  for (const text of ['once\n', 'twice\n']) {
    writeFileSync(`${root}/motd`, text);
    await fileOnce(`${root}/motd`, (found) => found === 'hello\n');
  }
  expect(hobPid(directory)).toBe(pid);

  const again = Date.now();
  const second = await startBoss(sandbox);
  const machine = await E(await second.admin()).machine('web1');
  await statusOnce(machine, isWell);
  expect((await loggedOnce(machine, /^its hob corrected motd \(content\)$/)).at).toBeGreaterThanOrEqual(again);
  expect(hobPid(directory)).toBe(pid);
  expect(second.listen).toBe(first.listen);
});

test('locators, bindings and references in portraits outlive a boss, a hob, and both at once', async () => {
  let boss = await startBoss(sandbox);
  const admin = await boss.admin();
  const [web1, db] = await Promise.all([createWell(admin, 'web1'), createWell(admin, 'db')]);
  const shared = await boss.gobs('share', 'db', '--as', 'observer');
  await sandbox.write('db.locator', shared.stdout);
  const operator = await E(admin).locatorFor(await E(web1).asOperator());
  await E(web1).bind('db', await E(db).asObserver());

  /** All that was there before, by clients that come anew. */
  const expectAll = async () => {
    const machine = await E(await boss.admin()).machine('web1');
    await statusOnce(machine, isWell);
    // The binding is kept by the hob, and names an actor of the boss.
    expect(await E(machine).bindings()).toEqual(['db']);
    const bound = (await E(machine).lookup('db')) as MachineObserver;
    expect(await statusOnce(bound, isWell)).toMatchObject({ name: 'db', id: 'm2' });
    // The machine's portrait refers to its hob.
    const { report } = await E(await enliven<MachineOperator>(sandbox, operator)).check();
    expect(report!.resources).toEqual([{ id: 'motd', type: 'file', state: 'ok' }]);
    return machine;
  };
  const { directory } = machineAt(boss.state, 'm1');

  await boss.kill();
  boss = await startBoss(sandbox);
  const machine = await expectAll();
  const seen = await gobs(sandbox, ['machine', 'show', '--connect-file', 'db.locator', '--json']);
  expect(JSON.parse(seen.stdout)).toMatchObject({ name: 'db', state: 'ready', online: true });

  killHob(directory);
  await statusOnce(machine, ({ online }) => !online);
  await E(machine).start();
  await expectAll();

  killHob(directory);
  await boss.kill();
  boss = await startBoss(sandbox);
  await E(await E(await boss.admin()).machine('web1')).start();
  await expectAll();
});
