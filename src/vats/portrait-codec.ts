/** Portraits to rows and back, in Endo's smallcaps encoding, with references by name. */
import { makeMarshal } from '@endo/marshal';
import { makeError } from '../errors/gobs-error.ts';
import { isDurableName, type RefName } from './names.ts';
import { decodeRow, encodeRow, type Row } from './row.ts';

export interface PortraitCodec {
  /** Throws NOT_DURABLE for a promise, or a reference to what does not outlive the process. */
  encode(key: string, of: Pick<Row, 'kind' | 'version' | 'change'>, portrait: unknown): string;
  /** Throws ROW_DAMAGED. */
  decode(key: string, value: string): Row & { readonly portrait: unknown };
}

export const makePortraitCodec = (
  nameOf: (value: object) => RefName | undefined,
  refFor: (name: RefName) => object,
): PortraitCodec => {
  const toSlot = (value: object): RefName => {
    const name = nameOf(value);
    if (name !== undefined && isDurableName(name)) return name;
    const what = name ?? (value instanceof Promise ? 'a promise' : 'an object that is no actor');
    throw makeError('NOT_DURABLE', `a portrait cannot hold ${what}`, {
      hint: 'keep a durable actor, or what is needed to make the thing again',
    });
  };
  const { toCapData, fromCapData } = makeMarshal(toSlot, (name: RefName) => refFor(name), {
    serializeBodyFormat: 'smallcaps',
    marshalName: 'portrait',
    errorTagging: 'off',
  });
  return harden({
    encode: (key, of, portrait) => {
      const { body, slots } = toCapData(portrait as never) as { body: string; slots: RefName[] };
      return encodeRow(key, { ...of, body, slots });
    },
    decode: (key, value) => {
      const row = decodeRow(key, value);
      return { ...row, portrait: fromCapData({ body: row.body, slots: row.slots as RefName[] }) as unknown };
    },
  });
};
