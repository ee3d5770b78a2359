/**
 * The newest value of one key in LevelDB's tables, read without LevelDB, which would change its files. Each table has a key's changes together, the newest
 * first; which table has the newest of all, only the numbers of the changes tell.
 *
 *   entry: bytes shared with the key before, others, length of the value, these others, the value
 *   key:   the key itself │ what was done: 1 (1: put, 0: deleted) │ number of the change: 7, little-endian │
 */
import { Buffer } from 'node:buffer';
import { entriesOf, rowBlocksOf } from './table-check.ts';

export interface Change {
  readonly number: bigint;
  /** Undefined: it was deleted. */
  readonly value: string | undefined;
}

interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

function* entriesIn(block: Buffer): Iterable<Entry> {
  const from = entriesOf(block);
  let key: Buffer = Buffer.alloc(0);
  while (!from.done) {
    const shared = from.number();
    const others = from.number();
    const length = from.number();
    const at = from.at;
    from.skip(others + length);
    key = Buffer.concat([key.subarray(0, shared), block.subarray(at, at + others)]);
    yield { key, value: block.subarray(at + others, at + others + length) };
  }
}

/** Undefined if the table does not have the key. Throws for a table that is not sound as far as it is read. */
export const newestChange = (table: Buffer, wanted: string): Change | undefined => {
  const sought = Buffer.from(wanted);
  for (const content of rowBlocksOf(table)) {
    for (const { key, value } of entriesIn(content())) {
      const order = Buffer.compare(key.subarray(0, -8), sought);
      if (order > 0) return undefined;
      if (order < 0) continue;
      const tag = key.readBigUInt64LE(key.length - 8);
      return harden({ number: tag >> 8n, value: (tag & 255n) === 1n ? value.toString() : undefined });
    }
  }
  return undefined;
};
harden(newestChange);
