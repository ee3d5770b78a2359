/**
 * A store as records for people and tools: what is in each row, with portraits as readable JSON (portrait-json.ts) and references by name. Sealed values
 * are left out, and rows of keys with them; of locators there is the hash, as in the store. A row that cannot be read is a record that says so.
 *
 *   {"type":"store","key":"!state","value":{"epoch":7,"commits":1234}}
 *   {"type":"vat","vat":"boss","value":{"next":8,"actors":7,…}}    {"type":"kinds","vat":"boss","value":{"machine":1,…}}
 *   {"type":"actor","name":"vat:boss/machine/7","kind":"machine","version":1,"change":3,"portrait":{…}}
 *   {"type":"entry","map":"vat:boss/map/2","key":"web1","change":1,"value":{…}}
 *   {"type":"root","vat":"boss","root":"boss","value":{"ref":"…"}}
 *   {"type":"peer","peer":"…","value":{"next":3,…}}    {"type":"export","peer":"…","number":1,"ref":"vat:…"}
 *   {"type":"locator","hash":"…","ref":"…"}    {"type":"trace","number":0,"value":{…}}    {"type":"row","key":"b/listen","value":"…"}
 *   {"type":"unreadable","key":"…","why":"…"}
 */
import { codeOf, describeError } from '../errors/gobs-error.ts';
import { parseStored } from '../vats/json-shape.ts';
import { decodeRow } from '../vats/row.ts';
import type { StoreEntry } from '../vats/store.ts';
import { brief } from './brief.ts';
import { readPortrait, withoutSealed, type Json } from './portrait-json.ts';
import { formatKey, makeRowChecksum, type RowChecksum } from './row-checksum.ts';
import { readStoreId } from './store-header.ts';

export interface ExportRecord {
  readonly type: string;
  readonly [property: string]: Json;
}

/** A key that a store may have is told whole. */
const longestKey = 1_024;
const longestWhy = 500;

/** The text of a row without its checksum, what the key says of it, and the key. */
type Reader = (text: string, parts: readonly string[], key: string) => ExportRecord | undefined;

const record = (text: string): Readonly<Record<string, Json>> => parseStored(text) as Readonly<Record<string, Json>>;

const portraitIn = (key: string, text: string) => {
  const { kind, version, change, body, slots } = decodeRow(key, text);
  return { kind, version, change, portrait: readPortrait(body, slots) };
};

const readers: readonly (readonly [RegExp, Reader])[] = [
  [/^!\w+$/, (text, _parts, key) => ({ type: 'store', key, value: record(text) })],
  [/^v\/([^/]+)\/!$/, (text, [vat = ''], key) => ({ type: 'vat', vat, value: portraitIn(key, text).portrait })],
  [/^v\/([^/]+)\/k$/, (text, [vat = ''], key) => ({ type: 'kinds', vat, value: portraitIn(key, text).portrait })],
  [
    /^v\/([^/]+)\/a\/([^/]+\/[^/]+)$/,
    (text, [vat = '', actor = ''], key) => ({ type: 'actor', name: `vat:${vat}/${actor}`, ...portraitIn(key, text) }),
  ],
  [
    /^v\/([^/]+)\/m\/([^/]+)\/(.*)$/s,
    (text, [vat = '', map = '', entry = ''], key) => {
      const { change, portrait } = portraitIn(key, text);
      return { type: 'entry', map: `vat:${vat}/map/${map}`, key: entry, change, value: portrait };
    },
  ],
  [
    /^v\/([^/]+)\/r\/(.*)$/,
    (text, [vat = '', root = ''], key) => ({ type: 'root', vat, root, value: portraitIn(key, text).portrait }),
  ],
  [/^p\/([^/]+)\/!$/, (text, [peer = '']) => ({ type: 'peer', peer, value: record(text) })],
  // The same as what follows, the other way round.
  [/^p\/[^/]+\/n\//, () => undefined],
  [
    /^p\/([^/]+)\/x\/(\d+)$/,
    (text, [peer = '', number = '']) => ({ type: 'export', peer, number: Number(number), ref: text }),
  ],
  [/^s\/([0-9a-f]+)$/, (text, [hash = '']) => ({ type: 'locator', hash, ref: text.slice(text.indexOf(' ') + 1) })],
  [/^t\/(.*)$/, (text, [number = '']) => ({ type: 'trace', number: Number(number), value: record(text) })],
  // Keys: sealed, or what is needed to open them.
  [/^k\/.*$/s, () => undefined],
  [/^/, (text, _parts, key) => ({ type: 'row', key, value: withoutSealed(text) })],
];

const recordOf = (key: string, text: string): ExportRecord | undefined => {
  for (const [shape, read] of readers) {
    const match = shape.exec(key);
    if (match !== null) return read(text, match.slice(1), key);
  }
  return undefined;
};

async function* exporting(pages: AsyncIterable<readonly StoreEntry[]>): AsyncGenerator<readonly ExportRecord[]> {
  let checksum: RowChecksum | undefined;
  const read = ([key, value]: StoreEntry): ExportRecord | undefined => {
    try {
      if (key === formatKey) checksum = makeRowChecksum(readStoreId('the store', [[key, value]]));
      return recordOf(key, (checksum ?? makeRowChecksum('')).check(key, value));
    } catch (error) {
      if (codeOf(error) === 'NEWER_FORMAT') throw error;
      return { type: 'unreadable', key: brief(key, longestKey), why: brief(describeError(error).message, longestWhy) };
    }
  };
  for await (const page of pages) yield page.map(read).filter((each) => each !== undefined);
}

/** The records of all rows, a page of them after the other, in key order. `pages` are those of a RowSource. Throws NEWER_FORMAT, or as they do. */
export const exportRows = (pages: AsyncIterable<readonly StoreEntry[]>): AsyncGenerator<readonly ExportRecord[]> =>
  exporting(pages);
harden(exportRows);
