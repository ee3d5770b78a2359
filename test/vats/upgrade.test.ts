import { M } from '@endo/patterns';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { defineKind, defineKindKit, type DurableMap } from '../../src/vats/kind.ts';
import type { UpgradeStep } from '../../src/vats/lineage.ts';
import { becomes, defineRetiredKind, type Definition } from '../../src/vats/retired-kind.ts';
import { decodeRow } from '../../src/vats/row.ts';
import { errorOf } from './error-of.ts';
import { makeGatedStore } from './gated-store.ts';
import { letAllArrive, watch } from './watch.ts';
import { counterKind, openWorkshop, type Counter, type Workshop, type WorkshopOptions } from './workshop.ts';

interface Host {
  read(): unknown;
  write(value: unknown): void;
  /** Near, of what is in the portrait. */
  touch(): unknown;
}

const HostI = M.interface('Host', {
  read: M.call().returns(M.any()),
  write: M.call(M.any()).returns(),
  touch: M.call().returns(M.any()),
});

interface HostOptions {
  readonly label?: string;
  readonly formerly?: readonly string[];
  readonly upgrades?: readonly UpgradeStep<Host>[];
  readonly portrait?: unknown;
}

/** Its version follows from its upgrades. */
const hostKindOf = ({ label = 'host', formerly = [], upgrades = [], portrait = M.any() }: HostOptions = {}) =>
  defineKind<unknown, Host>({
    label,
    formerly,
    version: upgrades.length + 1,
    upgrades,
    guard: HostI,
    portrait: portrait as never,
    behave: (bcom, _self, value) => ({
      read: () => value,
      write: (next) => bcom(next),
      touch: () => (value as { other: Host }).other.read(),
    }),
  });

let store: MemoryStore;

const openWith = async (kinds: readonly Definition[], options: WorkshopOptions = {}): Promise<Workshop> => {
  const shop = await openWorkshop(store, options);
  for (const kind of kinds) shop.vat.register(kind, {});
  return shop;
};

/** What the row of an actor says, as durable. */
const rowOf = (address: string) => {
  const key = `v/test/a/${address}`;
  const value = store.get(key);
  return value === undefined ? undefined : decodeRow(key, value);
};

/** An older program: a host with that portrait, root `host`; → its address. */
const madeBy = async (kind: ReturnType<typeof hostKindOf>, portrait: unknown): Promise<string> => {
  const shop = await openWith([kind]);
  const made = await shop.vat.makeOnce('host', ({ spawn }) => spawn(kind, portrait));
  await shop.kernel.stop();
  return /^vat:test\/(.*)\/self$/.exec(shop.kernel.nameOf(made)!)![1]!;
};
const rootOf = async (shop: Workshop): Promise<Host> =>
  (await shop.vat.makeOnce('host', () => expect.unreachable())) as Host;

let address: string;

beforeEach(async () => {
  store = makeMemoryStore();
  address = await madeBy(hostKindOf(), { name: 'a' });
});

