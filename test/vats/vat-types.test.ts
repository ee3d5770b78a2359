import { M } from '@endo/patterns';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { KernelOptions, VatHandle } from '../../src/vats/kernel.ts';
import { defineKind, defineKindKit } from '../../src/vats/kind.ts';
import type { Store } from '../../src/vats/store.ts';
import type { MakeVat } from '../../src/vats/vat-types.ts';
import { countingStore } from '../support/counting-store.ts';
import { openTestKernel, type TestKernel } from '../support/test-kernel.ts';
import { until } from '../support/until.ts';
import { makeGatedStore } from './gated-store.ts';
import { counterKind, openWorkshop, type Counter, type Workshop } from './workshop.ts';

interface Node {
  /** Makes a vat whose node refers to this one, and refers to it. */
  grow(name: string): Node;
  next(): Node | null;
  /** Adds to its own count, and so does the one that it refers to, `hops` times. */
  pass(hops: number): void;
  count(): number;
  /** Makes an actor in its own vat. */
  bear(): Counter;
  /** What its vat was opened with. */
  about(): unknown;
}

interface NodePortrait {
  readonly next: Node | null;
  readonly count: number;
}

interface About {
  readonly motto: string;
}

type MakeNode = MakeVat<NodePortrait, Node, About>;

const nodeKind = defineKind<NodePortrait, Node, { readonly makeNode: MakeNode; readonly about: About }>({
  label: 'node',
  guard: M.interface('Node', {
    grow: M.call(M.string()).returns(M.remotable()),
    next: M.call().returns(M.any()),
    pass: M.call(M.number()).returns(),
    count: M.call().returns(M.number()),
    bear: M.call().returns(M.remotable()),
    about: M.call().returns(M.any()),
  }),
  portrait: M.splitRecord({ next: M.any(), count: M.number() }),
  behave: (bcom, self, portrait, { makeNode, about, spawn }) => ({
    grow: (name) => {
      const next = makeNode({ name, about: { motto: `made by ${about.motto}` }, portrait: { next: self, count: 0 } });
      bcom({ ...portrait, next });
      return next;
    },
    next: () => portrait.next,
    pass: (hops) => {
      bcom({ ...portrait, count: portrait.count + 1 });
      if (hops > 0 && portrait.next !== null) void E(portrait.next).pass(hops - 1);
    },
    count: () => portrait.count,
    bear: () => spawn(counterKind, portrait.count),
    about: () => about,
  }),
});

interface Scene {
  readonly kernel: TestKernel;
  readonly shop: Workshop;
  readonly makeNode: MakeNode;
  /** Names of the vats that were opened, in that order. */
  readonly opened: string[];
}

const open = async (
  store: Store,
  fault?: (name: string) => void,
  options: Partial<KernelOptions> = {},
): Promise<Scene> => {
  const kernel = openTestKernel(store, options);
  const opened: string[] = [];
  const makeNode: MakeNode = kernel.defineVatType({
    type: 'node',
    root: nodeKind,
    open: (vat: VatHandle, about: About) => {
      opened.push(vat.name);
      fault?.(vat.name);
      vat.register(counterKind, {});
      vat.register(nodeKind, { makeNode, about });
    },
  });
  return { kernel, opened, makeNode, shop: await openWorkshop(store, { kernel }) };
};

const first = { name: 'first', about: { motto: 'host' }, portrait: { next: null, count: 0 } };
const make = ({ shop, makeNode }: Scene, what: Parameters<MakeNode>[0] = first): Promise<Node> =>
  shop.turn(() => makeNode(what));
const nodeOf = ({ kernel }: Scene, vat: string): Node => kernel.refOf(`vat:${vat}/node/1/self`) as Node;
const keysOf = (store: MemoryStore, prefix: string) =>
  store
    .entries()
    .map(([key]) => key)
    .filter((key) => key.startsWith(prefix));

