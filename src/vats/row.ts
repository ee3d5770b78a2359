/**
 * Rows: how a portrait is written. The format is in docs/explanation/store.md. The checksum covers the store's id and the key too, so that
 * a row that came from elsewhere is noticed like one that was cut or altered.
 */
import { crc32 } from 'node:zlib';
import { makeError } from '../errors/gobs-error.ts';
import type { RefName } from './names.ts';

export interface Row {
  readonly kind: string;
  readonly version: number;
  /** Rises by one with each change of the actor. */
  readonly change: number;
  /** The portrait in smallcaps encoding. */
  readonly body: string;
  /** Names of the references in it, in the order in which the body counts them. */
  readonly slots: readonly RefName[];
}

export interface RowFormat {
  encode(key: string, row: Row): string;
  /** Throws ROW_DAMAGED, naming key, expected and found. */
  decode(key: string, value: string): Row;
}

const hint = 'nothing was overwritten; restore a backup';

const parse = (key: string, json: string): Row => {
  try {
    const { k, v, c, b, s } = JSON.parse(json) as { k: string; v: number; c: number; b: string; s: RefName[] };
    return { kind: k, version: v, change: c, body: b, slots: s };
  } catch (error) {
    throw makeError('ROW_DAMAGED', `row ${key}: ${(error as Error).message}`, { hint });
  }
};

/** `storeId` tells the rows of this store from those of another. */
export const makeRowFormat = (storeId: string): RowFormat => {
  const checksum = (key: string, json: string): string =>
    crc32(`${storeId}${key}\n${json}`).toString(16).padStart(8, '0');
  return harden({
    encode: (key, { kind, version, change, body, slots }) => {
      const json = JSON.stringify({ k: kind, v: version, c: change, b: body, s: slots });
      return `${checksum(key, json)} ${json}`;
    },
    decode: (key, value) => {
      const found = value.slice(0, 8);
      const json = value.slice(9);
      const expected = checksum(key, json);
      if (found !== expected || value[8] !== ' ') {
        throw makeError('ROW_DAMAGED', `row ${key}: checksum ${JSON.stringify(found)}, expected ${expected}`, { hint });
      }
      return parse(key, json);
    },
  });
};
harden(makeRowFormat);

/** Refuses what this program cannot read: UNKNOWN_KIND, NEWER_VERSION, OLDER_VERSION, naming key, expected and found. */
export const requireVersion = (key: string, row: Row, label: string, version: number): void => {
  if (row.kind !== label) throw makeError('UNKNOWN_KIND', `row ${key} is of kind ${row.kind}, expected ${label}`);
  const found = `row ${key}: ${row.kind} version ${row.version}, known ${version}`;
  if (row.version > version) {
    throw makeError('NEWER_VERSION', found, { hint: 'use the gobs that wrote it, or a newer one' });
  }
  if (row.version < version) throw makeError('OLDER_VERSION', found);
};
harden(requireVersion);
