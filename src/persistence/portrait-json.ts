/**
 * A portrait as JSON that people and tools can read, made from its row: from smallcaps, which is how Endo's marshal writes passable data. No object is
 * revived and no kind is needed.
 *
 *   a reference      {"ref":"vat:boss/machine/7/self"}
 *   a bigint         {"bigint":"12"}
 *   undefined, NaN   {"special":"undefined"}
 *   a symbol         {"symbol":"@@asyncIterator"}
 *   something tagged {"tag":"copySet","payload":…}
 *   an error         {"error":"what it said"}
 *   a sealed value   "[sealed]": it leaves no store, not even sealed
 */
import type { RefName } from '../vats/names.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

type Slots = readonly RefName[];

const sealed = '[sealed]';
const sealedText = /^sealed:\d+:/;

/** A text of a row of its own, or in a portrait. */
export const withoutSealed = (text: string): string => (sealedText.test(text) ? sealed : text);
harden(withoutSealed);

const specials: ReadonlySet<string> = new Set(['undefined', 'NaN', 'Infinity', '-Infinity']);
const isSpecial = (text: string): boolean => text !== '' && text >= '!' && text < '.';

const readReference = (text: string, slots: Slots): Json => {
  const index = /^\$(0|[1-9]\d*)(?:\.|$)/.exec(text)?.[1];
  const name = index === undefined ? undefined : slots[Number(index)];
  if (name === undefined) throw Error(`${JSON.stringify(text)} is no reference of ${slots.length}`);
  return { ref: name };
};

/** Of a text that begins with one of `!"#$%&'()*+,-`. */
const readSpecial = (text: string, slots: Slots): Json => {
  const rest = text.slice(1);
  switch (text[0]) {
    case '!':
      return withoutSealed(rest);
    case '$':
      return readReference(text, slots);
    case '%':
      return { symbol: rest };
    case '+':
    case '-':
      if (/^\d+$/.test(rest)) return { bigint: text[0] === '+' ? rest : text };
      break;
    case '#':
      if (specials.has(rest)) return { special: rest };
      break;
    default:
  }
  throw Error(`${JSON.stringify(text)} is not how a portrait is written`);
};

const readKey = (key: string): string => {
  if (!isSpecial(key)) return key;
  if (key.startsWith('!')) return key.slice(1);
  throw Error(`${JSON.stringify(key)} is no name of a property`);
};

const readRecord = (record: { readonly [key: string]: Json }, slots: Slots): Json => {
  const read = (value: Json | undefined): Json => {
    if (value === undefined) throw Error('something tagged has no payload');
    return readValue(value, slots);
  };
  if (Object.hasOwn(record, '#tag')) return { tag: read(record['#tag']), payload: read(record['payload']) };
  if (Object.hasOwn(record, '#error')) return { error: read(record['#error']) };
  const entries = Object.entries(record);
  if (entries.length === 1 && entries[0]![0] === 'sealed' && typeof entries[0]![1] === 'string') return sealed;
  return Object.fromEntries(entries.map(([key, value]) => [readKey(key), readValue(value, slots)]));
};

const readValue = (value: Json, slots: Slots): Json => {
  if (typeof value === 'string') return isSpecial(value) ? readSpecial(value, slots) : withoutSealed(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => readValue(each as Json, slots));
  return readRecord(value as { readonly [key: string]: Json }, slots);
};

/** `body` and `slots` of a row. Throws an Error that says what is wrong with it. */
export const readPortrait = (body: string, slots: Slots): Json => {
  if (!body.startsWith('#')) throw Error('the portrait is not in smallcaps');
  return readValue(JSON.parse(body.slice(1)) as Json, slots);
};
harden(readPortrait);
