/**
 * What every store refuses before it does anything. A wrong argument is a mistake of the calling program, hence TypeError:
 * unpaired surrogates would be stored as other text than was given, and LevelDB compares long keys slowly.
 */
import { Buffer } from 'node:buffer';
import type { PageRequest, StoreOp } from '../vats/store.ts';

/** Bytes of UTF-8. */
const longestKey = 1_024;

const shown = (text: unknown): string => {
  const json = JSON.stringify(text) ?? String(text);
  return json.length > 80 ? `${json.slice(0, 77)}…` : json;
};

const requireText = (what: string, text: unknown): void => {
  if (typeof text !== 'string') throw new TypeError(`${what} ${shown(text)} - must be a string`);
  if (!text.isWellFormed()) throw new TypeError(`${what} ${shown(text)} - has an unpaired surrogate`);
};

/** Why no store has such a key; undefined if it may be one: well-formed, and of 1 to 1,024 bytes. */
export const whyNoKey = (key: string): string | undefined => {
  if (!key.isWellFormed()) return 'has an unpaired surrogate';
  if (key === '') return 'must not be empty';
  // A UTF-16 unit is at most three bytes of UTF-8, so most keys need no measuring.
  const isLong = key.length * 3 > longestKey && Buffer.byteLength(key) > longestKey;
  return isLong ? `is longer than ${longestKey} bytes` : undefined;
};
harden(whyNoKey);

/** Throws TypeError for what is no key. */
export const requireKey = (key: unknown): void => {
  if (typeof key !== 'string') throw new TypeError(`key ${shown(key)} - must be a string`);
  const why = whyNoKey(key);
  if (why !== undefined) throw new TypeError(`key ${shown(key)} - ${why}`);
};
harden(requireKey);

/** A copy that the caller cannot change while it waits its turn. Throws TypeError; nothing of the batch is written then. */
export const copyOps = (ops: readonly StoreOp[]): StoreOp[] =>
  ops.map((op) => {
    requireKey(op.key);
    if (op.type === 'del') return { type: 'del', key: op.key };
    if (op.type !== 'put') throw new TypeError(`type ${shown((op as StoreOp).type)} - must be "put" or "del"`);
    requireText(`value of ${shown(op.key)}`, op.value);
    return { type: 'put', key: op.key, value: op.value };
  });
harden(copyOps);

/** Throws TypeError. A limit below 1 would page for ever. */
export const requirePageRequest = ({ gt, lt, limit, bytes = 1 }: PageRequest): void => {
  requireText('gt', gt);
  requireText('lt', lt);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new TypeError(`limit ${shown(limit)} - must be 1 or more`);
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw new TypeError(`bytes ${shown(bytes)} - must be 1 or more`);
};
harden(requirePageRequest);
