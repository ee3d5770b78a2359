/**
 * Looks at every byte of LevelDB's tables. Each block of a table has a checksum, which LevelDB does not look at when it reads: a byte that was flipped may
 * hide a row, or bring an old one back, with nothing wrong to be seen.
 *
 *   table:  │ block │ block │ … │ filter │ where the filter is │ where the blocks are │ footer: where these two are, and a mark │
 *   block:  │ content │ packed or not: 1 │ crc32c, masked: 4 │
 *
 * Whatever is in no block (the rest of the footer) is zeros. So a sound table is one that is made of sound blocks, without a gap.
 */
import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';
import { unmask } from './log-records.ts';
import { readNow } from './log-check.ts';
import { unpackSnappy } from './snappy.ts';
import { makeVarintReader, type VarintReader } from './varint-reader.ts';

const footerSize = 48;
const mark = '57fb808b247547db';
const trailerSize = 5;

interface Block {
  readonly at: number;
  readonly size: number;
}

const blockFrom = (from: VarintReader): Block => ({ at: from.number(), size: from.number() });
const endOf = ({ at, size }: Block): number => at + size + trailerSize;

/** Throws if it is not sound. */
const requireSound = (table: Buffer, { at, size }: Block): void => {
  const end = at + size;
  if (end + trailerSize > table.length - footerSize) throw Error(`the block at byte ${at} goes beyond the end`);
  if (unmask(table.readUInt32LE(end + 1)) !== crc32c(table, at, end + 1)) {
    throw Error(`the block at byte ${at} fails its checksum`);
  }
};

/** Content of a sound block, unpacked. */
const contentOf = (table: Buffer, block: Block): Buffer => {
  requireSound(table, block);
  const end = block.at + block.size;
  const content = table.subarray(block.at, end);
  return table[end] === 1 ? unpackSnappy(content) : content;
};

/** An entry: shared bytes of its key, others, length of its value, these others, the value. */
const entryFrom = (from: VarintReader): Block => {
  from.number();
  const others = from.number();
  from.number();
  from.skip(others);
  return blockFrom(from);
};

/** Numbers that only speed it up follow the entries of a block. */
export const entriesOf = (block: Buffer): VarintReader => {
  const restarts = block.readUInt32LE(block.length - 4);
  return makeVarintReader(block.subarray(0, block.length - 4 * (restarts + 1)));
};
harden(entriesOf);

/** The blocks that an index names. */
const blocksIn = (index: Buffer): readonly Block[] => {
  const from = entriesOf(index);
  const blocks: Block[] = [];
  while (!from.done) blocks.push(entryFrom(from));
  return blocks;
};

/** Where its blocks are told of: of what speeds it up, and of rows. */
const indexesOf = (table: Buffer): readonly [metaIndex: Block, index: Block] => {
  const from = makeVarintReader(table.subarray(-footerSize));
  return [blockFrom(from), blockFrom(from)];
};

/** The blocks of rows, in order: each gives its content, unpacked, or throws if it is not sound. Throws if it cannot be told where they are. */
export const rowBlocksOf = (table: Buffer): readonly (() => Buffer)[] =>
  blocksIn(contentOf(table, indexesOf(table)[1])).map((block) => () => contentOf(table, block));
harden(rowBlocksOf);

/** Throws for the first thing that is wrong, with the offset. */
export const requireSoundTable = (table: Buffer): void => {
  const footer = table.subarray(-footerSize);
  const isMarked = footer.length === footerSize && footer.subarray(-8).toString('hex') === mark;
  if (!isMarked) throw Error('it does not end as a table does');
  const from = makeVarintReader(footer);
  const [metaIndex, index] = [blockFrom(from), blockFrom(from)];
  if (footer.subarray(from.at, -8).some((byte) => byte !== 0)) throw Error('its footer is damaged');
  const blocks = [...blocksIn(contentOf(table, index)), ...blocksIn(contentOf(table, metaIndex))];
  for (const block of blocks) requireSound(table, block);
  let end = 0;
  for (const block of [...blocks, metaIndex, index].sort((a, b) => a.at - b.at)) {
    if (block.at !== end) throw Error(`no block begins at byte ${end}`);
    end = endOf(block);
  }
  if (end !== table.length - footerSize) throw Error(`no block begins at byte ${end}`);
};
harden(requireSoundTable);

export interface TableFinding {
  readonly code: 'STORE_DAMAGED';
  readonly path: string;
  /** Path, offset, and what is wrong. */
  readonly message: string;
}

/** Of one file of a database that nobody has open; undefined if it is sound. Rejects STORE_UNUSABLE. */
export const checkTable = async (
  fs: typeof import('node:fs'),
  database: string,
  name: string,
): Promise<TableFinding | undefined> => {
  const path = join(database, name);
  const table = await readNow(fs, path);
  if (table === undefined) return undefined;
  try {
    requireSoundTable(table);
    return undefined;
  } catch (error) {
    return harden({ code: 'STORE_DAMAGED', path, message: `${path}: ${(error as Error).message}` });
  }
};
harden(checkTable);

export const isTable = (name: string): boolean => /^\d+\.(ldb|sst)$/.test(name);
harden(isTable);
