/** The actors of the garbage test: each holds a few references, in its portrait and in a map. A node is durable, a wisp is not. */
import { M } from '@endo/patterns';
import { E } from '../../../src/vats/eventual-send.ts';
import { defineKind, type Become, type DurableMap, type TurnTools } from '../../../src/vats/kind.ts';

export const SLOTS = 3;

export interface Node {
  set(slot: number, ref: Node | null): void;
  get(slot: number): Node | null;
  /** Makes one, keeps it if it may, and gives it. */
  spawn(slot: number, ephemeral: boolean): Node;
  put(key: string, ref: Node | null): void;
  pick(key: string): Node | null;
  /** Sends what is in a slot to what is in another one, and keeps it no more: only the message has it. */
  pass(slot: number, to: number, theirSlot: number): void;
  /** Keeps it no more; when the gate opens, it is in another slot. */
  later(slot: number, gate: Promise<unknown>, back: number): void;
  /** Keeps it no more; a promise has it, when the gate opens. */
  lend(slot: number, gate: Promise<unknown>): Promise<Node | null>;
  /** A near call if it is of this vat. */
  lay(slot: number, into: number, theirSlot: number): void;
  /** Makes a chain of so many, at the end of which is one more, and gives its head; keeps nothing. */
  chain(links: number): Node;
  /** Goes down a chain by near calls, and takes away what is at its end. */
  dive(): Node | null;
  /** Changes much, and throws. */
  fail(slot: number): never;
}

export interface Portrait {
  readonly refs: readonly (Node | null)[];
  readonly map: DurableMap<Node> | null;
}

export const nobody: readonly null[] = harden([null, null, null]);

const slot = M.number();
const ref = M.or(M.null(), M.remotable());
const NodeI = M.interface('Node', {
  set: M.call(slot, ref).returns(),
  get: M.call(slot).returns(M.any()),
  spawn: M.call(slot, M.boolean()).returns(M.any()),
  put: M.call(M.string(), ref).returns(),
  pick: M.call(M.string()).returns(M.any()),
  pass: M.call(slot, slot, slot).returns(),
  later: M.call(slot, M.promise(), slot).returns(),
  lend: M.call(slot, M.promise()).returns(M.any()),
  lay: M.call(slot, slot, slot).returns(),
  chain: M.call(slot).returns(M.any()),
  dive: M.call().returns(M.any()),
  fail: M.call(slot).returns(),
});

interface Powers {
  isOfThisVat(ref: object): boolean;
}

const methodsOf = (
  bcom: Become<Portrait>,
  { refs, map }: Portrait,
  ephemeral: boolean,
  tools: TurnTools<Portrait> & Powers,
): Node => {
  const put = (at: number, it: Node | null, become = bcom): void => {
    become((old) => ({ ...old, refs: old.refs.map((other, index) => (index === at ? it : other)) }));
  };
  const take = (at: number): Node | null => {
    put(at, null);
    return refs[at]!;
  };
  const spawn = (at: number, isEphemeral: boolean): Node => {
    const made = tools.spawn(isEphemeral ? wispKind : nodeKind, {
      refs: nobody,
      map: isEphemeral ? null : tools.makeMap<Node>(),
    });
    if (ephemeral || !isEphemeral) put(at, made);
    return made;
  };
  return {
    set: (at, it) => put(at, it),
    get: (at) => refs[at]!,
    spawn,
    put: (key, it) => {
      if (it === null) map?.delete(key);
      else map?.set(key, it);
    },
    pick: (key) => map?.get(key) ?? null,
    pass: (at, to, theirSlot) => {
      const it = take(at);
      if (refs[to] !== null) void E(refs[to]!).set(theirSlot, it);
    },
    later: (at, gate, back) => {
      const it = take(at);
      void tools.on(gate, (_value, fresh) => put(back, it, fresh.bcom));
    },
    lend: (at, gate) => {
      const it = take(at);
      return tools.on(gate, () => it) as Promise<Node | null>;
    },
    lay: (at, into, theirSlot) => {
      const it = take(at);
      const to = refs[into]!;
      if (to === null) return;
      if (tools.isOfThisVat(to)) to.set(theirSlot, it);
      else void E(to).set(theirSlot, it);
    },
    chain: (links) => {
      const make = (...held: (Node | null)[]): Node =>
        tools.spawn(nodeKind, { refs: [...held, ...nobody].slice(0, SLOTS), map: null });
      let head = make(null, make());
      for (let link = 1; link < links; link += 1) head = make(head);
      return head;
    },
    dive: () => (refs[0] === null ? take(1) : refs[0]!.dive()),
    fail: (at) => {
      spawn(at, false).set(0, refs[at]!);
      map?.set('failed', spawn(at, false));
      throw Error('as the program says');
    },
  };
};

const makeKind = (label: string, ephemeral: boolean) =>
  defineKind<Portrait, Node, Powers>({
    label,
    ephemeral,
    guard: NodeI,
    portrait: M.splitRecord({ refs: M.arrayOf(ref), map: M.any() }),
    behave: (bcom, _self, portrait, tools) => methodsOf(bcom, portrait, ephemeral, tools),
  });

export const nodeKind = makeKind('node', false);
export const wispKind = makeKind('wisp', true);
