/**
 * The trace of a process: what each turn was, kept in the store, bounded. See docs/explanation/trace.md.
 *
 *   turn ──record──▶ waiting ──group is written──▶ rows, in the same batch ──durable──▶ seen
 *                       │                               │ failed
 *                       └◀── as failed ◀────────────────┘
 *
 * A turn costs an entry here; it becomes text when its group is written. A turn that wrote nothing waits for the next group, and is seen
 * meanwhile, unless something that is not durable yet stands before it.
 */
import { makeMessages, type MessageContext, type Messages, type TurnMessage } from './messages.ts';
import type { Pending } from './group-commit.ts';
import { changedActors, cutMethod, cutTarget, entryLimits, errorOf, type Entry } from './trace-record.ts';
import { newestRow, rowsOf, traceLimits, type TraceLimits } from './trace-rows.ts';
import type { Turn } from './turn.ts';

export interface TraceOptions {
  /** Another for each opening of the store: `messageEpoch`. */
  readonly epoch: number;
  readonly context?: MessageContext | undefined;
  /** Methods by which the trace is looked at: their turns leave no record. */
  readonly unseen?: readonly string[];
  /** Methods that the process itself calls from time to time. Such turns leave a record only if something came of them. */
  readonly routine?: readonly string[];
  readonly limits?: TraceLimits;
}

