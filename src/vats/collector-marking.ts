/**
 * Marking: which actors can be reached. See docs/explanation/garbage.md.
 *
 *   white   not marked            condemned, if it is so at the end
 *   grey    marked, and in `grey`: what it refers to is still to be marked
 *   black   marked, and not in `grey`
 *
 * Rows change while this goes on. What keeps a black actor from referring to a white one are the barriers, by which whoever writes a row or
 * makes a reference marks what is in it: `shadeRow`, `shade`.
 */
import type { GroupCommit } from './group-commit.ts';
import { makeMarks } from './collector-marks.ts';
import { namesIn, readHeader } from './collector-rows.ts';
import { mapKind } from './durable-map.ts';
import { lastKey } from './key-order.ts';
import { actorKey, entryRange, rootRange, vatHeaderKey, type KeyRange } from './keys.ts';
import { parseActorName, type RefName } from './names.ts';
import { decodeRow } from './row.ts';

export interface Marking {
  /** A reference is held, or was made. */
  shade(name: RefName): void;
  /** A row is held, or was written. Throws ROW_DAMAGED. */
  shadeRow(key: string, value: string): void;
  /** All rows of a range are held. */
  shadeRange(range: KeyRange): void;
  /** A vat is in the store. Its roots are held, unless another vat made it: then it is held by whoever refers to something in it. */
  begin(vat: string): void;
  /** Is nothing grey? */
  readonly done: boolean;
  /** Reads some rows. Throws ROW_DAMAGED. */
  step(): Promise<void>;
  /** Was it there when marking began, and not found since? */
  isWhite(vat: string, instance: number): boolean;
  /** Did another vat make it, and was nothing in it found since, not even what is never written? */
  isUnheld(vat: string): boolean;
  /** How many were found. */
  readonly marked: number;
}

export interface MarkingOptions {
  readonly rows: Pick<GroupCommit, 'get' | 'page'>;
  /** Rows that a step reads at most. */
  readonly pace: number;
}

interface GreyActor {
  readonly vat: string;
  readonly kind: string;
  readonly instance: number;
}

export const makeMarking = ({ rows, pace }: MarkingOptions): Marking => {
  const marks = makeMarks();
  /** Last in, first out: a map's page is done with before the next is read, so this stays small. */
  const grey: (GreyActor | KeyRange)[] = [];
  const held = new Set<string>();
  const limits = new Map<string, number>();

  const headerOf = (vat: string): ReturnType<typeof readHeader> | undefined => {
    const key = vatHeaderKey(vat);
    const value = rows.get(key);
    return value === undefined ? undefined : readHeader(key, value);
  };

  /**
   * Actors from this number on were made since: they stay, and what they refer to was shaded when their rows were written. Looked up when it
   * is first needed; that some of them are below it does no harm, they are marked like any other.
   */
  const limitOf = (vat: string): number => {
    const known = limits.get(vat);
    if (known !== undefined) return known;
    const next = headerOf(vat)?.next ?? 0;
    limits.set(vat, next);
    return next;
  };

  /** Its header and its roots. */
  const shadeVat = (vat: string): void => {
    if (held.has(vat)) return;
    held.add(vat);
    const key = vatHeaderKey(vat);
    const value = rows.get(key);
    if (value !== undefined) shadeRow(key, value);
    grey.push(rootRange(vat));
  };

  const shade = (name: RefName): void => {
    const actor = parseActorName(name);
    if (actor === undefined) return;
    const { durable, vat, kind, instance } = actor;
    shadeVat(vat);
    if (durable && instance < limitOf(vat) && marks.add(vat, instance)) grey.push({ vat, kind, instance });
  };

  const shadeRow = (key: string, value: string): void => {
    for (const name of namesIn(key, value)) shade(name);
  };

  /** There is none if the reference leaked from a turn that was undone. Its number is nobody else's. */
  const scanActor = ({ vat, kind, instance }: GreyActor): void => {
    const key = actorKey(vat, kind, instance);
    const value = rows.get(key);
    if (value === undefined) return;
    const row = decodeRow(key, value);
    for (const name of row.slots) shade(name);
    if (row.kind === mapKind.label) grey.push(entryRange(vat, instance));
  };

  const scanPage = async ({ gt, lt }: KeyRange): Promise<void> => {
    const page = await rows.page({ gt, lt, limit: pace });
    if (page.length === pace) grey.push({ gt: lastKey(page, gt), lt });
    for (const [key, value] of page) shadeRow(key, value);
  };

  return harden({
    shade,
    shadeRow,
    shadeRange: (range) => void grey.push(range),
    begin: (vat) => {
      limitOf(vat);
      if (headerOf(vat)?.made !== true) shadeVat(vat);
    },
    get done() {
      return grey.length === 0;
    },
    step: async () => {
      for (let read = 0; read < pace; read += 1) {
        const next = grey.pop();
        if (next === undefined) return;
        if ('gt' in next) {
          await scanPage(next);
          return;
        }
        scanActor(next);
      }
    },
    isWhite: (vat, instance) => instance < (limits.get(vat) ?? 0) && !marks.has(vat, instance),
    isUnheld: (vat) => limits.has(vat) && !held.has(vat),
    get marked() {
      return marks.count;
    },
  } satisfies Marking);
};
harden(makeMarking);
