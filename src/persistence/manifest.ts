/**
 * LevelDB's MANIFEST: a log whose entries say, one after the other, which tables there are and from which log on rows are not yet in them.
 *
 *   entry: (tag, what it tells)…      numbers are varints; a table is: level, number, bytes, smallest key, largest key
 */
import type { Buffer } from 'node:buffer';
import { makeVarintReader, type VarintReader } from './varint-reader.ts';

export interface Tables {
  /** Bytes of each table, by its number. */
  readonly bytes: ReadonlyMap<number, number>;
  /** The smallest key of each, by its number. */
  readonly smallest: ReadonlyMap<number, string>;
  /** Logs with lower numbers are in the tables. */
  readonly log: number;
}

const tags = { comparator: 1, log: 2, nextFile: 3, lastSequence: 4, compactPointer: 5, gone: 6, made: 7, logBefore: 9 };

interface Told {
  readonly bytes: Map<number, number>;
  readonly smallest: Map<number, string>;
  log: number | undefined;
}

/** In LevelDB's own files a key is followed by 8 bytes: the number of its change, and what that was. */
const keyIn = (internal: Buffer): string => internal.toString('utf8', 0, internal.length - 8);

const takeOne = (told: Told, from: VarintReader): void => {
  const tag = from.number();
  if (tag === tags.comparator) from.bytes();
  else if (tag === tags.log) told.log = from.number();
  else if (tag === tags.nextFile || tag === tags.lastSequence || tag === tags.logBefore) from.number();
  else if (tag === tags.compactPointer) {
    from.number();
    from.bytes();
  } else if (tag === tags.gone) {
    from.number();
    const number = from.number();
    told.bytes.delete(number);
    told.smallest.delete(number);
  } else if (tag === tags.made) {
    from.number();
    const number = from.number();
    told.bytes.set(number, from.number());
    told.smallest.set(number, keyIn(from.bytes()));
    from.bytes();
  } else throw Error(`unknown tag ${tag}`);
};

/** Throws for an entry that is none, and if none tells of a log. */
export const tablesIn = (entries: readonly Buffer[]): Tables => {
  const told: Told = { bytes: new Map(), smallest: new Map(), log: undefined };
  for (const entry of entries) {
    const from = makeVarintReader(entry);
    while (!from.done) takeOne(told, from);
  }
  const { bytes, smallest, log } = told;
  if (log === undefined) throw Error('it tells of no log');
  return { bytes, smallest, log };
};
harden(tablesIn);
