/**
 * What can be reached from each facet of a machine. Every method of every interface of the boss is tried with arguments that the
 * right holder could use.
 */
import { Far } from '@endo/far';
import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { MachineAdminI, MachineHobSideI, MachineObserverI, MachineOperatorI } from '../../src/protocol/interfaces.ts';
import type { MachineAdmin, MachineObserver } from '../../src/protocol/remotes.ts';
import type { Cell } from '../../src/vats/actor-lib/cell.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeAuthorityTries } from '../support/authority-tries.ts';
import { methodsOf, walkAuthority, type Tries, type Walk } from '../support/authority-walk.ts';
import { makeBossWorld, ready, reach, type BossWorld, type Life, type TestHob } from '../support/boss-world.ts';

let world: BossWorld;
let life: Life;
let machine: MachineAdmin;
let hob: TestHob;

const keyed = { id: 'key', type: 'file', path: '/key', mode: '0600', content: { secret: 'token' } };
const spec = harden({ provider: 'fake', resources: [{ id: 'a', type: 'noop' }, keyed] });

beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
  await E(life.boss).setSecret('token', 'text');
  machine = await E(life.boss).createMachine('web1', spec);
  await Promise.all([ready(machine), ready(E(life.boss).createMachine('web2', spec))]);
  hob = world.hobs.get('m1')!;
});

/** Whatever the walker has, it may use: its own hob, and what it knows. */
const makeTries = (): Tries =>
  makeAuthorityTries({
    own: life.kernel.refOf(`peer:${hob.peerId}/1`),
    peerId: hob.peerId,
    desired: hob.desired!,
    now: world.now,
    provider: { name: 'fake', type: 'fake' },
  });

const walkFrom = (...roots: readonly object[]): Promise<Walk> => {
  const others: object[] = [];
  const nameOf = (reference: object): string | undefined => {
    const name = life.kernel.nameOf(reference);
    if (name !== undefined) return name === `peer:${hob.peerId}/1` ? undefined : name;
    if (!others.includes(reference)) others.push(reference);
    return `other ${others.indexOf(reference)}`;
  };
  return walkAuthority({
    roots,
    tries: makeTries(),
    nameOf,
    quiet: async () => {
      for (let n = 0; n < 3; n += 1) {
        await life.kernel.idle();
        await new Promise(setImmediate);
      }
    },
  });
};

