/**
 * Portraits in Endo's smallcaps encoding, letter by letter as @endo/marshal writes it, for what nearly all of them are: records, arrays, texts, numbers,
 * references. Marshal hardens every step of its way, which took a third of reading a row and of writing one; nothing of that is needed where what
 * is made is a text, or comes from one.
 *
 * Each function gives undefined for what it does not know (symbols, promises, tagged values, errors, odd names): then marshal does it, and says what is
 * wrong if it is.
 *
 *   "plain"  "!…" text that begins like one of these  "#undefined"  "+7" bigint  "$0.Alleged: Machine" the reference in slot 0
 *
 * Source: the "smallcaps cheat sheet" of @endo/marshal.
 */
import { getInterfaceOf, passStyleOf } from '@endo/pass-style';

export interface CapData<Slot> {
  /** `#`, and JSON. */
  readonly body: string;
  readonly slots: readonly Slot[];
}

/** What has to be left to marshal. */
const notPlain = new Error('not plain');

const orUndefined = <T>(attempt: () => T): T | undefined => {
  try {
    return attempt();
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
};

const BANG = 0x21;
const DASH = 0x2d;
const isSpecial = (text: string): boolean => {
  const code = text.charCodeAt(0);
  return code >= BANG && code <= DASH;
};

const encodeText = (text: string): string => (isSpecial(text) ? `!${text}` : text);

/** Of what is passable. Throws as `slotOf` does. */
export const encodePlain = <Slot>(root: unknown, slotOf: (reference: object) => Slot): CapData<Slot> | undefined => {
  const slots: Slot[] = [];
  const known = new Map<object, number>();

  const encodeReference = (reference: object): string => {
    const index = known.get(reference);
    if (index !== undefined) return `$${index}`;
    known.set(reference, slots.length);
    slots.push(slotOf(reference));
    return `$${slots.length - 1}.${getInterfaceOf(reference)}`;
  };
  const encodeObject = (value: object): unknown => {
    const style: string = passStyleOf(value as never);
    if (style === 'copyArray') return (value as readonly unknown[]).map(encode);
    if (style === 'remotable') return encodeReference(value);
    if (style !== 'copyRecord') throw notPlain;
    // Inherits nothing: under lockdown, a name of what Object.prototype has could not be set.
    const encoded: Record<string, unknown> = { __proto__: null };
    for (const name of Object.keys(value).sort()) {
      encoded[encodeText(name)] = encode((value as Record<string, unknown>)[name]);
    }
    return encoded;
  };
  const encode = (value: unknown): unknown => {
    switch (typeof value) {
      case 'string':
        return encodeText(value);
      case 'number':
        return Number.isFinite(value) ? value : `#${value}`;
      case 'boolean':
        return value;
      case 'undefined':
        return '#undefined';
      case 'bigint':
        return value < 0n ? String(value) : `+${value}`;
      case 'object':
        return value === null ? null : encodeObject(value);
      default:
        throw notPlain;
    }
  };

  return orUndefined(() => ({ body: `#${JSON.stringify(encode(root))}`, slots }));
};
harden(encodePlain);

/** In `value`: frozen throughout. Throws SyntaxError for what is no JSON, and as `referenceOf` does. */
export const decodePlain = <Slot>(
  { body, slots }: CapData<Slot>,
  referenceOf: (slot: Slot) => object,
): { readonly value: unknown } | undefined => {
  const decodeReference = (text: string): object => {
    const end = text.indexOf('.');
    const index = Number(text.slice(1, end < 0 ? undefined : end));
    if (!Object.hasOwn(slots, index)) throw notPlain;
    return referenceOf(slots[index]!);
  };
  const decodeText = (text: string): unknown => {
    if (!isSpecial(text)) return text;
    if (text.startsWith('!')) return text.slice(1);
    if (text.startsWith('$')) return decodeReference(text);
    if (text === '#undefined') return undefined;
    throw notPlain;
  };
  // What was parsed is nobody else's yet, so it becomes what it stands for.
  const decode = (parsed: unknown): unknown => {
    if (typeof parsed === 'string') return decodeText(parsed);
    if (typeof parsed !== 'object' || parsed === null) return parsed;
    const object = parsed as Record<string, unknown>;
    for (const name of Object.keys(object)) {
      if (isSpecial(name) || name === '__proto__') throw notPlain;
      object[name] = decode(object[name]);
    }
    return Object.freeze(object);
  };

  if (!body.startsWith('#')) return undefined;
  return orUndefined(() => ({ value: decode(JSON.parse(body.slice(1))) }));
};
harden(decodePlain);
