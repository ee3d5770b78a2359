/** One turn of the plain model: reads a message's program, and does to the plain state what an actor does to its vat. */
import type { MapOp, Op, Slot, VatName } from './program.ts';
import { addActor, emptyRefs, hasMethods, kindFor, revive, rootKindFor } from './plain-kinds.ts';
import {
  bytesOrder,
  copyState,
  refIn,
  seenBy,
  sortedEntries,
  Thrown,
  type PlainActor,
  type PlainState,
  type Seen,
} from './plain-state.ts';

export type Result =
  | number
  | boolean
  | 'none'
  | { readonly code: string }
  | { readonly ref: number }
  | { readonly page: PlainPage }
  | { readonly results: readonly Result[] };

export interface PlainPage {
  readonly owner: number;
  readonly after: string;
  readonly limit: number;
  /** As the turn left it; filled in by whoever runs it. */
  entries?: readonly (readonly [string, number])[];
}

export type PlainOutput =
  | { readonly out: 'tell'; readonly vat: VatName; readonly n: number }
  | { readonly out: 'send'; readonly to: number; readonly ops: readonly Op[] }
  | { readonly out: 'later'; readonly of: number; readonly ops: readonly Op[] }
  | { readonly out: 'when'; readonly of: number; readonly gate: number; readonly ops: readonly Op[] };

/** What the code of one vat remembers though it should not; undoing a turn does not undo it. */
export interface Memory {
  readonly leaked: number[];
  readonly kept: { readonly id: number; readonly portrait: number; readonly incarnation: number }[];
}

export interface PlainTurn {
  state: PlainState;
  /** Rows that changed. */
  wrote: Set<string>;
  outputs: PlainOutput[];
  readonly memory: (vat: VatName) => Memory;
  /** Of its kinds: plain-kinds.ts. */
  readonly generation: number;
  readonly incarnation: number;
  readonly settled: ReadonlySet<number>;
  /** A reference in the message. */
  readonly gift: number | null;
  /** Is what the host has as its gift ephemeral? Known also of what is gone. */
  readonly isEphemeral: (id: number) => boolean;
  readonly vatOf: (id: number) => VatName;
  readonly register: (vat: VatName, ephemeral: boolean) => number;
  readonly newPortrait: () => number;
}

const latest = (turn: PlainTurn, id: number): PlainActor => {
  const actor = turn.state.actors.get(id);
  if (actor === undefined) throw new Thrown('NO_SUCH_ACTOR');
  return actor;
};

/** The same, called. */
export const find = (turn: PlainTurn, id: number): PlainActor => revive(turn, latest(turn, id));

const become = (turn: PlainTurn, actor: PlainActor, change: (actor: PlainActor) => void): void => {
  change(actor);
  actor.portrait = turn.newPortrait();
  actor.change += 1;
  if (!actor.ephemeral) turn.wrote.add(`actor ${actor.id}`);
};

const undoOnThrow = (turn: PlainTurn, body: () => readonly Result[]): readonly Result[] => {
  const { state, wrote, outputs } = turn;
  turn.state = copyState(state);
  turn.wrote = new Set(wrote);
  turn.outputs = [...outputs];
  try {
    return body();
  } catch (error) {
    Object.assign(turn, { state, wrote, outputs });
    throw error;
  }
};

const nearCall = (turn: PlainTurn, vat: VatName, id: number, ops: readonly Op[], caught: boolean): Result => {
  try {
    if (turn.vatOf(id) !== vat) throw new Thrown('UNEXPECTED');
    if (!hasMethods(turn, latest(turn, id))) throw new Thrown('UNEXPECTED');
    return { results: undoOnThrow(turn, () => perform(turn, id, seenBy(find(turn, id)), ops)) };
  } catch (error) {
    if (!caught || !(error instanceof Thrown)) throw error;
    return { code: error.code };
  }
};

/** Where there is no such slot, it is kept nowhere. */
const keepIn = (turn: PlainTurn, actor: PlainActor, slot: Slot, id: number | null): void =>
  become(turn, actor, ({ refs }) => {
    if (slot < refs.length) refs[slot] = id;
  });

const spawn = (turn: PlainTurn, parent: PlainActor, op: Extract<Op, { do: 'spawn' }>): Result => {
  const { slot, n, ephemeral } = op;
  const { vat } = parent;
  const id = turn.register(vat, ephemeral);
  const refs = emptyRefs(turn.generation);
  const kind = ephemeral ? { label: 'wisp', version: 1 } : kindFor(turn.generation, n);
  const map = ephemeral ? undefined : { change: 1, entries: new Map() };
  addActor(turn, { id, vat, ephemeral, kind, n, refs, map });
  turn.memory(vat).leaked.push(id);
  if (parent.ephemeral || !ephemeral) keepIn(turn, parent, slot, id);
  return { ref: id };
};