describe('an actor of an older version', () => {
  const withLabel: UpgradeStep = (old: { name: string }) => ({ ...old, label: old.name.toUpperCase() });
  const withSize: UpgradeStep = (old: object) => ({ ...old, size: 1 });

  test('is upgraded, step by step, by the first call of it, and written at once', async () => {
    const shop = await openWith([hostKindOf({ upgrades: [withLabel, withSize] })]);
    expect(rowOf(address)).toMatchObject({ version: 1, change: 1 });
    expect(await E(await rootOf(shop)).read()).toEqual({ name: 'a', label: 'A', size: 1 });
    expect(rowOf(address)).toMatchObject({ kind: 'host', version: 3, change: 2 });
  });

  test('takes only the steps that it has not behind it', async () => {
    await E(await rootOf(await openWith([hostKindOf({ upgrades: [withLabel] })]))).read();
    expect(rowOf(address)).toMatchObject({ version: 2 });
    const never: UpgradeStep = () => expect.unreachable();
    const shop = await openWith([hostKindOf({ upgrades: [never, withSize] })]);
    expect(await E(await rootOf(shop)).read()).toEqual({ name: 'a', label: 'A', size: 1 });
  });

  test('is upgraded once', async () => {
    const seen: unknown[] = [];
    const counting: UpgradeStep = (old) => {
      seen.push(old);
      return old;
    };
    const kind = hostKindOf({ upgrades: [counting] });
    const shop = await openWith([kind], { cacheLimit: 1 });
    const host = await rootOf(shop);
    await E(host).read();
    await shop.counter(1);
    await shop.counter(2);
    await E(host).read();
    await shop.kernel.stop();
    await E(await rootOf(await openWith([kind]))).read();
    expect(seen).toEqual([{ name: 'a' }]);
  });

  test('keeps its identity, and can become in the same turn', async () => {
    const shop = await openWith([hostKindOf({ upgrades: [withSize] })]);
    const host = await rootOf(shop);
    await E(host).write('next');
    expect(rowOf(address)).toMatchObject({ version: 2, change: 3 });
    expect(await rootOf(shop)).toBe(host);
    expect(await E(host).read()).toBe('next');
  });

  test('gives its step its own reference, the time, and maps', async () => {
    const upgrades: UpgradeStep<Host>[] = [
      ({ name }: { name: string }, { self, now, makeMap }) => {
        const names = makeMap<number>();
        names.set(name, now());
        return { self, names, time: names.get(name) };
      },
    ];
    const shop = await openWith([hostKindOf({ upgrades })]);
    const host = await rootOf(shop);
    const upgraded = (await E(host).read()) as { self: Host; names: DurableMap<number>; time: number };
    expect(upgraded.self).toBe(host);
    expect(await E(upgraded.names).get('a')).toBe(upgraded.time);
    expect(upgraded.time).toBeGreaterThan(0);
  });

  test('of a kit gives its step the record of its facets', async () => {
    const reader = M.interface('Reader', { read: M.call().returns(M.any()) });
    const kitOf = (upgrades: readonly UpgradeStep<{ reader: object }>[]) =>
      defineKindKit<unknown, { reader: { read(): unknown } }>({
        label: 'kit',
        version: upgrades.length + 1,
        upgrades,
        facets: { reader },
        portrait: M.any(),
        behave: (_bcom, _self, value) => ({ reader: { read: () => value } }),
      });
    const older = kitOf([]);
    const first = await openWith([older]);
    const made = await first.vat.makeOnce('kit', ({ spawn }) => spawn(older, null).reader);
    await first.kernel.stop();
    const newer = await openWith([kitOf([(_old, { self }) => self])]);
    const again = newer.kernel.refOf(first.kernel.nameOf(made)!) as { read(): unknown };
    expect(await E(again).read()).toEqual({ reader: again });
  });

  test('whose kind was renamed keeps its address, and is written under the new label', async () => {
    const kind = hostKindOf({ label: 'machine', formerly: ['host'], upgrades: [withSize] });
    const shop = await openWith([kind]);
    const host = await rootOf(shop);
    expect(shop.kernel.nameOf(host)).toBe(`vat:test/${address}/self`);
    expect(await E(host).read()).toEqual({ name: 'a', size: 1 });
    expect(rowOf(address)).toMatchObject({ kind: 'machine', version: 2, change: 2 });
    const fresh = await shop.turn<Host>(({ spawn }) => spawn(kind, { name: 'b', size: 2 }));
    expect(shop.kernel.nameOf(fresh)).toMatch(/^vat:test\/machine\//);
    // Near, by a reference that has the old label in its name.
    expect(await shop.turn((_here, it: Host) => it.read(), host)).toEqual({ name: 'a', size: 1 });
  });

  test('whose kind was only renamed is written under the new label too', async () => {
    const shop = await openWith([hostKindOf({ label: 'machine', formerly: ['host'] })]);
    await E(await rootOf(shop)).read();
    expect(rowOf(address)).toMatchObject({ kind: 'machine', version: 1, change: 2 });
  });

  test('that goes on in a continuation is found by its address', async () => {
    const kind = defineKind<number, { later(): Promise<unknown>; read(): number }>({
      label: 'patient',
      formerly: ['host'],
      version: 2,
      upgrades: [() => 1],
      guard: M.interface('Patient', { later: M.call().returns(M.promise()), read: M.call().returns(M.number()) }),
      portrait: M.number(),
      behave: (_bcom, _self, count, { on }) => ({
        later: () =>
          on(Promise.resolve(), (_value, { bcom, portrait }) => {
            bcom(portrait + 1);
            return portrait;
          }),
        read: () => count,
      }),
    });
    const shop = await openWith([kind], { cacheLimit: 1 });
    const patient = (await rootOf(shop)) as unknown as { later(): Promise<unknown>; read(): number };
    expect(await E(patient).later()).toBe(1);
    expect(await E(patient).read()).toBe(2);
    expect(rowOf(address)).toMatchObject({ kind: 'patient', change: 3 });
  });
});

describe('an upgrade that spawns', () => {
  /** Its name moves into a cell of its own. */
  const spawning = hostKindOf({
    upgrades: [({ name }: { name: string }, { spawn }) => ({ other: spawn(counterKind, name.length) })],
  });
  const countersIn = (rows: MemoryStore) => rows.entries().filter(([key]) => key.startsWith('v/test/a/counter/'));

  test('commits with it', async () => {
    const shop = await openWith([spawning]);
    expect(await E(await rootOf(shop)).touch()).toBe(1);
    expect(countersIn(store)).toHaveLength(1);
  });

  test('leaves nothing when the turn is undone, and happens again', async () => {
    const shop = await openWith([spawning]);
    const host = await rootOf(shop);
    const before = store.entries();
    const failing = shop.turn((_here, it: Host) => {
      it.touch();
      throw Error('undone');
    }, host);
    await expect(failing).rejects.toThrow('undone');
    expect(store.entries()).toEqual(before);
    expect(await E(host).touch()).toBe(1);
    expect(countersIn(store)).toHaveLength(1);
  });

  test('leaves nothing when the near call that it was for is undone, and happens again in the same turn', async () => {
    const shop = await openWith([spawning]);
    const host = await rootOf(shop);
    const names = await shop.turn<string[]>((_here, it: Host) => {
      // What is no method throws in the callee: the call, and the reviving for it, is taken back.
      const attempt = () => {
        try {
          return (it as unknown as { write(a: unknown): void }).write(Promise.resolve());
        } catch (error) {
          return (error as Error).message.split(':')[0];
        }
      };
      return [attempt(), attempt(), it.touch()] as string[];
    }, host);
    expect(names).toEqual(['NOT_DURABLE', 'NOT_DURABLE', 1]);
    expect(countersIn(store)).toHaveLength(1);
    expect(rowOf(address)).toMatchObject({ version: 2, change: 2 });
  });

  test('is lost with a batch that could not be written, and happens again with other numbers', async () => {
    const gated = makeGatedStore(store);
    const shop = await openWorkshop(gated);
    shop.vat.register(spawning, {});
    const host = await rootOf(shop);
    const before = store.entries();
    gated.shut();
    const lost = watch(E(host).touch());
    await gated.refuseOne(Error('disk full'));
    await letAllArrive();
    expect(lost.outcome).toBe('COMMIT_FAILED');
    expect(store.entries()).toEqual(before);
    gated.open();
    expect(await E(host).touch()).toBe(1);
    expect(countersIn(store)).toHaveLength(1);
    expect(store.get('v/test/k')).toContain('counter');
  });

  test('is not done twice when it is evicted before it is written', async () => {
    const gated = makeGatedStore(store);
    const shop = await openWorkshop(gated, { cacheLimit: 1 });
    shop.vat.register(spawning, {});
    const host = await rootOf(shop);
    gated.shut();
    const first = watch(E(host).touch());
    await letAllArrive();
    const others = [watch(shop.turn(() => 1)), watch(shop.turn(() => 2))];
    const second = watch(E(host).touch());
    await letAllArrive();
    gated.open();
    await letAllArrive();
    expect([first, ...others, second].map(({ outcome }) => outcome)).toEqual([1, 1, 2, 1]);
    expect(countersIn(store)).toHaveLength(1);
    expect(rowOf(address)).toMatchObject({ version: 2, change: 2 });
  });

  test('whose turn was undone leaves no behaviour that could become', async () => {
    const kept: ((value: unknown) => void)[] = [];
    const leaking = defineKind<unknown, { leak(): void; use(): void }>({
      label: 'host',
      version: 2,
      upgrades: [(old) => old],
      guard: M.interface('Leaking', { leak: M.call().returns(), use: M.call().returns() }),
      portrait: M.any(),
      behave: (bcom) => ({
        leak: () => {
          kept.push(bcom);
          throw Error('undone');
        },
        use: () => kept[0]!('from before'),
      }),
    });
    const shop = await openWith([leaking]);
    const host = (await rootOf(shop)) as unknown as { leak(): void; use(): void };
    await expect(E(host).leak()).rejects.toThrow('undone');
    await expect(E(host).use()).rejects.toThrow(/^STALE_BECOME/);
  });
});

test('an upgrade that fails in a bcom leaves nothing, though the method catches it', async () => {
  let fails = false;
  const kept: ((value: unknown) => void)[] = [];
  const leaking = defineKind<unknown, { leak(): void }>({
    label: 'host',
    version: 2,
    upgrades: [
      (_old, { spawn }) => {
        const counter = spawn(counterKind, 1);
        if (fails) throw Error('boom');
        return counter;
      },
    ],
    guard: M.interface('Leaking', { leak: M.call().returns() }),
    portrait: M.any(),
    behave: (bcom) => ({
      leak: () => {
        kept.push(bcom);
        throw Error('undone');
      },
    }),
  });
  const shop = await openWith([leaking]);
  await expect(E((await rootOf(shop)) as unknown as { leak(): void }).leak()).rejects.toThrow('undone');
  fails = true;
  const before = store.entries();
  const caught = await shop.turn(() => {
    try {
      return kept[0]!('from before');
    } catch (error) {
      return (error as Error).message.split(':')[0];
    }
  });
  expect(caught).toBe('UPGRADE_FAILED');
  expect(store.entries()).toEqual(before);
});

describe('an upgrade that cannot be', () => {
  const refusal = async (upgrades: UpgradeStep<Host>[], more: HostOptions = {}): Promise<string> => {
    const shop = await openWith([hostKindOf({ upgrades, ...more })]);
    const before = store.entries();
    const host = await rootOf(shop);
    const { message } = await errorOf(E(host).read());
    expect((await errorOf(E(host).write('overwritten'))).message).toBe(message);
    expect((await errorOf(shop.turn((_here, it: Host) => it.read(), host))).message).toBe(message);
    expect(store.entries()).toEqual(before);
    return message;
  };
  const fine: UpgradeStep = (old) => old;

  test('says which step threw, of which row, from what to what, and overwrites nothing', async () => {
    const boom = () => {
      throw Error('boom');
    };
    expect(await refusal([fine, boom])).toBe(
      `UPGRADE_FAILED: row v/test/a/${address}: host version 1 to host version 3: the step of host from 2 to 3: boom\n` +
        'hint: nothing was overwritten; the gobs that wrote it can still read it',
    );
  });

  test('keeps nothing of what its steps made before one threw', async () => {
    const spawnAndThrow: UpgradeStep = (_old, { spawn, makeMap }) => {
      makeMap().set('a', 1);
      return spawn(counterKind, 'no number' as never);
    };
    expect(await refusal([spawnAndThrow])).toMatch(/^UPGRADE_FAILED: .*BAD_PORTRAIT: .*counter/);
  });

  test('says so of a result that has not the shape of the kind; what only one step gives another may have any', async () => {
    const shape = { portrait: M.splitRecord({ size: M.number() }) };
    expect(await refusal([fine, fine], shape)).toMatch(/^UPGRADE_FAILED: .*host version 3: BAD_PORTRAIT: .*size/);
    const shop = await openWith([hostKindOf({ upgrades: [() => 'odd', () => ({ size: 1 })], ...shape })]);
    expect(await E(await rootOf(shop)).read()).toEqual({ size: 1 });
  });

  test('says so of a result that is not passable, or not durable', async () => {
    expect(await refusal([() => () => 1, fine])).toMatch(/^UPGRADE_FAILED: .*from 1 to 2: NOT_PASSABLE/);
    expect(await refusal([() => ({ later: Promise.resolve() })])).toMatch(/^UPGRADE_FAILED: .*NOT_DURABLE/);
  });

  test.each([
    [
      'calls an actor',
      (_old: unknown, { spawn }: { spawn(kind: unknown, portrait: unknown): Counter }) => spawn(counterKind, 1).read(),
    ],
    ['calls itself', (_old: unknown, { self }: { self: Host }) => self.read()],
  ])('because a step %s says that maps only can be called', async (_, step) => {
    expect(await refusal([step as UpgradeStep])).toMatch(
      /^UPGRADE_FAILED: .*near call of read in an upgrade: a step can call maps only, and send to nobody/,
    );
  });

  test('because a step sends to somebody says so', async () => {
    const sending: UpgradeStep<Host> = (old, { self }) => {
      void E(self).read();
      return old;
    };
    expect(await refusal([sending])).toMatch(/^UPGRADE_FAILED: .*send of read in an upgrade/);
  });

  test('can be tried again by a better program', async () => {
    const boom: UpgradeStep = () => {
      throw Error('boom');
    };
    await refusal([boom]);
    const shop = await openWith([hostKindOf({ upgrades: [() => 'mended'] })]);
    expect(await E(await rootOf(shop)).read()).toBe('mended');
  });

  test('does not keep calls from being made again after a step that called one', async () => {
    const shop = await openWith([hostKindOf({ upgrades: [(_old, { self }) => (self as Host).read()] })]);
    await expect(E(await rootOf(shop)).read()).rejects.toThrow(/^UPGRADE_FAILED/);
    const counter = await shop.counter(3);
    expect(await shop.turn((_here, it: Counter) => it.read(), counter)).toBe(3);
  });
});

describe('a map of an actor that is upgraded', () => {
  test('can be read and written by a step', async () => {
    store = makeMemoryStore();
    const older = hostKindOf();
    const first = await openWith([older]);
    await first.vat.makeOnce('host', ({ spawn, makeMap }) => {
      const names = makeMap<string>();
      names.set('a', 'x');
      return spawn(older, { names });
    });
    await first.kernel.stop();
    const step: UpgradeStep = ({ names }: { names: DurableMap<string> }) => {
      names.set('b', `${names.get('a')}y`);
      return { names, size: names.size() };
    };
    const shop = await openWith([hostKindOf({ upgrades: [step] })]);
    const { names, size } = (await E(await rootOf(shop)).read()) as { names: DurableMap<string>; size: number };
    expect([size, await E(names).get('b')]).toEqual([2, 'xy']);
  });
});

describe('a retired kind', () => {
  interface Lamp {
    shine(): string;
    read(): unknown;
  }
  const lampKindOf = (upgrades: readonly UpgradeStep[] = []) =>
    defineKind<{ readonly colour: string }, Lamp>({
      label: 'lamp',
      version: upgrades.length + 1,
      upgrades,
      guard: M.interface('Lamp', { shine: M.call().returns(M.string()), read: M.call().returns(M.any()) }),
      portrait: M.splitRecord({ colour: M.string() }),
      behave: (_bcom, _self, { colour }) => ({ shine: () => colour, read: () => colour }),
    });
  interface Bell {
    ring(): string;
  }
  const bellKind = defineKind<{ readonly tone: string }, Bell>({
    label: 'bell',
    guard: M.interface('Bell', { ring: M.call().returns(M.string()) }),
    portrait: M.splitRecord({ tone: M.string() }),
    behave: (_bcom, _self, { tone }) => ({ ring: () => tone }),
  });
  const splitHost = (lampKind: Definition, version = 1) =>
    defineRetiredKind({
      label: 'host',
      version: 2,
      upgrades: [({ name }: { name: string }) => ({ title: name })],
      replacedBy: [lampKind, bellKind],
      replace: ({ title }: { title: string }) =>
        title === 'a' ? becomes(lampKind, version, { colour: title }) : becomes(bellKind, 1, { tone: title }),
    });

  const twoHosts = async (): Promise<void> => {
    store = makeMemoryStore();
    const older = hostKindOf();
    const first = await openWith([older]);
    await first.turn(({ spawn, bcom }) => bcom([spawn(older, { name: 'a' }), spawn(older, { name: 'b' })]));
    await first.kernel.stop();
  };

  test('is split: each actor becomes what replace says, at the address that it had', async () => {
    await twoHosts();
    const lampKind = lampKindOf();
    const shop = await openWith([lampKind, bellKind, splitHost(lampKind)]);
    const [lamp, bell] = await shop.turn<[Lamp, Bell]>(({ portrait }) => portrait);
    expect([await E(lamp).shine(), await E(bell).ring()]).toEqual(['a', 'b']);
    expect([rowOf('host/2'), rowOf('host/3')]).toMatchObject([
      { kind: 'lamp', version: 1, change: 2 },
      { kind: 'bell', version: 1, change: 2 },
    ]);
    await shop.kernel.stop();
    const again = await openWith([lampKind, bellKind, splitHost(lampKind)]);
    const near = again.turn(({ portrait }) => {
      const [it, other] = portrait as [Lamp, Bell];
      return [it.shine(), other.ring()];
    });
    expect(await near).toEqual(['a', 'b']);
  });

  test('has the methods of all successors near; those of another are refused', async () => {
    await twoHosts();
    const lampKind = lampKindOf();
    const shop = await openWith([lampKind, bellKind, splitHost(lampKind)]);
    const near = await shop.turn<unknown>(({ portrait }) => {
      const [lamp, bell] = portrait as [Lamp & Bell, Lamp & Bell];
      return [lamp.shine(), bell.ring()];
    });
    expect(near).toEqual(['a', 'b']);
    const wrong = shop.turn(({ portrait }) => (portrait as [Bell, Bell])[0].ring());
    await expect(wrong).rejects.toThrow(/^NO_SUCH_METHOD: lamp.self has no method "ring"/);
    const [lamp] = await shop.turn<[Bell]>(({ portrait }) => portrait);
    await expect(E(lamp).ring()).rejects.toThrow(/^NO_SUCH_METHOD: Lamp has no method "ring"/);
  });

  test('whose successor was upgraded since is upgraded through both', async () => {
    await twoHosts();
    const lampKind = lampKindOf([({ colour }: { colour: string }) => ({ colour: `${colour}!` })]);
    const shop = await openWith([lampKind, bellKind, splitHost(lampKind)]);
    const [lamp] = await shop.turn<[Lamp]>(({ portrait }) => portrait);
    expect(await E(lamp).shine()).toBe('a!');
    expect(rowOf('host/2')).toMatchObject({ kind: 'lamp', version: 2 });
  });

  test("whose successor was retired in its turn is replaced by that one's", async () => {
    await twoHosts();
    const oldLamp = defineRetiredKind({
      label: 'lamp',
      replacedBy: [bellKind],
      replace: ({ colour }: { colour: string }) => becomes(bellKind, 1, { tone: `was ${colour}` }),
    });
    const shop = await openWith([oldLamp, bellKind, splitHost(oldLamp)]);
    const [lamp] = await shop.turn<[Bell]>(({ portrait }) => portrait);
    expect(await E(lamp).ring()).toBe('was a');
  });

  test('whose successor was retired without one answers KIND_RETIRED; its rows stay', async () => {
    await twoHosts();
    const before = rowOf('host/2');
    const oldLamp = defineRetiredKind({ label: 'lamp' });
    const shop = await openWith([oldLamp, bellKind, splitHost(oldLamp)]);
    const [lamp] = await shop.turn<[Lamp]>(({ portrait }) => portrait);
    await expect(E(lamp).shine()).rejects.toThrow(/^KIND_RETIRED: row v\/test\/a\/host\/2 would be of kind lamp/);
    expect(rowOf('host/2')).toEqual(before);
  });

  test('says UPGRADE_FAILED of an actor that becomes nothing, or what is not in the list', async () => {
    await twoHosts();
    const lampKind = lampKindOf();
    for (const replace of [() => undefined as never, () => becomes(counterKind, 1, 1)]) {
      const shop = await openWith([lampKind, defineRetiredKind({ label: 'host', replacedBy: [lampKind], replace })]);
      const [lamp] = await shop.turn<[Lamp]>(({ portrait }) => portrait);
      await expect(E(lamp).shine()).rejects.toThrow(/^UPGRADE_FAILED: .*host\/2.*replace of host must give becomes/);
      await shop.kernel.stop();
    }
  });

  test('without successors answers KIND_RETIRED; its rows stay', async () => {
    await twoHosts();
    const before = [rowOf('host/2'), rowOf('host/3')];
    const shop = await openWith([defineRetiredKind({ label: 'host' })]);
    const [host] = await shop.turn<[Host]>(({ portrait }) => portrait);
    await expect(E(host).read()).rejects.toThrow(/^KIND_RETIRED: row v\/test\/a\/host\/2 is of kind host/);
    await shop.turn(({ portrait, bcom }) => bcom([...(portrait as object[])]));
    expect([rowOf('host/2'), rowOf('host/3')]).toEqual(before);
  });

  test('cannot be spawned', async () => {
    const retired = defineRetiredKind({ label: 'gone' });
    const shop = await openWith([retired]);
    await expect(shop.turn(({ spawn }) => spawn(retired as never, 1))).rejects.toThrow();
  });

  test('is refused with what makes no sense', () => {
    const listed = { label: 'x', replacedBy: [bellKind] };
    expect(() => defineRetiredKind(listed)).toThrow(/replacedBy and replace go together/);
    expect(() => defineRetiredKind({ label: 'x', replace: () => becomes(bellKind, 1, {}) })).toThrow(/go together/);
    expect(() => becomes(bellKind, 2, {})).toThrow(/bell has versions 1 to 1, not 2/);
  });
});

describe('a definition', () => {
  test.each([
    ['fewer upgrades than it needs', { version: 3, upgrades: [() => 1] }, /version 3 needs 2 upgrades, there are 1/],
    ['more upgrades than it needs', { version: 1, upgrades: [() => 1] }, /needs 0 upgrades/],
    ['an asynchronous upgrade', { version: 2, upgrades: [async () => 1] }, /synchronous/],
    ['an upgrade that is no function', { version: 2, upgrades: ['1'] }, /synchronous function/],
    ['its own label as a former one', { formerly: ['x'] }, /named twice/],
    ['a former label twice', { formerly: ['y', 'y'] }, /named twice/],
    ['a former label with other letters', { formerly: ['Y y'] }, /must match/],
    ['a former label, though it is never written', { formerly: ['y'], ephemeral: true }, /never written/],
  ])('is refused with %s', (_, options, words) => {
    const base = { label: 'x', guard: HostI, portrait: M.any(), behave: () => ({}) };
    expect(() => defineKind({ ...base, ...options } as never)).toThrow(words);
  });

  test('keeps its former labels from every other kind', async () => {
    const machine = hostKindOf({ label: 'machine', formerly: ['host'] });
    const shop = await openWith([machine]);
    expect(() => shop.vat.register(hostKindOf(), {})).toThrow(/kind host is registered already/);
    const other = await openWorkshop(makeMemoryStore());
    other.vat.register(hostKindOf(), {});
    expect(() => other.vat.register(machine, {})).toThrow(/kind host is registered already/);
    // Nothing of it was taken.
    other.vat.register(hostKindOf({ label: 'machine' }), {});
  });
});
