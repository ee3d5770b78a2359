/** A hob that has authority over others in its bindings, and was taken over: what is left of that when its machine is gone, or held after a restore. */
import { E } from '@endo/far';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { Boss, MachineAdmin } from '../../src/protocol/remotes.ts';
import { someFacts } from '../support/boss-world.ts';
import { bookMachine, holdWaitingBoss } from '../support/e2e/booked-machine.ts';
import { gobs } from '../support/e2e/gobs.ts';
import type { BossInHand } from '../support/e2e/hold-boss.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { makeWalkingHob, type Visit, type WalkingHob } from '../support/e2e/walking-hob.ts';

vi.setConfig({ testTimeout: 120_000 });

let sandbox: Sandbox;
let held: BossInHand;
let boss: Boss;
let machine: MachineAdmin;
let hob: WalkingHob;
let at: Visit;
/** The boss, as the hob has it from its bindings. */
let bound: Boss;

beforeEach(async () => {
  sandbox = await makeSandbox();
  held = await holdWaitingBoss(sandbox);
  boss = await held.admin();
  const booked = await bookMachine(boss, held.state, 'web1');
  machine = booked.machine;
  hob = makeWalkingHob(sandbox, booked.locator);
  at = await hob.connect();
  await E(at.side).attach(hob.own as never, someFacts);
  await statusOnce(machine, isWell);
  await E(machine).bind('boss', boss as never);
  bound = hob.heard.at(-1) as Boss;
  expect(await E(bound).secrets()).toEqual([]);
});
afterEach(() => sandbox.end());

const outcome = (asked: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(asked).then(
    () => 'answered',
    (error: unknown) => codeOf(error),
  );
const leave = async (): Promise<void> => {
  await at.close();
  await statusOnce(machine, ({ online }) => !online);
};

test('the key of a forgotten machine gets no session, in which it could use what it was given', async () => {
  await leave();
  await E(machine).forget();
  expect(await outcome(hob.dial())).toBe('SESSION_CLOSED');
  expect(await outcome(E(bound).removeSecret('x'))).toBe('SESSION_CLOSED');
  expect(await E(boss).refusals()).toMatchObject([{ machine: 'web1', code: 'MACHINE_GONE', times: 1 }]);
});

test('the session of a hob ends when its machine is destroyed', async () => {
  await E(machine).destroy();
  await at.session.closed;
  expect(await outcome(E(bound).secrets())).toBe('SESSION_CLOSED');
});

test('the hob of a machine that is held after a restore has nothing but its side of it, until that is confirmed', async () => {
  const file = sandbox.at('backup');
  expect((await gobs(sandbox, ['store', 'backup', file, '--state', held.state])).code).toBe(0);
  await leave();
  await E(machine).forget();
  await held.stop();
  expect((await gobs(sandbox, ['store', 'restore', file, '--replace', '--state', held.state])).code).toBe(0);
  held = await holdWaitingBoss(sandbox);
  boss = await held.admin();
  machine = (await E(boss).machine('web1')) as MachineAdmin;

  at = await hob.connect();
  expect(await outcome(E(bound).secrets())).toBe('RESTORE_UNCONFIRMED');
  expect(await outcome(E(bound).machine('web1'))).toBe('RESTORE_UNCONFIRMED');
  expect(await outcome(E(at.side).attach(bound as never, someFacts))).toBe('RESTORE_UNCONFIRMED');
  expect(await outcome(E(at.side).attach(hob.own as never, someFacts))).toBe('RESTORE_UNCONFIRMED');
  expect(await E(machine).status()).toMatchObject({ held: true, online: true });

  await E(machine).confirm();
  await statusOnce(machine, (status) => !status.held);
  expect(await E(bound).secrets()).toEqual([]);
});