/** `boss/machine/7/hobSide` → the last two parts. */
const facetsOf = ({ reached }: Walk): string[] =>
  reached.map((name) => name.replace(/^vat:boss\//, '').replace(/\/[0-9]+\//, '/'));
const methodsAnswered = ({ answered }: Walk): string[] =>
  [...new Set(answered.map((what) => what.split('.').at(-1)!))].sort();

describe('a hob', () => {
  test('reaches nothing but its own side of its machine', async () => {
    const walk = await walkFrom(life.hobSide(hob));
    expect(walk.reached).toEqual([hob.side]);
    expect(facetsOf(walk)).toEqual(['machine/hobSide']);
    expect(methodsAnswered(walk)).toEqual([
      '__getInterfaceGuard__',
      '__getMethodNames__',
      ...methodsOf(MachineHobSideI),
    ]);
    expect(walk.pending).toEqual([]);
    expect(walk.secrets).toEqual([]);
    expect(walk.refused.length).toBeGreaterThan(60);
    for (const refusal of walk.refused) expect(refusal).toMatch(/: (NO_SUCH_METHOD|BAD_ARGUMENTS)$/);
  });

  test('reaches nothing more when its machine is being destroyed, or is gone', async () => {
    const side = life.hobSide(hob);
    await E(machine).destroy();
    await reach(machine, 'gone');
    const walk = await walkFrom(side);
    expect(walk.reached).toEqual([hob.side]);
    expect(methodsAnswered(walk)).toEqual(['__getInterfaceGuard__', '__getMethodNames__']);
  });

  test('would be found out if something leaked: in a record', async () => {
    const { references } = life.kernel.inspector.portrait(life.kernel.nameOf(machine)!);
    const cells = references.filter((name) => name.includes('/cell/'));
    const [desired] = (await Promise.all(
      cells.map(async (name) => {
        const cell = life.kernel.refOf(name) as Cell<{ policy?: string } | null>;
        return (await E(cell).get())?.policy === undefined ? [] : [cell];
      }),
    ).then((found) => found.flat())) as [Cell];
    await E(desired).set(harden({ ...hob.desired, leak: [{ deep: machine }] }));
    const walk = await walkFrom(life.hobSide(hob));
    expect(facetsOf(walk)).toContain('machine/admin');
    expect(walk.answered.some((what) => what.endsWith('/admin.destroy'))).toBe(true);
  });
});

describe('the walker', () => {
  const leaky = (methods: Record<string, () => unknown>): object => Far('Leaky', methods as never);
  const failure = (): Error => Object.assign(Error('sorry'), { details: machine });
  test.each([
    ['in a promise in a list', () => leaky({ pull: () => harden([Promise.resolve(harden([machine]))]) })],
    ['behind another object', () => leaky({ pull: () => leaky({ status: () => harden({ machine }) }) })],
    ['in an error', () => leaky({ pull: () => { throw failure(); } })], // prettier-ignore
    ['in the cause of an error', () => leaky({ pull: () => { throw Error('sorry', { cause: failure() }); } })], // prettier-ignore
    ['by a promise that is rejected', () => leaky({ pull: () => harden({ later: Promise.reject(failure()) }) })],
  ])('finds what leaks %s', async (_where, plant) => {
    expect(facetsOf(await walkFrom(plant()))).toContain('machine/admin');
  });

  test('finds a locator in a text', async () => {
    const root = leaky({ pull: () => 'see gobs://abc.tls/s/secret?host=h' });
    expect((await walkFrom(root)).secrets).toEqual(['gobs://abc.tls/s/secret']);
  });

  test('has arguments for every method that takes some, good enough for whoever may call it', async () => {
    // From all facets at once nothing is out of reach, so nothing may be refused for its arguments in every form.
    const walk = await walkFrom(machine, life.boss, life.process);
    const refusedFor = new Set(
      walk.refused.filter((what) => what.endsWith(': BAD_ARGUMENTS')).map((what) => what.replace(/: .*/, '')),
    );
    expect([...refusedFor]).toEqual([]);
    expect(facetsOf(walk)).toEqual(expect.arrayContaining(['boss/admin', 'boss/process', 'machine/admin']));
  });
});

describe('an observer', () => {
  const argumentsFor = (target: MachineObserver): Readonly<Record<string, readonly unknown[]>> => ({
    check: [],
    converge: [],
    start: [],
    stop: [],
    asOperator: [],
    desired: [],
    planBasis: [],
    lastApplied: [],
    applyDocument: [
      { resources: spec.resources, policy: 'report', labels: {} },
      { generation: 1, labels: {} },
    ],
    setDesired: [{ policy: 'correct' }],
    setLabels: [{ role: 'web' }],
    bind: ['name', target],
    lookup: ['name'],
    bindings: [],
    unbind: ['name'],
    confirm: [],
    trace: [],
    asExecutor: [],
    asCopier: [],
    asJournal: [],
    destroy: [],
    forget: [],
  });
  type Methods = Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
  const call = (target: object, method: string, args: readonly unknown[]): Promise<unknown> =>
    (E(target as never) as Methods)[method]!(...args);
  const minus = (all: readonly string[], some: readonly string[]): string[] =>
    all.filter((method) => !some.includes(method));

  test('reads status and drift, reaches no other facet, and changes nothing by trying', async () => {
    const observer = await E(machine).asObserver();
    const before = world.store.entries();
    const walk = await walkFrom(observer);
    expect(facetsOf(walk)).toEqual(['machine/observer']);
    expect(methodsAnswered(walk)).toEqual([
      '__getInterfaceGuard__',
      '__getMethodNames__',
      ...methodsOf(MachineObserverI),
    ]);
    expect(walk.secrets).toEqual([]);
    expect(world.store.entries()).toEqual(before);
  });

  test('is refused every method of an operator and an admin, with arguments that succeed there, and leaves all rows equal', async () => {
    const observer = await E(machine).asObserver();
    const all = argumentsFor(observer);
    expect(Object.keys(all).sort()).toEqual(minus(methodsOf(MachineAdminI), methodsOf(MachineObserverI)));
    const before = world.store.entries();
    for (const [method, args] of Object.entries(all)) {
      const refusal: unknown = await call(observer, method, args).catch((error: unknown) => error);
      expect(`${method}: ${codeOf(refusal)}`).toBe(`${method}: NO_SUCH_METHOD`);
    }
    await life.kernel.idle();
    expect(world.store.entries()).toEqual(before);

    for (const [method, args] of Object.entries(all)) {
      if (method === 'forget') continue;
      await call(machine, method, args);
      if (method === 'stop') {
        await reach(machine, 'stopped');
        await E(machine).start();
        await ready(machine);
      }
    }
    const other = await E(life.boss).machine('web2');
    await life.disconnect(world.hobs.get('m2')!);
    await call(other, 'forget', all.forget!);
  });

  test.each([
    ['executor', () => E(machine).asExecutor(), ['asExecutor', 'exec']],
    ['journal', () => E(machine).asJournal(), ['asJournal', 'hobLog', 'unitLog']],
    ['copier', () => E(machine).asCopier(), ['asCopier', 'download', 'look', 'upload']],
  ])('is no %s, which is nothing else', async (facet, get, methods) => {
    const walk = await walkFrom(await get());
    expect(facetsOf(walk).filter((name) => name.startsWith('machine/'))).toEqual([`machine/${facet}`]);
    const ofFacet = walk.answered.filter((what) => what.includes('/machine/')).map((what) => what.split('.').at(-1)!);
    expect(ofFacet.sort()).toEqual(['__getInterfaceGuard__', '__getMethodNames__', ...methods].sort());
  });

  test('is less than an operator, and an operator less than an admin', async () => {
    const operator = await E(machine).asOperator();
    const before = world.store.entries();
    for (const [method, args] of Object.entries(argumentsFor(operator))) {
      if (methodsOf(MachineOperatorI).includes(method)) continue;
      const refusal: unknown = await call(operator, method, args).catch((error: unknown) => error);
      expect(`${method}: ${codeOf(refusal)}`).toBe(`${method}: NO_SUCH_METHOD`);
    }
    await life.kernel.idle();
    expect(world.store.entries()).toEqual(before);
    expect(facetsOf(await walkFrom(operator))).toEqual(['machine/observer', 'machine/operator']);
  });
});
