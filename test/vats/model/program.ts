/**
 * Programs for the model test: what messages say. An actor of the test does what its message says, in its turn, so a random program is random
 * vat code; the plain model (plain-model.ts) reads the same programs.
 *
 *   program ── steps ──▶ message { to, ops, gift }      one at a time, with all that follows from it
 *                        batch, overlap                 many at once; the second half while the first is being written
 *                        settle                         a promise of the host is settled
 *                        restart
 *
 * Steps have a fate: batches may fail, be written though they are said to have failed, or the process may die in front of a write or
 * right behind it. To tell in advance what must happen, a message whose fate is not to go well has at most one message that follows
 * from it, which has at most one, and so on; others may have many, which have none.
 */
import fc from 'fast-check';

/** Of three references that each actor holds. */
export type Slot = 0 | 1 | 2;

/** On the map that each durable actor has. */
export type MapOp =
  | { readonly do: 'set'; readonly key: string; readonly n: number }
  | { readonly do: 'get' | 'delete'; readonly key: string }
  | { readonly do: 'size' };

export type Op =
  | MapOp
  /** `bcom` with a value, made from the portrait that the code was given. */
  | { readonly do: 'put'; readonly n: number }
  /** `bcom` with an updater. */
  | { readonly do: 'add'; readonly n: number }
  /** What the code was given; and what the actor has now, by a near call. */
  | { readonly do: 'read' | 'look' }
  /** Makes an actor and keeps it, an ephemeral one only if it is ephemeral itself; its code remembers it too, as it should not. */
  | { readonly do: 'spawn'; readonly slot: Slot; readonly n: number; readonly ephemeral: boolean }
  | { readonly do: 'unlink' | 'take' | 'give'; readonly slot: Slot }
  | { readonly do: 'throw' | 'keep' }
  | { readonly do: 'page'; readonly after: string; readonly limit: number }
  /** Near calls; `caught`: what they throw ends there. */
  | { readonly do: 'near'; readonly slot: Slot; readonly ops: readonly Op[]; readonly caught: boolean }
  | { readonly do: 'self'; readonly ops: readonly Op[]; readonly caught: boolean }
  /** `bcom` with a value by code that was kept; a near call of an actor that was remembered. */
  | { readonly do: 'use'; readonly index: number; readonly n: number }
  | { readonly do: 'haunt'; readonly index: number }
  /** To an object of the host. */
  | { readonly do: 'tell'; readonly n: number }
  /** Turns that follow: of another actor, of this one, and of this one when the host settles a promise. */
  | { readonly do: 'send'; readonly slot: Slot; readonly ops: readonly Op[] }
  | { readonly do: 'later'; readonly ops: readonly Op[] }
  | { readonly do: 'when'; readonly gate: number; readonly ops: readonly Op[] };

export interface Message {
  /** Indices of references that the host has, modulo how many there are. */
  readonly to: number;
  readonly gift: number;
  readonly ops: readonly Op[];
}

/** What becomes of a step's writes, counted from 1. `lied`: written, and said to have failed. */
export type Fate =
  | { readonly end: 'well' }
  | { readonly end: 'failed' | 'lied' }
  | { readonly end: 'killed'; readonly write: number; readonly moment: 'before' | 'after' };

export type Step =
  | { readonly step: 'message'; readonly message: Message; readonly fate: Fate }
  | { readonly step: 'batch'; readonly messages: readonly Message[]; readonly fate: Fate }
  | {
      readonly step: 'overlap';
      readonly first: readonly Message[];
      readonly second: readonly Message[];
      readonly fate: { readonly end: 'well' | 'failed' };
    }
  | { readonly step: 'settle'; readonly gate: number }
  | { readonly step: 'restart' };

export interface Program {
  /** Actors that a vat keeps in memory. */
  readonly cacheLimit: number;
  readonly steps: readonly Step[];
}

export const GATES = 3;
export const VATS = ['a', 'b'] as const;
export type VatName = (typeof VATS)[number];

const KEYS = ['k', 'l', 'l/', 'm', '\uffff', '\u{10000}'];

const slot = fc.constantFrom<Slot>(0, 1, 2);
const n = fc.integer({ min: -3, max: 9 });
const key = fc.constantFrom(...KEYS);
const index = fc.nat({ max: 9 });
const constantOp = (...all: ('read' | 'look' | 'size' | 'throw' | 'keep')[]) =>
  fc.constantFrom(...all).map((what): Op => ({ do: what }));

/** Keeps a `bcom` that was made from a portrait which is undone then. By chance alone that is rare. */
const keepUndone: Op = {
  do: 'self',
  ops: [{ do: 'add', n: 1 }, { do: 'self', ops: [{ do: 'keep' }], caught: false }, { do: 'throw' }],
  caught: true,
};

const plainOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: n.map((n): Op => ({ do: 'put', n })) },
  { weight: 4, arbitrary: n.map((n): Op => ({ do: 'add', n })) },
  { weight: 3, arbitrary: constantOp('read', 'look', 'size', 'keep') },
  { weight: 1, arbitrary: constantOp('throw') },
  { weight: 1, arbitrary: fc.constant(keepUndone) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('spawn' as const), slot, n, ephemeral: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('unlink' as const, 'take' as const, 'give' as const), slot }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), key, n }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('get' as const, 'delete' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('use' as const), index, n }) },
  { weight: 2, arbitrary: index.map((index): Op => ({ do: 'haunt', index })) },
  { weight: 2, arbitrary: n.map((n): Op => ({ do: 'tell', n })) },
);

const pageOp: fc.Arbitrary<Op> = fc.record({
  do: fc.constant('page' as const),
  after: fc.constantFrom('', ...KEYS),
  limit: fc.integer({ min: 1, max: 4 }),
});

/** Some ops, and near calls of more of them. */
const opsOf = (op: fc.Arbitrary<Op>, depth: number): fc.Arbitrary<readonly Op[]> => {
  if (depth === 0) return fc.array(op, { maxLength: 4 });
  const ops = opsOf(op, depth - 1);
  const nested: fc.Arbitrary<Op> = fc.oneof(
    fc.record({ do: fc.constant('near' as const), slot, ops, caught: fc.boolean() }),
    fc.record({ do: fc.constant('self' as const), ops, caught: fc.boolean() }),
  );
  return fc.array(fc.oneof({ weight: 4, arbitrary: op }, { weight: 1, arbitrary: nested }), { maxLength: 7 });
};

const quietOps = opsOf(plainOp, 2);
const leafOps = opsOf(plainOp, 1);
const pagingOps = opsOf(fc.oneof({ weight: 5, arbitrary: plainOp }, { weight: 1, arbitrary: pageOp }), 2);

const sendOp = (ops: fc.Arbitrary<readonly Op[]>): fc.Arbitrary<Op> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('send' as const), slot, ops }) },
    { weight: 1, arbitrary: ops.map((ops): Op => ({ do: 'later', ops })) },
  );
const whenOp: fc.Arbitrary<Op> = fc.record({
  do: fc.constant('when' as const),
  gate: fc.nat({ max: GATES - 1 }),
  ops: leafOps,
});

const fanOutOps = opsOf(
  fc.oneof(
    { weight: 5, arbitrary: plainOp },
    { weight: 1, arbitrary: sendOp(leafOps) },
    { weight: 2, arbitrary: whenOp },
  ),
  1,
);

/** Ops of which one leads to another message, of which one leads to another. */
const chainOps: fc.Arbitrary<readonly Op[]> = fc.letrec<{ chain: readonly Op[] }>((tie) => ({
  chain: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    quietOps,
    fc
      .tuple(quietOps, sendOp(tie('chain') as fc.Arbitrary<readonly Op[]>), fc.nat({ max: 7 }))
      .map(([ops, send, at]) => [...ops.slice(0, at), send, ...ops.slice(at)]),
  ),
})).chain;

const messageOf = (ops: fc.Arbitrary<readonly Op[]>): fc.Arbitrary<Message> =>
  fc.record({ to: index, gift: index, ops });

const well = fc.constant<Fate>({ end: 'well' });
const fateOf = (writes: number): fc.Arbitrary<Fate> =>
  fc.oneof(
    { weight: 2, arbitrary: well },
    { weight: 1, arbitrary: fc.constantFrom<Fate>({ end: 'failed' }, { end: 'lied' }) },
    {
      weight: 1,
      arbitrary: fc.record({
        end: fc.constant('killed' as const),
        write: fc.integer({ min: 1, max: writes }),
        moment: fc.constantFrom('before' as const, 'after' as const),
      }),
    },
  );

const batch = fc.array(messageOf(pagingOps), { minLength: 1, maxLength: 8 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ step: fc.constant('message' as const), message: messageOf(pagingOps), fate: fateOf(1) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ step: fc.constant('message' as const), message: messageOf(fanOutOps), fate: well }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ step: fc.constant('message' as const), message: messageOf(chainOps), fate: fateOf(3) }),
  },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('batch' as const), messages: batch, fate: fateOf(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('overlap' as const),
      first: batch,
      second: batch,
      fate: fc.constantFrom({ end: 'well' as const }, { end: 'failed' as const }),
    }),
  },
  { weight: 4, arbitrary: fc.nat({ max: GATES - 1 }).map((gate): Step => ({ step: 'settle', gate })) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'restart' }) },
);

export const programs: fc.Arbitrary<Program> = fc.record({
  cacheLimit: fc.constantFrom(0, 1, 3, 1_000),
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
});
