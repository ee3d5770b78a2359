/** The actors of the model test: they do what their messages say. A node is durable, a wisp is not; otherwise they are alike. */
import { M } from '@endo/patterns';
import { codeOf, makeError } from '../../../src/errors/gobs-error.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import type { Become, DurableMap, Kind, MapPage, TurnTools } from '../../../src/vats/kind.ts';
import type { MapOp, Op, VatName } from './program.ts';

export interface Listener {
  hear(vat: VatName, n: number): void;
}

/** A promise of the host. */
export interface Gate {
  readonly promise: Promise<unknown>;
  readonly settled: boolean;
}

/** Goes along with each message and those that follow from it. */
export interface Context {
  readonly listener: Listener;
  readonly gift: Node | null;
  readonly gates: readonly Gate[];
}

export type RealResult =
  | number
  | boolean
  | 'none'
  | { readonly code: string }
  | { readonly ref: Node }
  | { readonly page: Promise<MapPage<number>> }
  | { readonly results: readonly RealResult[] };

export interface Node {
  run(ops: readonly Op[], context: Context): readonly RealResult[];
  look(): number;
}

export interface Portrait {
  readonly n: number;
  readonly refs: readonly (Node | null)[];
  readonly map: DurableMap<number> | null;
}

export interface Powers {
  readonly vat: VatName;
  /** What a spawned actor is of in this generation (kinds.ts), and the references that it has. */
  kindOf(n: number, ephemeral: boolean): Kind<Portrait, Node, Powers>;
  noRefs(): Portrait['refs'];
  /** Makes a vat; its first actor. */
  found(n: number): Node;
  /** What a turn cannot undo, and no actor should have. */
  memory(): { readonly leaked: Node[]; readonly kept: ((n: number) => void)[] };
}

export const NodeI = M.interface('Node', {
  run: M.call(M.array(), M.record()).returns(M.any()),
  look: M.call().returns(M.number()),
});

interface Here {
  readonly bcom: Become<Portrait>;
  readonly portrait: Portrait;
  readonly self: Node;
  readonly ephemeral: boolean;
  readonly context: Context;
  readonly tools: TurnTools<Portrait> & Powers;
}

const withRef = (refs: Portrait['refs'], slot: number, ref: Node | null): Portrait['refs'] =>
  refs.map((old, at) => (at === slot ? ref : old));

const attempt = (caught: boolean, body: () => readonly RealResult[]): RealResult => {
  try {
    return { results: body() };
  } catch (error) {
    if (!caught) throw error;
    return { code: codeOf(error) };
  }
};

const spawn = ({ bcom, ephemeral, tools }: Here, op: Extract<Op, { do: 'spawn' }>): RealResult => {
  const map = op.ephemeral ? null : tools.makeMap<number>();
  const ref = tools.spawn(tools.kindOf(op.n, op.ephemeral), { n: op.n, refs: tools.noRefs(), map });
  tools.memory().leaked.push(ref);
  if (ephemeral || !op.ephemeral) bcom((old) => ({ ...old, refs: withRef(old.refs, op.slot, ref) }));
  return { ref };
};

const found = ({ bcom, tools }: Here, op: Extract<Op, { do: 'found' }>): RealResult => {
  const ref = tools.found(op.n);
  bcom((old) => ({ ...old, refs: withRef(old.refs, op.slot, ref) }));
  return { ref };
};

const useMap = (map: DurableMap<number> | null, op: MapOp): RealResult => {
  if (map === null) return 'none';
  if (op.do === 'size') return map.size();
  if (op.do === 'get') return map.get(op.key) ?? 'none';
  if (op.do === 'set') {
    map.set(op.key, op.n);
    return 'none';
  }
  return map.delete(op.key);
};

const later = (here: Here, promise: Promise<unknown>, ops: readonly Op[]): void => {
  void here.tools.on(promise, (_value, fresh) => void perform({ ...here, ...fresh }, ops));
};

const performOne = (here: Here, op: Op): RealResult => {
  const { bcom, portrait, self, context, tools } = here;
  const { leaked, kept } = tools.memory();
  switch (op.do) {
    case 'put':
      bcom({ ...portrait, n: op.n });
      return 'none';
    case 'add':
      bcom((old) => ({ ...old, n: old.n + op.n }));
      return 'none';
    case 'read':
      return portrait.n;
    case 'look':
      return self.look();
    case 'spawn':
      return spawn(here, op);
    case 'found':
      return found(here, op);
    case 'unlink':
      bcom((old) => ({ ...old, refs: withRef(old.refs, op.slot, null) }));
      return 'none';
    case 'take':
      bcom((old) => ({ ...old, refs: withRef(old.refs, op.slot, context.gift) }));
      return 'none';
    case 'give': {
      const ref = portrait.refs[op.slot] ?? null;
      return ref === null ? 'none' : { ref };
    }
    case 'set':
    case 'get':
    case 'delete':
    case 'size':
      return useMap(portrait.map, op);
    case 'page':
      return portrait.map === null ? 'none' : { page: portrait.map.page({ after: op.after, limit: op.limit }) };
    case 'throw':
      throw makeError('THROWN_BY_TEST' as never, 'as the program says');
    case 'keep':
      if (!here.ephemeral) kept.push((n) => bcom({ ...portrait, n }));
      return 'none';
    case 'use':
      kept[op.index % kept.length]?.(op.n);
      return 'none';
    case 'haunt': {
      const ghost = leaked[op.index % leaked.length];
      if (ghost === undefined) return 'none';
      try {
        return ghost.look();
      } catch (error) {
        return { code: codeOf(error) };
      }
    }
    case 'near': {
      const ref = portrait.refs[op.slot] ?? null;
      return ref === null ? 'none' : attempt(op.caught, () => ref.run(op.ops, context));
    }
    case 'self':
      return attempt(op.caught, () => self.run(op.ops, context));
    case 'tell':
      void E(context.listener).hear(tools.vat, op.n);
      return 'none';
    case 'send': {
      const ref = portrait.refs[op.slot] ?? null;
      if (ref !== null) void E(ref).run(op.ops, context);
      return 'none';
    }
    case 'later':
      later(here, Promise.resolve(), op.ops);
      return 'none';
    case 'when': {
      const { promise, settled } = context.gates[op.gate]!;
      if (!settled) later(here, promise, op.ops);
      return 'none';
    }
  }
};

const perform = (here: Here, ops: readonly Op[]): readonly RealResult[] => ops.map((op) => performOne(here, op));

export const behaveNode =
  (ephemeral: boolean) =>
  (bcom: Become<Portrait>, self: Node, portrait: Portrait, tools: TurnTools<Portrait> & Powers): Node => ({
    run: (ops, context) => perform({ bcom, self, portrait, ephemeral, context, tools }, ops),
    look: () => portrait.n,
  });