describe('a vat that a turn makes', () => {
  test('is there with the turn, is opened by the first message, once, and knows what it is about', async () => {
    const store = makeMemoryStore();
    const scene = await open(store);
    const node = await make(scene);
    expect(keysOf(store, 'v/first/')).toEqual(['v/first/!', 'v/first/a/node/1', 'v/first/k']);
    expect(scene.opened).toEqual([]);
    expect(await scene.kernel.inspector.vats()).toMatchObject([
      { name: 'test', type: null, open: true },
      { name: 'first', type: 'node', open: false, cached: 0 },
    ]);
    expect(await Promise.all([E(node).count(), E(node).about()])).toEqual([0, { motto: 'host' }]);
    expect(scene.opened).toEqual(['first']);
    expect(await scene.kernel.inspector.vats()).toMatchObject([{}, { name: 'first', open: true, cached: 1 }]);
  });

  test('is another vat: its actors answer to E() only, also in the turn that made it', async () => {
    const scene = await open(makeMemoryStore());
    const code = scene.shop.turn(() => (scene.makeNode(first) as unknown as Counter).read());
    await expect(code).rejects.toThrow(/is not a function/);
    const said = await scene.shop.turn(() => E(scene.makeNode(first)).about());
    expect(said).toEqual({ motto: 'host' });
  });

  test('gives a facet for each of its root, if that is a kit', async () => {
    const kitKind = defineKindKit<number, { reader: { read(): number }; writer: { write(n: number): void } }>({
      label: 'kit',
      facets: {
        reader: M.interface('Reader', { read: M.call().returns(M.number()) }),
        writer: M.interface('Writer', { write: M.call(M.number()).returns() }),
      },
      portrait: M.number(),
      behave: (bcom, _self, n) => ({ reader: { read: () => n }, writer: { write: (next) => bcom(next) } }),
    });
    const { kernel, shop } = await open(makeMemoryStore());
    const makeKit = kernel.defineVatType({ type: 'kit', root: kitKind, open: (vat) => vat.register(kitKind, {}) });
    const { reader, writer } = await shop.turn<ReturnType<typeof makeKit>>(() => makeKit({ about: null, portrait: 1 }));
    await E(writer).write(7);
    expect(await E(reader).read()).toBe(7);
    expect(kernel.nameOf(reader)).toBe('vat:kit-1/kit/1/reader');
  });

  test('keeps its type when its actors make others, and is found again by its own references after a restart', async () => {
    const store = makeMemoryStore();
    const scene = await open(store);
    const node = await make(scene);
    expect(scene.kernel.nameOf(await E(node).bear())).toBe('vat:first/counter/2/self');
    await E(node).grow('second');
    await scene.kernel.stop();

    const again = await open(store);
    expect((await again.kernel.inspector.vats()).map(({ name, open }) => [name, open])).toEqual([
      ['test', true],
      ['first', false],
      ['second', false],
    ]);
    const second = (await E(nodeOf(again, 'first')).next())!;
    expect(again.kernel.nameOf(second)).toBe('vat:second/node/1/self');
    expect(await E(second).about()).toEqual({ motto: 'made by host' });
    expect(again.opened).toEqual(['first', 'second']);
  });

  test('has a number of its own if nobody named it, which no other ever gets', async () => {
    const store = makeMemoryStore();
    const scene = await open(store);
    const { name: _, ...nameless } = first;
    await make(scene, nameless);
    await make(scene, { ...first, name: 'node-3' });
    const names = await scene.shop.turn(() => [scene.makeNode(nameless), scene.makeNode(nameless)]);
    expect((names as object[]).map((node) => scene.kernel.nameOf(node))).toEqual([
      'vat:node-2/node/1/self',
      'vat:node-4/node/1/self',
    ]);
    await scene.kernel.stop();
    const again = await open(store);
    expect(again.kernel.nameOf(await make(again, nameless))).toBe('vat:node-5/node/1/self');
  });
});

describe('a vat that is made after a restore', () => {
  test('may have the name of one that is lost; its actors have numbers that none of that one had', async () => {
    const store = makeMemoryStore();
    const scene = await open(store, undefined, { firstInstance: 1_000 });
    const node = await make(scene);
    await E(node).bear();
    expect(keysOf(store, 'v/first/a/')).toEqual(['v/first/a/counter/1001', 'v/first/a/node/1000']);
    await expect(E(nodeOf(scene, 'first')).count()).rejects.toThrow(/^NO_SUCH_ACTOR/);
  });
});

