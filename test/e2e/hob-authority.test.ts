/** What a hob that was taken over can reach of a real boss: its own side of its own machine, and nothing else. */
import { Level } from 'level';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import process from 'node:process';
import { E, Far } from '@endo/far';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { machineKind } from '../../src/boss/machine.ts';
import { parseLocator } from '../../src/captp/locator.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { MachineHobSideI } from '../../src/protocol/interfaces.ts';
import type { Boss, MachineAdmin } from '../../src/protocol/remotes.ts';
import type { WantedState } from '../../src/protocol/shapes.ts';
import { cellKind, type Cell } from '../../src/vats/actor-lib/cell.ts';
import { makeKernel } from '../../src/vats/kernel.ts';
import { makeAuthorityTries } from '../support/authority-tries.ts';
import { methodsOf, walkAuthority, type Walk } from '../support/authority-walk.ts';
import { someFacts } from '../support/boss-world.ts';
import { bookMachine, holdWaitingBoss, makeHobDirectory, startHob } from '../support/e2e/booked-machine.ts';
import { goneOnce } from '../support/e2e/gone-once.ts';
import type { BossInHand } from '../support/e2e/hold-boss.ts';
import { liveRowsOf } from '../support/e2e/live-rows.ts';
import { sayFrames } from '../support/e2e/raw-session.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { makeWalkingHob, type Visit, type WalkingHob } from '../support/e2e/walking-hob.ts';

let sandbox: Sandbox;
let held: BossInHand;
let boss: Boss;
let machine: MachineAdmin;
let hob: WalkingHob;
let at: Visit;
let desired: WantedState;
let locator: string;
/** The boss's name for what it gave to the hob. */
let side: string;

/** What the boss has ever given to the walker for keeps, by the boss's own books. */
const given = (rows: Readonly<Record<string, string>>): string[] =>
  Object.entries(rows)
    .filter(([key]) => key.startsWith(`p/${hob.keyPair.peerId}/x/`))
    .map(([, name]) => name);

beforeEach(async () => {
  sandbox = await makeSandbox();
  held = await holdWaitingBoss(sandbox);
  boss = await held.admin();
  await E(boss).setSecret('token', 'text');
  const own = await bookMachine(boss, held.state, 'web1');
  const other = await bookMachine(boss, held.state, 'web2');
  startHob(sandbox, await makeHobDirectory(sandbox, 'web2', other.locator));
  await statusOnce(other.machine, isWell);
  machine = own.machine;
  locator = own.locator;
  hob = makeWalkingHob(sandbox, own.locator);
  at = await hob.connect();
  desired = (await E(at.side).attach(hob.own as never, someFacts)) as WantedState;
  await statusOnce(machine, isWell);
  [side = ''] = given(await liveRowsOf(sandbox, held.state));
  expect(side).toMatch(/^vat:boss\/machine\/\d+\/hobSide$/);
});
afterEach(() => sandbox.end());

