/**
 * A batch as LevelDB has it in its log: number of its first change: 8, how many: 4, then the changes.
 *
 *   change: │ 1: put, 0: delete │ key │ value, of a put │      texts with their length before them
 */
import type { Buffer } from 'node:buffer';
import { makeVarintReader } from './varint-reader.ts';

const headSize = 12;

/** The value that a batch gives to a key; undefined if it gives it none. Throws for what is no batch. */
export const valueIn = (batch: Buffer, key: string): string | undefined => {
  let value: string | undefined;
  const from = makeVarintReader(batch.subarray(headSize));
  while (!from.done) {
    const isPut = from.number() === 1;
    const changed = from.bytes().toString();
    const put = isPut ? from.bytes().toString() : undefined;
    if (changed === key) value = put;
  }
  return value;
};
harden(valueIn);
