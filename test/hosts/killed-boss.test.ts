/**
 * `kill -9` of the boss while it puts hobs on five hosts, and while it tells twenty what they are to be, at random moments: what was wanted comes
 * about all the same, once. Issue 4, done when 3.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { E } from '@endo/far';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ServingBoss } from '../support/e2e/gobs.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { fleetOf, hobsOf, startLabBoss, tracesOf, writeFleet } from '../support/hosts/lab-fleet.ts';

vi.setConfig({ testTimeout: 900_000 });

const ROUNDS = 10;

describeHosts('a boss that is killed', () => {
  let lab: HostLab;
  let sandbox: Sandbox;
  beforeAll(async () => {
    lab = await openHostLab();
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    sandbox = await makeSandbox();
  });
  afterEach(() => sandbox.end());

  const page = (text: string) => (host: TestHost) => ({
    resources: [{ id: 'page', type: 'file', path: '/srv/page', content: `${text} of ${host.name}\n` }],
  });

  const expectAllAsWanted = async (boss: ServingBoss, hosts: readonly TestHost[], text: string): Promise<void> => {
    const machines = await E(await boss.admin()).machines();
    expect(machines.map(({ name, state, online }) => ({ name, state, online }))).toEqual(
      hosts.map(({ name }) => ({ name, state: 'ready', online: true })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    for (const host of hosts) {
      expect((await host.run('cat /srv/page')).stdout).toBe(`${text} of ${host.name}\n`);
      expect(await hobsOf(host)).toHaveLength(1);
    }
    expect(await E(await boss.admin()).orphans()).toEqual([]);
  };

  /** An `apply`, during which the boss is killed; how long that took if nobody killed it. */
  const applyAndKill = async (boss: ServingBoss, file: string, after: number): Promise<void> => {
    const applied = boss.gobs('apply', file);
    await delay(after);
    await boss.kill();
    await applied;
  };

  const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work();
    return Math.ceil(performance.now() - began);
  };

  test(`while it installs on five hosts, ${ROUNDS} times: each has one hob in the end, and nothing of it when it is destroyed`, async () => {
    const hosts = await lab.startSshHosts(5, { node: true });
    const file = await writeFleet(sandbox, await fleetOf(lab, hosts, page('hello')));
    const names = hosts.map(({ name }) => name);
    let boss = await startLabBoss(sandbox, lab);
    const destroyAll = async () => {
      const destroyed = await Promise.all(names.map((name) => boss.gobs('machine', 'destroy', name, '--yes')));
      expect(destroyed.map(({ code }) => code)).toEqual(names.map(() => 0));
      for (const host of hosts) {
        expect(await tracesOf(host)).toEqual([]);
        await host.run('rm -f /srv/page');
      }
    };
    const whole = await timeOf(async () => expect(await boss.gobs('apply', file)).toMatchObject({ code: 0 }));
    await destroyAll();
    for (let round = 1; round <= ROUNDS; round += 1) {
      const after = randomInt(whole);
      console.log(`installing: round ${round}, killed after ${after} of ${whole} ms`);
      await applyAndKill(boss, file, after);
      boss = await startLabBoss(sandbox, lab);
      expect(await boss.gobs('apply', file)).toMatchObject({ code: 0 });
      await expectAllAsWanted(boss, hosts, 'hello');
      await destroyAll();
    }
  });

  const allOnline = async (boss: ServingBoss, hosts: readonly TestHost[]): Promise<void> => {
    const admin = await boss.admin();
    for (const { name } of hosts) await statusOnce(await E(admin).machine(name), isWell);
  };

  test(`while it applies to twenty hosts, ${ROUNDS} times`, async () => {
    const hosts = await lab.startSshHosts(20, { node: true });
    let boss = await startLabBoss(sandbox, lab);
    const write = async (text: string) => writeFleet(sandbox, await fleetOf(lab, hosts, page(text)));
    expect(await boss.gobs('apply', await write('round 0'))).toMatchObject({ code: 0 });
    const again = await write('once more');
    const whole = await timeOf(async () => expect(await boss.gobs('apply', again)).toMatchObject({ code: 0 }));
    for (let round = 1; round <= ROUNDS; round += 1) {
      const after = randomInt(whole);
      console.log(`applying: round ${round}, killed after ${after} of ${whole} ms`);
      const file = await write(`round ${round}`);
      await applyAndKill(boss, file, after);
      boss = await startLabBoss(sandbox, lab);
      await allOnline(boss, hosts);
      expect(await boss.gobs('apply', file)).toMatchObject({ code: 0 });
      await expectAllAsWanted(boss, hosts, `round ${round}`);
      // A hob that lost a younger connection waits longer each time before it comes back.
      await delay(10_000);
    }
  });
});