describe('what is refused', () => {
  test('leaves no trace, whether the caller catches it or not', async () => {
    const store = makeMemoryStore();
    const scene = await open(store);
    const { makeNode, shop } = scene;
    await make(scene);
    const before = store.entries();
    const refused: readonly [Record<string, unknown>, RegExp][] = [
      [{}, /^VAT_EXISTS: there is a vat first/],
      [{ name: 'test' }, /^VAT_EXISTS/],
      [{ name: 'A' }, /vat name "A" must match/],
      [{ name: 'x', portrait: { next: null, count: 'many' } }, /^BAD_PORTRAIT/],
      [{ name: 'x', portrait: { next: Promise.resolve(), count: 0 } }, /^NOT_DURABLE/],
      [{ name: 'x', about: Promise.resolve() }, /^NOT_DURABLE: what a vat is about is data/],
      [{ portrait: 7, name: undefined }, /^BAD_PORTRAIT/],
    ];
    for (const [what, why] of refused) {
      await expect(make(scene, { ...first, ...what } as never)).rejects.toThrow(why);
      const caught = shop.turn(() => {
        try {
          makeNode({ ...first, ...what } as never);
        } catch {
          return 'caught';
        }
        return 'made';
      });
      expect(await caught).toBe('caught');
    }
    const aboutReference = shop.turn(({ self }) => makeNode({ ...first, name: 'x', about: self as never }));
    await expect(aboutReference).rejects.toThrow(/^NOT_DURABLE/);
    expect(store.entries()).toEqual(before);
  });

  test('is making one outside a turn, and in a turn of another kernel', async () => {
    const [one, two] = [await open(makeMemoryStore()), await open(makeMemoryStore())];
    expect(() => one.makeNode(first)).toThrow(/^OUTSIDE_TURN/);
    await expect(two.shop.turn(() => one.makeNode(first))).rejects.toThrow(/^OUTSIDE_TURN/);
  });

  test('is a type that is defined twice, has no name, or begins with what does not last', async () => {
    const { kernel } = await open(makeMemoryStore());
    const type = { type: 'other', root: counterKind, open: () => {} };
    kernel.defineVatType(type);
    expect(() => kernel.defineVatType(type)).toThrow(TypeError);
    expect(() => kernel.defineVatType({ ...type, type: 'x'.repeat(49) })).toThrow(TypeError);
    const root = defineKind({ ...counterKind, guard: M.interface('None', {}), ephemeral: true } as never) as never;
    expect(() => kernel.defineVatType({ ...type, type: 'brief', root })).toThrow(TypeError);
  });

  test('is opening one by its name: that is for messages', async () => {
    const scene = await open(makeMemoryStore());
    await make(scene);
    expect(() => scene.kernel.openVat('first')).toThrow(/is of type node/);
  });
});

describe('a turn that is undone', () => {
  test('has made nothing, and a reference that leaked from it names nothing, for ever', async () => {
    const store = makeMemoryStore();
    const scene = await open(store);
    const { shop, makeNode } = scene;
    const before = store.entries();
    const failing = shop.turn(() => {
      makeNode(first);
      throw Error('not so');
    });
    await expect(failing).rejects.toThrow('not so');
    const leak = shop.script(({ portrait: _ }) => {
      makeNode(first);
      throw Error('nor so');
    });
    const caught = shop.turn(({ self }) => {
      try {
        self.run(leak);
      } catch {
        return 'caught';
      }
      return 'made';
    });
    expect(await caught).toBe('caught');
    expect(store.entries()).toEqual(before);
    expect(await E(nodeOf(scene, 'first')).count().catch(codeOf)).toBe('NO_SUCH_ACTOR');

    const node = await make(scene);
    expect(scene.kernel.nameOf(node)).toBe('vat:first/node/3/self');
    expect(await E(node).count()).toBe(0);
    expect(await E(nodeOf(scene, 'first')).count().catch(codeOf)).toBe('NO_SUCH_ACTOR');
  });

  test('by a failed commit too, also if a message was on its way', async () => {
    const gated = makeGatedStore(makeMemoryStore());
    const scene = await open(gated);
    gated.shut();
    const asked = scene.shop.turn(() => E(scene.makeNode(first)).count());
    asked.catch(() => {});
    await gated.refuseOne(Error('disk full'));
    await expect(asked).rejects.toThrow(/^COMMIT_FAILED/);
    gated.open();
    expect(await E(nodeOf(scene, 'first')).count().catch(codeOf)).toBe('NO_SUCH_ACTOR');
    expect(scene.opened).toEqual([]);
    const node = await make(scene);
    expect(scene.kernel.nameOf(node)).toBe('vat:first/node/2/self');
    expect(await E(node).count()).toBe(0);
  });

  test('is not found by a message before it is durable', async () => {
    const gated = makeGatedStore(makeMemoryStore());
    const scene = await open(gated);
    gated.shut();
    const making = make(scene);
    await until(() => scene.kernel.committer.get('v/first/!') !== undefined);
    const letThrough = gated.letOneThrough();
    expect(await E(nodeOf(scene, 'first')).count().catch(codeOf)).toBe('NO_SUCH_ACTOR');
    await letThrough;
    gated.open();
    expect(await E(await making).count()).toBe(0);
  });
});

