/** Portraits to rows and back, in Endo's smallcaps encoding, with references by name. */
import { makeMarshal } from '@endo/marshal';
import { makeError } from '../errors/gobs-error.ts';
import { isDurableName, type RefName } from './names.ts';
import { decodePlain, encodePlain, type CapData } from './plain-smallcaps.ts';
import { decodeRow, encodeRow, type Row } from './row.ts';

export interface PortraitCodec {
  /** Throws NOT_DURABLE for a promise, or a reference to what does not outlive the process; NOT_PASSABLE for what is no data. */
  encode(of: Pick<Row, 'kind' | 'version' | 'change'>, portrait: unknown): string;
  /** The row without its portrait. Throws ROW_DAMAGED. */
  decodeRow(key: string, value: string): Row;
  /** The portrait of a row that may be read. Throws ROW_DAMAGED. */
  decodePortrait(key: string, row: Row): unknown;
}

const notDurable = (what: string): Error =>
  makeError('NOT_DURABLE', `a portrait cannot hold ${what}`, {
    hint: 'keep a durable actor, or what is needed to make the thing again',
  });

export const makePortraitCodec = (
  nameOf: (value: object) => RefName | undefined,
  refFor: (name: RefName) => object,
): PortraitCodec => {
  const toSlot = (value: object): RefName => {
    const name = nameOf(value);
    if (name !== undefined && isDurableName(name)) return name;
    throw notDurable(name ?? (value instanceof Promise ? 'a promise' : 'an object that is no actor'));
  };
  const fromSlot = (name: RefName): object => {
    if (!isDurableName(name)) throw Error(`${name} is no durable reference`);
    return refFor(name);
  };
  const { toCapData, fromCapData } = makeMarshal(toSlot, fromSlot, {
    serializeBodyFormat: 'smallcaps',
    marshalName: 'portrait',
    errorTagging: 'off',
  });
  return harden({
    encode: (of, portrait) => {
      const { body, slots } = encodePlain(portrait, toSlot) ?? (toCapData(portrait as never) as CapData<RefName>);
      return encodeRow({ ...of, body, slots });
    },
    decodeRow,
    decodePortrait: (key, { body, slots }) => {
      try {
        const plain = decodePlain({ body, slots }, fromSlot);
        return plain === undefined ? (fromCapData({ body, slots: slots as RefName[] }) as unknown) : plain.value;
      } catch (error) {
        throw makeError('ROW_DAMAGED', `row ${key}: ${(error as Error).message}`, {
          hint: 'nothing was overwritten; restore a backup',
        });
      }
    },
  });
};
harden(makePortraitCodec);
