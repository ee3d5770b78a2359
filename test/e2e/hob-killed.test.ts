/** A hob is killed, started again, and copied. Issue 2, done when 4. */
import { E } from '@endo/far';
import { cpSync, existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { hobPid, killHob, machineAt } from '../support/e2e/machine-files.ts';
import { peerKeyIn } from '../support/e2e/peer-key.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';

const hobMain = fileURLToPath(new URL('../../src/hob/main.ts', import.meta.url));

vi.setConfig({ testTimeout: 180_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

const createWell = async (boss: ServingBoss) => {
  const admin = await boss.admin();
  const machine = await E(admin).createMachine('web1', { provider: 'local' });
  await statusOnce(machine, isWell);
  return { admin, machine, place: machineAt(boss.state, 'm1') };
};

test('a killed hob is offline since it was last seen; started again it is the same machine, known by its key', async () => {
  const boss = await startBoss(sandbox);
  const { admin, machine, place } = await createWell(boss);
  const { peerId } = await peerKeyIn(place.state);
  const pid = hobPid(place.directory);

  const before = Date.now();
  killHob(place.directory);
  // That its session has ended is known a turn before the time is noted.
  const { lastSeen } = await statusOnce(machine, ({ online, lastSeen: at }) => !online && at !== null && at >= before);
  expect(lastSeen).toBeLessThanOrEqual(Date.now());
  const list = await boss.gobs('machine', 'list', '--json');
  expect(JSON.parse(list.stdout)).toMatchObject([{ name: 'web1', id: 'm1', state: 'ready', online: false, lastSeen }]);

  expect(existsSync(place.enrolment)).toBe(false);
  expect(await boss.gobs('machine', 'start', 'web1')).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(await E(machine).status()).toMatchObject({ name: 'web1', id: 'm1', state: 'ready', online: true });
  expect(hobPid(place.directory)).not.toBe(pid);
  expect((await peerKeyIn(place.state)).peerId).toBe(peerId);
  const log = (await E(machine).log()).map(({ what }) => what);
  expect(log.filter((what) => what.startsWith('enrolled the hob'))).toHaveLength(1);
  const here = log.filter((what) => what.startsWith('its hob is here'));
  expect(here).toEqual([here[0], here[0]]);
  expect(await E(admin).refusals()).toEqual([]);
});

test('a copy of a hob that is started beside it is turned away, and boss, copy and admin are told of both', async () => {
  const boss = await startBoss(sandbox);
  const { admin, machine, place } = await createWell(boss);
  await E(machine).stop();
  await statusOnce(machine, ({ state }) => state === 'stopped');
  cpSync(place.directory, sandbox.at('copy'), { recursive: true });
  await E(machine).start();
  await statusOnce(machine, isWell);

  const copy = sandbox.start(process.execPath, [hobMain, '--directory', sandbox.at('copy')]);
  const told = JSON.parse(await copy.stderr.said(/^\{.*PEER_ALREADY_CONNECTED.*\}$/m)) as { message: string };
  const noted = JSON.parse(await boss.process.stderr.said(/^\{.*one key from two places.*\}$/m)) as {
    first: string;
    second: string;
  };
  const { first, second } = noted;
  expect(first).not.toBe(second);
  expect(told.message).toMatch(new RegExp(` is connected from ${first}; ${second} was refused$`));
  const log = (await E(machine).log()).map(({ what }) => what);
  expect(log).toContainEqual(
    expect.stringMatching(new RegExp(`from two places .*: ${second} was turned away, ${first} stays$`)),
  );
  expect(await E(admin).refusals()).toMatchObject([
    { machine: 'web1', code: 'PEER_ALREADY_CONNECTED', address: expect.stringMatching(/^127\.0\.0\.1:/) },
  ]);
  expect(await E(machine).status()).toMatchObject({ state: 'ready', online: true });
  expect(await E(machine).check()).toMatchObject({ online: true });
});