/** What a turn was. */
export interface TracedTurn {
  /** Rolled back, if it failed. */
  readonly turn: Pick<Turn, 'time' | 'writes' | 'outputs'>;
  readonly message: TurnMessage;
  readonly vat: string;
  readonly target: string;
  readonly method: string;
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** What the commit groups tell it. */
export interface GroupCompanion {
  /** A group is about to be written, and these rows with it. Throws as the store's `get` does: then the group has failed. */
  join(): readonly (readonly [key: string, value: string])[];
  /** It is durable. */
  written(): void;
  /** It is not, and neither is what came after it. */
  failed(): void;
}

/** What can be seen, as of a moment. */
export interface Seen {
  /** The row after the newest. */
  readonly row: number;
  /** Records after that. */
  readonly waiting: readonly Entry[];
  /** The number of the first of those. */
  readonly first: number;
  /** The highest number that was given. */
  readonly given: number;
}

export interface Trace extends GroupCompanion {
  readonly messages: Messages;
  /** Called when a message comes to a vat: which it is; undefined if its turn is not to be traced. */
  arrives(method?: string): TurnMessage | undefined;
  /** The same of a continuation that a turn has asked for; undefined if that turn is not traced. */
  follows(cause: TurnMessage | undefined, vat: string): TurnMessage | undefined;
  /** Called at the end of a turn, before its group has it. */
  record(turn: TracedTurn): void;
  seen(): Seen;
  /** Resolves when there is more to see. */
  more(): Promise<void>;
  readonly limits: TraceLimits;
}

export interface TracePowers {
  readonly get: (key: string) => string | undefined;
  readonly pending: () => Pending;
}

interface Waiting {
  readonly entry: Entry;
  /** The turn is undone if this cannot be written. */
  on: Pending;
}

const COMMIT_FAILED = errorOf('COMMIT_FAILED', 'the turn could not be written');

const failedEntry = ([id, at, vat, target, method, from, cause, error]: Entry): Entry => [
  ...([id, at, vat, target, method, from, cause] as const),
  error === 0 ? COMMIT_FAILED : error,
  [],
  [],
  0,
];

/** Nothing came of it. */
const isIdle = ({ turn: { writes, outputs }, failure }: TracedTurn): boolean =>
  failure === undefined && writes.size === 0 && outputs.every(({ sent }) => sent === undefined);

const entryOf = ({ turn: { time, writes, outputs }, message, vat, target, method, failure }: TracedTurn): Entry => {
  const changed = [...changedActors(writes.keys())];
  const sent = outputs.filter((output) => output.sent !== undefined).map((output) => output.sent!);
  const most = entryLimits.listed;
  return [
    message.id,
    time,
    vat,
    cutTarget(target),
    cutMethod(method),
    message.from,
    message.cause ?? 0,
    failure === undefined ? 0 : errorOf(failure.code, failure.message),
    changed.slice(0, most),
    sent.slice(0, most).map((effect) => [effect.id, cutTarget(effect.target), cutMethod(effect.method)] as const),
    Math.max(0, changed.length - most) + Math.max(0, sent.length - most),
  ];
};

export const makeTrace = (options: TraceOptions, { get, pending }: TracePowers): Trace => {
  const { limits = traceLimits, unseen = [], routine = [] } = options;
  const messages = makeMessages(options);
  /** Whose turns left no record. */
  const unrecorded = new WeakSet<TurnMessage>();
  let waiting: Waiting[] = [];
  /** Those of the group that is being written, and where they go. */
  let joined: { readonly records: readonly Waiting[]; readonly rows: number; dropped: number } | undefined;
  /** The next row, and the number of the first record that is in none. */
  let next: { row: number; first: number } | undefined;
  let waiter: PromiseWithResolvers<void> | undefined;

  /** Numbers that were given to records that were never written are not given again. Throws as the store's `get` does. */
  const place = (): { row: number; first: number } => {
    if (next === undefined) {
      const newest = newestRow(get, limits.slots);
      next =
        newest === undefined
          ? { row: 0, first: 1 }
          : { row: newest.row + 1, first: newest.first + newest.entries.length + limits.waiting };
    }
    return next;
  };

  const tell = (): void => {
    waiter?.resolve();
    waiter = undefined;
  };

  /** The oldest are dropped, and their numbers with them, if they had any. Those of the group stand before them, and stay. */
  const bound = (): void => {
    const left = Math.max(0, waiting.length - limits.waiting);
    if (left === 0) return;
    if (joined !== undefined) joined.dropped += left;
    else if (next !== undefined) next.first += left;
    waiting = waiting.slice(left);
  };

  return harden({
    messages,
    limits,
    arrives: (method = '') => {
      const message = messages.take();
      if (unseen.includes(method)) return undefined;
      const from = message?.from ?? 'host';
      const isRoutine = from === 'host' && routine.includes(method);
      return { id: message?.id ?? messages.newId(), from, routine: isRoutine };
    },
    follows: (cause, vat) =>
      cause && {
        id: messages.newId(),
        from: `vat:${vat}`,
        cause: unrecorded.has(cause) ? cause.cause : cause.id,
        routine: cause.routine,
      },
    record: (traced) => {
      if (traced.message.routine === true && isIdle(traced)) {
        unrecorded.add(traced.message);
        return;
      }
      const on = traced.turn.writes.size > 0 ? 'open' : pending();
      waiting.push({ entry: entryOf(traced), on });
      // In large steps, so that it costs little.
      if (waiting.length > 2 * limits.waiting) bound();
      if (on === 'nothing') tell();
    },
    join: () => {
      if (waiting.length === 0) return [];
      bound();
      const rows = rowsOf(
        waiting.map(({ entry }) => entry),
        place(),
        limits,
      );
      joined = { records: waiting, rows: rows.length, dropped: 0 };
      waiting = [];
      return rows;
    },
    written: () => {
      if (joined !== undefined) {
        const { row, first } = place();
        next = { row: row + joined.rows, first: first + joined.records.length + joined.dropped };
        joined = undefined;
      }
      for (const each of waiting) if (each.on === 'writing') each.on = 'nothing';
      tell();
    },
    failed: () => {
      const lost = [...(joined?.records ?? []), ...waiting];
      // What was seen of these keeps its number. The store may have the rows all the same: then they are written over.
      joined = undefined;
      waiting = lost.map(({ entry, on }) => ({ entry: on === 'nothing' ? entry : failedEntry(entry), on: 'nothing' }));
      tell();
    },
    seen: () => {
      const { row, first } = place();
      const given = first + (joined === undefined ? 0 : joined.records.length + joined.dropped) + waiting.length - 1;
      return { row, first, given, waiting: pending() === 'nothing' ? waiting.map(({ entry }) => entry) : [] };
    },
    more: () => (waiter ??= Promise.withResolvers()).promise,
  } satisfies Trace);
};
harden(makeTrace);
