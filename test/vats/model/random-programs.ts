/** Random programs for the model test. What they mean is in program.ts. */
import fc from 'fast-check';
import { GATES, MOST_STEPS, type Fate, type Message, type Op, type Program, type Slot, type Step } from './program.ts';

const KEYS = ['k', 'l', 'l/', 'm', '\uffff', '\u{10000}'];

const slot = fc.constantFrom<Slot>(0, 0, 1, 1, 2, 2, 3);
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

/** Not where messages follow that are taken in another order than they are sent: vats get numbers for names. */
const foundOp: fc.Arbitrary<Op> = fc.record({ do: fc.constant('found' as const), slot, n });
const makingOp = fc.oneof({ weight: 12, arbitrary: plainOp }, { weight: 1, arbitrary: foundOp });

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

const quietOps = opsOf(makingOp, 2);
const leafOps = opsOf(plainOp, 1);
const pagingOps = opsOf(fc.oneof({ weight: 5, arbitrary: makingOp }, { weight: 1, arbitrary: pageOp }), 2);

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
  { weight: 4, arbitrary: fc.constant<Step>({ step: 'upgrade' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'older' }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('forget' as const), keep: fc.nat({ max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ step: fc.constant('export' as const), index, locator: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constantFrom('enliven' as const, 'revoke' as const), index }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('collect' as const), messages: batch }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'clean' }) },
  {
    weight: 2,
    arbitrary: fc.record({ step: fc.constant('backup' as const), messages: batch, pages: fc.nat({ max: 9 }) }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ step: 'restore' }) },
);

/** By chance alone they are rare: what goes on after a failed batch, or after others changed the actor; the garbage of a vat that spawned in the same life; a restore of what was restored. */
const sequence: fc.Arbitrary<readonly Step[]> = fc.oneof(
  fc
    .tuple(index, fc.nat({ max: GATES - 1 }), leafOps, fc.constantFrom<Fate>({ end: 'well' }, { end: 'failed' }))
    .map(([to, gate, ops, fate]): Step[] => [
      {
        step: 'message',
        message: { to, gift: 0, ops: [{ do: 'when', gate, ops: [{ do: 'put', n: 5 }, ...ops] }] },
        fate: { end: 'well' },
      },
      { step: 'message', message: { to, gift: 0, ops: [{ do: 'add', n: 1 }] }, fate },
      { step: 'settle', gate },
    ]),
  fc
    .tuple(batch, batch, batch)
    .map(([first, during, last]): Step[] => [
      { step: 'restart' },
      { step: 'batch', messages: first, fate: { end: 'well' } },
      { step: 'forget', keep: 0 },
      { step: 'collect', messages: during },
      { step: 'batch', messages: last, fate: { end: 'well' } },
    ]),
  fc
    .tuple(batch, batch, batch)
    .map(([during, first, last]): Step[] => [
      { step: 'backup', messages: during, pages: 2 },
      { step: 'restore' },
      { step: 'batch', messages: first, fate: { end: 'well' } },
      { step: 'restore' },
      { step: 'batch', messages: last, fate: { end: 'well' } },
    ]),
);

const steps: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 12, arbitrary: step.map((one) => [one]) },
  { weight: 1, arbitrary: sequence },
);

export const programs: fc.Arbitrary<Program> = fc.record({
  generation: fc.constantFrom(0, 0, 0, 1, 2, 3),
  pace: fc.constantFrom(1, 3, 64),
  cacheLimit: fc.constantFrom(0, 1, 3, 1_000),
  steps: fc
    .array(steps, { minLength: 1, maxLength: MOST_STEPS, size: 'max' })
    .map((all) => all.flat().slice(0, MOST_STEPS)),
});