describe('a vat that cannot be opened', () => {
  test('of a type that nobody defined says so, and is as it was', async () => {
    const store = makeMemoryStore();
    await make(await open(store));
    const before = store.entries();
    const other = await openWorkshop(makeMemoryStore(before));
    const node = other.kernel.refOf('vat:first/node/1/self') as Node;
    await expect(E(node).pass(0)).rejects.toThrow(/^UNKNOWN_VAT_TYPE: vat first is of type node, known are: none/);
    expect(store.entries()).toEqual(before);
  });

  test('says why, and the next message tries again', async () => {
    let broken = true;
    const scene = await open(makeMemoryStore(), () => {
      if (broken) throw Error('no driver today');
    });
    const node = await make(scene);
    await expect(E(node).count()).rejects.toThrow('no driver today');
    await expect(E(node).count()).rejects.toThrow('no driver today');
    expect((await scene.kernel.inspector.vats()).at(-1)).toMatchObject({ name: 'first', open: false });
    broken = false;
    expect(await E(node).count()).toBe(0);
    expect(scene.opened).toEqual(['first', 'first', 'first']);
  });
});

describe('references between persistent vats', () => {
  /** first ⇄ second ⇄ third ⇄ first: each refers to the next; the last made one is closed into a ring by its maker's references. */
  const names = ['first', 'second', 'third'] as const;
  const prepare = async (): Promise<MemoryStore> => {
    const store = makeMemoryStore();
    const scene = await open(store);
    let node = await make(scene);
    for (const name of names.slice(1)) node = await E(node).grow(name);
    await scene.kernel.stop();
    return store;
  };

  test('work whichever is started first, over all of them, also when all were started before', async () => {
    const prepared = await prepare();
    for (const start of names) {
      const scene = await open(makeMemoryStore(prepared.entries()));
      await E(nodeOf(scene, start)).pass(6);
      await scene.kernel.idle();
      expect(scene.opened[0]).toBe(start);
      const counts = await Promise.all(names.map((name) => E(nodeOf(scene, name)).count()));
      // The third refers back to the second, and so do all messages come and go between these two.
      expect(counts).toEqual({ first: [1, 3, 3], second: [0, 4, 3], third: [0, 3, 4] }[start]);
      expect(new Set(scene.opened).size).toBe(scene.opened.length);
      expect(scene.kernel.hostErrors).toEqual([]);
    }
  });

  test('work between a vat that a turn made and one that the host opens, whichever comes first', async () => {
    const store = makeMemoryStore();
    const before = await open(store);
    const counter = await before.shop.counter(1);
    await before.shop.turn(({ bcom }, it: Node) => bcom([it]), await make(before));
    const name = before.kernel.nameOf(counter)!;
    await before.kernel.stop();

    const after = await open(store);
    expect(await after.shop.turn(({ portrait }) => E((portrait as [Node])[0]).count())).toBe(0);
    expect(after.kernel.nameOf(after.kernel.refOf(name))).toBe(name);
    expect(await E(after.kernel.refOf(name) as Counter).read()).toBe(1);
  });
});

describe('a process that dies while vats are made', () => {
  const tell = async (store: Store, answered: string[]): Promise<void> => {
    const scene = await open(store);
    let node = await make(scene);
    answered.push('first');
    for (const name of ['second', 'third', 'fourth']) {
      node = await E(node).grow(name);
      answered.push(name);
      await E(node).pass(2);
    }
    await scene.kernel.idle();
  };

  test('has made each whole or not at all, at every write', async () => {
    const recorded = countingStore(makeMemoryStore());
    await tell(recorded.store, []);
    expect(recorded.steps.length).toBeGreaterThan(16);
    for (let at = 1; at <= recorded.steps.length; at += 1) {
      const memory = makeMemoryStore();
      const answered: string[] = [];
      const counting = countingStore(memory, ({ number }) => {
        if (number === at) counting.crash();
      });
      void tell(counting.store, answered).catch(() => {});
      await counting.crashed;
      for (let round = 0; round < 10; round += 1) await new Promise((resolve) => setImmediate(resolve));

      const scene = await open(makeMemoryStore(memory.entries()));
      const made = (await scene.kernel.inspector.vats()).filter(({ type }) => type === 'node').map(({ name }) => name);
      const where = `step ${at} of ${recorded.steps.length}: ${made.join(' ')}`;
      expect(made, where).toEqual(expect.arrayContaining(answered));
      for (const name of made) {
        const node = nodeOf(scene, name);
        expect(await E(node).count(), where).toBeGreaterThanOrEqual(0);
        const next = await E(node).next();
        if (next !== null) expect(await E(next).about(), where).toHaveProperty('motto');
      }
      // And it goes on.
      await E(await make(scene, { ...first, name: 'fifth' })).pass(0);
      await scene.kernel.stop();
    }
  });
});