const found = (turn: PlainTurn, parent: PlainActor, { slot, n }: Extract<Op, { do: 'found' }>): Result => {
  const { state, generation } = turn;
  const vat = `colony-${state.nextVat}`;
  state.nextVat += 1;
  const id = turn.register(vat, false);
  const refs = emptyRefs(generation);
  addActor(turn, { id, vat, ephemeral: false, kind: rootKindFor(generation), n, refs, map: undefined });
  keepIn(turn, parent, slot, id);
  return { ref: id };
};

const useMap = (turn: PlainTurn, actor: PlainActor, op: MapOp): Result => {
  const { map, id } = actor;
  if (map === undefined) return 'none';
  if (op.do === 'size') return map.entries.size;
  const entry = map.entries.get(op.key);
  if (op.do === 'get') return entry?.n ?? 'none';
  if (op.do === 'delete' && entry === undefined) return false;
  turn.wrote.add(`entry ${id} ${op.key}`);
  if (op.do === 'set') map.entries.set(op.key, { n: op.n, change: (entry?.change ?? 0) + 1 });
  else map.entries.delete(op.key);
  if (op.do === 'delete' || entry === undefined) map.change += 1;
  return op.do === 'delete' ? true : 'none';
};

const use = (turn: PlainTurn, vat: VatName, { index, n }: Extract<Op, { do: 'use' }>): Result => {
  const all = turn.memory(vat).kept;
  const kept = all[index % all.length];
  if (kept === undefined) return 'none';
  const actor = latest(turn, kept.id);
  const isStale = kept.portrait !== actor.portrait || kept.incarnation !== turn.incarnation;
  if (isStale) throw new Thrown('STALE_BECOME');
  become(turn, actor, () => (actor.n = n));
  return 'none';
};

const haunt = (turn: PlainTurn, vat: VatName, index: number): Result => {
  const all = turn.memory(vat).leaked;
  const id = all[index % all.length];
  if (id === undefined) return 'none';
  return turn.state.actors.get(id)?.n ?? { code: 'NO_SUCH_ACTOR' };
};

const performOne = (turn: PlainTurn, id: number, seen: Seen, op: Op): Result => {
  const actor = latest(turn, id);
  const { vat } = actor;
  switch (op.do) {
    case 'put':
      if (actor.portrait !== seen.portrait) throw new Thrown('STALE_BECOME');
      become(turn, actor, () => (actor.n = op.n));
      return 'none';
    case 'add':
      become(turn, actor, () => (actor.n += op.n));
      return 'none';
    case 'read':
      return seen.n;
    case 'look':
      return actor.n;
    case 'spawn':
      return spawn(turn, actor, op);
    case 'found':
      return found(turn, actor, op);
    case 'unlink':
      keepIn(turn, actor, op.slot, null);
      return 'none';
    case 'take': {
      const isKept = turn.gift !== null && op.slot < actor.refs.length;
      if (!actor.ephemeral && isKept && turn.isEphemeral(turn.gift)) throw new Thrown('NOT_DURABLE');
      keepIn(turn, actor, op.slot, turn.gift);
      return 'none';
    }
    case 'give': {
      const ref = refIn(seen, op.slot);
      return ref === null ? 'none' : { ref };
    }
    case 'set':
    case 'get':
    case 'delete':
    case 'size':
      return useMap(turn, actor, op);
    case 'page':
      return actor.map === undefined ? 'none' : { page: { owner: id, after: op.after, limit: op.limit } };
    case 'throw':
      throw new Thrown('THROWN_BY_TEST');
    case 'keep':
      if (!actor.ephemeral) {
        turn.memory(vat).kept.push({ id, portrait: seen.portrait, incarnation: turn.incarnation });
      }
      return 'none';
    case 'use':
      return use(turn, vat, op);
    case 'haunt':
      return haunt(turn, vat, op.index);
    case 'near': {
      const to = refIn(seen, op.slot);
      return to === null ? 'none' : nearCall(turn, vat, to, op.ops, op.caught);
    }
    case 'self':
      return nearCall(turn, vat, id, op.ops, op.caught);
    case 'tell':
      turn.outputs.push({ out: 'tell', vat, n: op.n });
      return 'none';
    case 'send': {
      const to = refIn(seen, op.slot);
      if (to !== null) turn.outputs.push({ out: 'send', to, ops: op.ops });
      return 'none';
    }
    case 'later':
      turn.outputs.push({ out: 'later', of: id, ops: op.ops });
      return 'none';
    case 'when':
      if (!turn.settled.has(op.gate)) turn.outputs.push({ out: 'when', of: id, gate: op.gate, ops: op.ops });
      return 'none';
  }
};

/** Throws `Thrown`; then the caller takes everything back. */
export const perform = (turn: PlainTurn, id: number, seen: Seen, ops: readonly Op[]): readonly Result[] =>
  ops.map((op) => performOne(turn, id, seen, op));

export const pageOf = (actor: PlainActor, { after, limit }: PlainPage) => {
  const entries = sortedEntries(actor)
    .filter(([key]) => after === '' || bytesOrder(key, after) > 0)
    .slice(0, limit);
  return { entries, next: entries.length === limit ? entries[limit - 1]![0] : null };
};
