/**
 * Rows: how a portrait is written. The format is in docs/explanation/store.md. The checksum covers the key too, so that a row that
 * ended up elsewhere is noticed like one that was cut or altered.
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

const checksum = (key: string, json: string): string => crc32(`${key}\n${json}`).toString(16).padStart(8, '0');

export const encodeRow = (key: string, { kind, version, change, body, slots }: Row): string => {
  const json = JSON.stringify({ k: kind, v: version, c: change, b: body, s: slots });
  return `${checksum(key, json)} ${json}`;
};

/** Throws ROW_DAMAGED, naming key, expected and found. */
export const decodeRow = (key: string, value: string): Row => {
  const found = value.slice(0, 8);
  const json = value.slice(9);
  const expected = checksum(key, json);
  if (found !== expected || value[8] !== ' ') {
    throw makeError('ROW_DAMAGED', `row ${key}: checksum ${JSON.stringify(found)}, expected ${expected}`, {
      hint: 'nothing was overwritten; restore a backup',
    });
  }
  const { k, v, c, b, s } = JSON.parse(json) as { k: string; v: number; c: number; b: string; s: RefName[] };
  return { kind: k, version: v, change: c, body: b, slots: s };
};
