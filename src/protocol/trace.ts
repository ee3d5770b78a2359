/**
 * Records of turns, as boss and hob show them, and how those of two sides are put together. docs/explanation/trace.md says what is in them.
 * All of it is information: a hob may say whatever it likes about itself.
 */
import { M, matches } from '@endo/patterns';

export interface TraceEffect {
  readonly id: string;
  readonly target: string;
  readonly method: string;
}

export interface TraceRecord {
  readonly number: number;
  readonly id: string;
  /** By the clock of the process whose record it is. */
  readonly at: number;
  readonly vat: string;
  readonly target: string;
  readonly method: string;
  /** `peer:<id>`, `client`, `vat:<name>` or `host`. */
  readonly from: string;
  readonly cause: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly changed: readonly string[];
  readonly effects: readonly TraceEffect[];
  readonly omitted: number;
}

export interface TraceRequest {
  /** The `last` of an earlier page. */
  readonly after?: number;
  /** At most so many, the newest. */
  readonly limit?: number;
  /** Answer when there is something. */
  readonly wait?: boolean;
}

export interface TracePage {
  /** Oldest first. */
  readonly records: readonly TraceRecord[];
  readonly last: number;
  /** There were more than the limit. */
  readonly cut: boolean;
}

const number = M.number();
const requestFields = { after: number, limit: number, wait: M.boolean() };
const nothingElse = M.record({ numPropertiesLimit: 0 });

export const TraceRequestShape = M.splitRecord({}, requestFields, nothingElse);

/** Records in one page. */
export const MOST_RECORDS = 300;
harden(MOST_RECORDS);
const MOST_LISTED = 100;

const text = (limit: number) => M.string({ stringLengthLimit: limit });
const exactly = (shape: Readonly<Record<string, unknown>>) => M.splitRecord(shape as never, {}, nothingElse);
const list = (shape: unknown, limit: number) => M.arrayOf(shape as never, { arrayLengthLimit: limit });

const TracePageShape = exactly({
  records: list(
    exactly({
      number,
      id: text(60),
      at: number,
      vat: text(100),
      target: text(300),
      method: text(100),
      from: text(100),
      cause: M.or(M.null(), text(60)),
      error: M.or(M.null(), exactly({ code: text(100), message: text(300) })),
      changed: list(text(300), MOST_LISTED),
      effects: list(exactly({ id: text(60), target: text(300), method: text(100) }), MOST_LISTED),
      omitted: number,
    }),
    MOST_RECORDS,
  ),
  last: number,
  cut: M.boolean(),
});

const isCount = (value: number | undefined): value is number => Number.isSafeInteger(value) && value! >= 0;

/** To a pattern, NaN and Infinity are numbers too. */
const hasCounts = ({ records, last }: TracePage): boolean =>
  isCount(last) && records.every(({ number: n, at, omitted }) => isCount(n) && isCount(at) && isCount(omitted));

/** Of what a hob answered. */
export const isTracePage = (value: unknown): value is TracePage =>
  matches(value as never, TracePageShape) && hasCounts(value as TracePage);
harden(isTracePage);

/** With a limit that one answer has room for. */
export const boundedRequest = ({ after, limit, wait }: TraceRequest): TraceRequest =>
  harden({
    ...(isCount(after) ? { after } : {}),
    limit: isCount(limit) ? Math.min(Math.max(1, limit), MOST_RECORDS) : 100,
    wait: wait === true,
  });
harden(boundedRequest);

// ---------------------------------------------------------------------------------------------- two sides

export interface TraceSide {
  /** `boss`, or the name of a machine. */
  readonly where: string;
  /** In its order. */
  readonly records: readonly TraceRecord[];
}

/** `cause`: the message of the turn, on either side, that sent this one or asked for it. */
export interface JoinedRecord extends TraceRecord {
  readonly where: string;
}

/** `peer:abcdefgh…` and `abcdefgh-1-7`: did the one whose session it came in make this id? */
const isOwnOf = (from: string, id: string): boolean => from.startsWith('peer:') && from.slice(5, 13) === id.slice(0, 8);

/** A side can say what its own messages were sent by, and what it sent to the other; not what others sent. */
const withCauses = (side: TraceSide, sides: readonly TraceSide[]): readonly JoinedRecord[] => {
  const senders = new Map<string, string>();
  for (const other of sides) {
    for (const { id, effects } of other.records) {
      for (const effect of effects) senders.set(`${other.where} ${effect.id}`, id);
    }
  }
  const elsewhere = sides.filter((other) => other !== side);
  return side.records.map((record) => {
    const { id, from } = record;
    const own = from.startsWith('vat:') ? senders.get(`${side.where} ${id}`) : undefined;
    const others = isOwnOf(from, id) ? elsewhere.map(({ where }) => senders.get(`${where} ${id}`)) : [];
    const cause = record.cause ?? own ?? others.find((sender) => sender !== undefined) ?? null;
    return { ...record, where: side.where, cause };
  });
};

/**
 * All records in one list. Those of a side keep their order; between the sides the time decides, but a turn does not stand before the one that
 * sent it: clocks differ.
 */
export const joinTrace = (sides: readonly TraceSide[]): readonly JoinedRecord[] => {
  const queues = sides.map((side) => ({ records: withCauses(side, sides), next: 0 }));
  const toCome = new Map<string, number>();
  for (const { records } of queues) for (const { id } of records) toCome.set(id, (toCome.get(id) ?? 0) + 1);
  const joined: JoinedRecord[] = [];
  for (;;) {
    const heads = queues.filter(({ records, next }) => next < records.length);
    if (heads.length === 0) return harden(joined);
    const headOf = ({ records, next }: (typeof queues)[number]): JoinedRecord => records[next]!;
    const waits = ({ cause }: JoinedRecord): boolean => cause !== null && (toCome.get(cause) ?? 0) > 0;
    // If each waits for another, what they say of each other makes no sense.
    const free = heads.filter((queue) => !waits(headOf(queue)));
    const first = (free.length > 0 ? free : heads).reduce((one, other) =>
      headOf(other).at < headOf(one).at ? other : one,
    );
    const record = headOf(first);
    first.next += 1;
    toCome.set(record.id, toCome.get(record.id)! - 1);
    joined.push(record);
  }
};
harden(joinTrace);

// ---------------------------------------------------------------------------------------------- the graph

export interface GraphView {
  readonly nodes: readonly { readonly name: string; readonly kind: string | null }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label: string }[];
  /** One line for each reason why something was left out. */
  readonly omitted: readonly string[];
}

const reference = M.or(M.string({ stringLengthLimit: 300 }), M.remotable());

/** `of`, `from`: a reference, or a reference's name. */
export const InspectorTraceShape = M.splitRecord({}, { ...requestFields, of: reference }, nothingElse);
export const GraphRequestShape = M.splitRecord({}, { from: reference, depth: number, limit: number }, nothingElse);