const outcome = (promise: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(promise).then(
    () => 'answered',
    (error: unknown) => codeOf(error),
  );

/** Walks from these, and from what the boss has handed over in calls. */
const walkFrom = async (...roots: readonly object[]): Promise<Walk> => {
  const others: object[] = [];
  const heard = Far('Heard', { pull: () => harden([...hob.heard]) });
  const nameOf = (reference: object): string | undefined => {
    if (reference === hob.own) return undefined;
    if (reference === heard) return 'heard';
    const name = hob.kernel.nameOf(reference);
    if (name !== undefined) return name.replace(/^peer:\w+\//, 'number ');
    if (!others.includes(reference)) others.push(reference);
    return `object ${others.indexOf(reference) + 1}`;
  };
  const tries = makeAuthorityTries({
    own: hob.own,
    peerId: hob.keyPair.peerId,
    desired,
    now: Date.now(),
    provider: { name: 'local', type: 'local' },
  });
  const { secret } = parseLocator(locator);
  const guess = randomBytes(32).toString('base64url');
  const walk = await walkAuthority({
    roots: [...roots, heard],
    tries: { ...tries, enliven: [[secret], [guess], [hob.keyPair.peerId]] },
    nameOf,
    quiet: at.quiet,
  });
  const ofBoss = (list: readonly string[]) => list.filter((what) => !what.startsWith('heard'));
  return { ...walk, reached: ofBoss(walk.reached), answered: ofBoss(walk.answered) };
};

/** Which lets its hob ask for the text. */
const keyed = { id: 'key', type: 'file', path: '/key', mode: '0600', content: { secret: 'token' } };

/** What an admin does with the machine meanwhile. The hob answers nothing, so some of it fails. */
const beUsed = async (): Promise<void> => {
  await E(machine).setDesired(harden({ resources: [{ id: 'a', type: 'noop' }, keyed] }));
  const calls = [E(machine).check(), E(machine).converge(), E(machine).bindings(), E(machine).lookup('name')];
  await Promise.allSettled([...calls, E(machine).unbind('name')]);
};

/** `vat:boss/cell/7/self` → `v/boss/a/cell/7` */
const keyOf = (name: string): string => name.replace(/^vat:(\w+)\/([\w-]+)\/(\d+)\/.*$/, 'v/$1/a/$2/$3');

/** Of the boss and of other machines: all that a hob should not be able to change. */
const othersOf = (rows: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const machineKey = keyOf(side);
  const { s: references } = JSON.parse(rows[machineKey]!) as { s: readonly string[] };
  const parts = references.filter((name) => /^vat:boss\/(cell|machine-log)\//.test(name)).map(keyOf);
  return Object.fromEntries(Object.entries(rows).filter(([key]) => key !== machineKey && !parts.includes(key)));
};

const ownMethods = ['__getInterfaceGuard__', '__getMethodNames__', ...methodsOf(MachineHobSideI)];
const answersOf = (name: string, methods: readonly string[]): string[] => methods.map((method) => `${name}.${method}`);

/** The same boss again, of whose store something was made in between. */
const restart = async (between: () => Promise<void>): Promise<void> => {
  await at.close();
  expect(await held.stop()).toBe(0);
  await between();
  held = await holdWaitingBoss(sandbox);
  boss = await held.admin();
  machine = await E(boss).machine('web1');
  at = await hob.connect();
};

/** As if some mistake of the boss had let its admin facet into what it tells a hob. */
const plantLeak = async (): Promise<void> => {
  const admin = side.replace(/hobSide$/, 'admin');
  const process_ = { pid: process.pid, kill: process.kill.bind(process) };
  const powers = { fs, Level, process: process_, now: Date.now, randomId: randomUUID };
  const store = await openStore({ ...powers, directory: held.state });
  const kernel = makeKernel({ store, now: Date.now, schedule: setImmediate });
  const vat = kernel.openVat('boss');
  vat.register(cellKind, {});
  vat.register(machineKind, {} as never);
  const { references } = kernel.inspector.portrait(admin);
  for (const name of references.filter((reference) => reference.includes('/cell/'))) {
    const cell = kernel.refOf(name) as Cell;
    const value = (await E(cell).get()) as { readonly policy?: string } | null;
    if (value?.policy === undefined) continue;
    await E(cell).set(harden({ ...value, leak: [{ deep: kernel.refOf(admin) }] }));
  }
  await kernel.stop();
  await store.close();
};

describe('a session of an enrolled hob', () => {
  test('reaches nothing but its own side of its own machine, and changes nothing else', async () => {
    await beUsed();
    const before = await liveRowsOf(sandbox, held.state);
    const walk = await walkFrom(at.bootstrap, at.side);
    expect(hob.heard).toContainEqual(expect.objectContaining({ generation: 1 }));
    expect(walk.reached).toEqual(['number 1', 'object 1']);
    expect(walk.answered).toEqual([
      ...answersOf('number 1', ownMethods),
      ...answersOf('object 1', ['__getMethodNames__', 'enliven']),
    ]);
    expect(walk.pending).toEqual([]);
    expect(walk.secrets).toEqual([]);
    const refusals = walk.refused.filter((what) => what.startsWith('number 1.'));
    expect(refusals.length).toBeGreaterThan(60);
    for (const refusal of refusals) expect(refusal).toMatch(/: NO_SUCH_METHOD$/);

    const after = await liveRowsOf(sandbox, held.state);
    expect(given(after)).toEqual([side]);
    expect(othersOf(after)).toEqual(othersOf(before));
    expect(await E(boss).refusals()).toEqual([]);
  });

  test('can guess no number of a reference that it was not given, to call it or to name it', async () => {
    for (let number = 2; number < 40; number += 1) {
      const guess = at.numbered(number) as MachineAdmin;
      for (const call of [E(guess).status(), E(guess).destroy(), E(at.side).attach(guess as never, someFacts)]) {
        expect(await outcome(call)).toBe('NO_SUCH_EXPORT');
      }
    }
    expect(await outcome(E(at.side).pull())).toBe('answered');
    expect(given(await liveRowsOf(sandbox, held.state))).toEqual([side]);
  });

  test('loses the session by a guess at what others hold, or at what the boss has', async () => {
    await at.close();
    const slots = [1, 2, 3, 7, 99].flatMap((n) => [`o-${n}`, `o+${n}`, `p-${n}`, `p+${n}`, `o+d${n}`, `q-${n + 7}`]);
    const call = (target: string, body: unknown) => ({
      type: 'CTP_CALL',
      questionID: 'q-1',
      target,
      method: { body: JSON.stringify(body), slots: [] },
    });
    for (const slot of slots) {
      const heard = await sayFrames(hob.keyPair, locator, [call(slot, ['status', []])]);
      expect(heard.map(({ type, code }) => code ?? type)).toEqual(['hello', 'PROTOCOL_ERROR']);
    }
    // What it has answers to calls of methods, and to nothing else.
    for (const body of [['portrait'], ['admin'], ['__proto__'], [null, []], ['constructor', []]]) {
      const heard = await sayFrames(hob.keyPair, locator, [call('o-d1', body)]);
      expect(heard).toMatchObject([{ type: 'hello' }, { type: 'CTP_RETURN', answerID: 'q-1' }]);
      expect(JSON.stringify(heard[1]!.exception)).toContain('NO_SUCH_METHOD');
    }
    const pulled = await sayFrames(hob.keyPair, locator, [call('o-d1', ['pull', []])]);
    expect(pulled[1]).toHaveProperty('result');
  });

  test('is ended when its machine is gone, and its key opens nothing any more', async () => {
    await E(machine).destroy();
    await goneOnce(machine);
    expect(await outcome(E(at.side).pull())).toMatch(/^(MACHINE_GONE|SESSION_CLOSED)$/);
    await at.session.closed;
    // It need not even present anything.
    expect(await outcome(hob.dial())).toMatch(/^(MACHINE_GONE|SESSION_CLOSED)$/);
    expect(await outcome(hob.connect())).toMatch(/^(MACHINE_GONE|SESSION_CLOSED)$/);
    expect(await E(boss).refusals()).toMatchObject([{ code: 'MACHINE_GONE', peerId: hob.keyPair.peerId }]);
  });
});

describe('a walker over a real session', () => {
  test('finds what is planted deep in an answer', async () => {
    await restart(plantLeak);
    const walk = await walkFrom(at.side);
    expect(given(await liveRowsOf(sandbox, held.state))).toContain(side.replace(/hobSide$/, 'admin'));
    expect(walk.reached).toContain('number 2');
    expect(walk.answered).toContain('number 2.destroy');
  });

  test('finds what the boss hands it in a call', async () => {
    await E(machine).bind('leak', machine);
    const walk = await walkFrom();
    expect(walk.reached).toContain('number 2');
    expect(walk.answered).toContain('number 2.destroy');
    await goneOnce(machine);
  });
});
