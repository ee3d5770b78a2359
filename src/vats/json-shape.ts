/**
 * How large a JSON text will be once it is objects, found out without making them. A few bytes of text become many of memory and
 * much time (100,000 empty arrays in 200 KB), so this is looked at before `JSON.parse` and all that follows it.
 */
import { makeError } from '../errors/gobs-error.ts';

export interface ShapeLimits {
  /** Arrays and records within each other. */
  readonly depth: number;
  /** Arrays, records, elements and properties. */
  readonly values: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_RECORD = 0x7b;
const CLOSE_RECORD = 0x7d;

/** The index of the quote that ends the string that begins after `start`, or the end of a text that is no JSON. */
const endOfString = (text: string, start: number): number => {
  let index = start + 1;
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index += 1;
    else if (code === QUOTE) break;
  }
  return index;
};

const exceeded = (what: string, limit: number): Error =>
  makeError('LIMIT_EXCEEDED', `JSON with more than ${limit} ${what}`);

/** Throws LIMIT_EXCEEDED. Says nothing about whether the text is JSON: `JSON.parse` does. */
export const checkShape = (text: string, { depth, values }: ShapeLimits): void => {
  // Each level takes two characters and each value takes one, so a short text is within the limits whatever it holds.
  if (text.length <= 2 * depth && text.length <= values) return;
  let level = 0;
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case OPEN_ARRAY:
      case OPEN_RECORD:
        level += 1;
        count += 1;
        if (level > depth) throw exceeded('levels', depth);
        break;
      case CLOSE_ARRAY:
      case CLOSE_RECORD:
        level -= 1;
        break;
      case COMMA:
        count += 1;
        break;
      default:
    }
    if (count > values) throw exceeded('values', values);
  }
};
harden(checkShape);

/** Far above what a message can bring into a portrait, and far below what a call stack holds. */
export const storedLimits: ShapeLimits = harden({ depth: 500, values: 1_000_000 });
harden(storedLimits);

/** JSON of a row or a backup, which somebody else may have written. Throws LIMIT_EXCEEDED, or as `JSON.parse` does. */
export const parseStored = (text: string): unknown => {
  checkShape(text, storedLimits);
  return JSON.parse(text);
};
harden(parseStored);
