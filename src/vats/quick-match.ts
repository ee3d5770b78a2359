/**
 * Whether a value has the shape that a pattern of @endo/patterns describes, for the one answer that is given a million times: yes. A pattern is made
 * into a function once, and the function makes nothing, where `matches` makes and hardens copies of every record that it looks at: it took a third of
 * all the time of a boss's turns.
 *
 *   M.splitRecord({ name: M.string() })  ──▶  (value) => isRecord(value) && … typeof value.name === 'string' …
 *
 * A no is only "perhaps not": whoever asks then asks @endo/patterns, which also says what is wrong. So what this does not know about patterns (it
 * knows the forms that kinds use) costs time, and nothing else.
 */
import { getTag, PASS_STYLE, passStyleOf } from '@endo/pass-style';
import { matches, type Pattern } from '@endo/patterns';

/** True: it surely matches. False says nothing. Of what is hardened and passable. */
export type QuickMatch = (value: unknown) => boolean;

type Patterns = Readonly<Record<string, Pattern>>;

/** Of @endo/patterns, for patterns that name no limits of their own. */
const DEFAULT_LIMITS = {
  stringLengthLimit: 100_000,
  arrayLengthLimit: 10_000,
  numPropertiesLimit: 80,
  propertyNameLengthLimit: 100,
};
type Limits = Partial<typeof DEFAULT_LIMITS>;
const limitsIn = (limits: unknown): typeof DEFAULT_LIMITS => ({ ...DEFAULT_LIMITS, ...(limits as Limits | undefined) });

const anything: QuickMatch = () => true;
const nothing: QuickMatch = () => false;

type Fields = Readonly<Record<string, unknown>>;

// What is passable, inherits from Object.prototype and has no tag is a record; to ask passStyleOf would have it look through all of it.
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !Object.hasOwn(value, PASS_STYLE);
const isArray: (value: unknown) => value is readonly unknown[] = Array.isArray;

const isOfStyle =
  (style: string): QuickMatch =>
  (value) =>
    passStyleOf(value as never) === style;

const kinds: ReadonlyMap<string, QuickMatch> = new Map([
  ['boolean', (value: unknown) => typeof value === 'boolean'],
  ['number', (value: unknown) => typeof value === 'number'],
  ['bigint', (value: unknown) => typeof value === 'bigint'],
  ['string', (value: unknown) => typeof value === 'string'],
  ['undefined', (value: unknown) => value === undefined],
  ['remotable', isOfStyle('remotable')],
  ['promise', isOfStyle('promise')],
  ['copyArray', isArray],
  ['copyRecord', isRecord],
]);

/** The names that are required, those that may be there, and whether there may be more. */
const record = (required: Patterns, optional: Patterns, rest: QuickMatch): QuickMatch => {
  const needed = Object.keys(required).length;
  const fields = new Map<string, QuickMatch>();
  for (const [name, shape] of Object.entries(required)) fields.set(name, quickMatch(shape));
  for (const [name, shape] of Object.entries(optional)) {
    if (fields.has(name)) continue;
    const match = quickMatch(shape);
    fields.set(name, (value) => value === undefined || match(value));
  }
  return (value) => {
    if (!isRecord(value)) return false;
    let found = 0;
    for (const name of Object.keys(value)) {
      const match = fields.get(name) ?? rest;
      if (!match(value[name])) return false;
      if (Object.hasOwn(required, name)) found += 1;
    }
    return found === needed;
  };
};

const splitRecord = ([required, optional = {}, rest]: readonly [Patterns, Patterns?, Pattern?]): QuickMatch => {
  if (rest === undefined) return record(required, optional, anything);
  return matches(harden({}), rest) ? record(required, optional, nothing) : nothing;
};

const recordOf = ([name, value, limits]: readonly [Pattern, Pattern, unknown?]): QuickMatch => {
  const [matchName, matchValue] = [quickMatch(name), quickMatch(value)];
  const { numPropertiesLimit, propertyNameLengthLimit } = limitsIn(limits);
  return (specimen) => {
    if (!isRecord(specimen)) return false;
    const names = Object.keys(specimen);
    return (
      names.length <= numPropertiesLimit &&
      names.every((each) => each.length <= propertyNameLengthLimit && matchName(each) && matchValue(specimen[each]))
    );
  };
};

const arrayOf = ([item, limits]: readonly [Pattern, unknown?]): QuickMatch => {
  const match = quickMatch(item);
  const { arrayLengthLimit } = limitsIn(limits);
  return (value) => isArray(value) && value.length <= arrayLengthLimit && value.every(match);
};

const splitArray = ([required, optional = [], rest]: readonly [
  readonly Pattern[],
  (readonly Pattern[])?,
  Pattern?,
]): QuickMatch => {
  const [needed, more] = [required.map(quickMatch), optional.map(quickMatch)];
  const matchRest = rest === undefined ? undefined : quickMatch(rest);
  return (value) =>
    isArray(value) &&
    value.length >= needed.length &&
    needed.every((match, index) => match(value[index])) &&
    more.every((match, index) => {
      const item = value[needed.length + index];
      return item === undefined || match(item);
    }) &&
    (matchRest === undefined || matchRest(value.slice(needed.length + more.length)));
};

const string = ([limits]: readonly [unknown?]): QuickMatch => {
  const { stringLengthLimit } = limitsIn(limits);
  return (value) => typeof value === 'string' && value.length <= stringLengthLimit;
};

const order =
  (holds: (value: number, bound: number) => boolean) =>
  (bound: unknown): QuickMatch =>
    typeof bound === 'number' ? (value) => typeof value === 'number' && holds(value, bound) : nothing;

const all = (shapes: readonly Pattern[]): QuickMatch => {
  const matchers = shapes.map(quickMatch);
  return (value) => matchers.every((match) => match(value));
};
const some = (shapes: readonly Pattern[]): QuickMatch => {
  const matchers = shapes.map(quickMatch);
  return (value) => matchers.some((match) => match(value));
};

/** By tag; each is given the payload. See `M` of @endo/patterns 1.9. */
const forms: Readonly<Record<string, (payload: never) => QuickMatch>> = {
  'match:any': () => anything,
  'match:and': all,
  'match:or': some,
  'match:kind': (kind: string) => kinds.get(kind) ?? nothing,
  'match:remotable': () => isOfStyle('remotable'),
  'match:string': string,
  'match:lte': order((value, bound) => value <= bound),
  'match:gte': order((value, bound) => value >= bound),
  'match:arrayOf': arrayOf,
  'match:recordOf': recordOf,
  'match:splitArray': splitArray,
  'match:splitRecord': splitRecord,
};

const make = (shape: Pattern): QuickMatch => {
  if (Object(shape) !== shape) return (value) => Object.is(value, shape);
  const style: string = passStyleOf(shape);
  if (style === 'copyRecord') return record(shape as Patterns, {}, nothing);
  if (style !== 'tagged') return nothing;
  return forms[getTag(shape as never)]?.((shape as unknown as { readonly payload: never }).payload) ?? nothing;
};

const made = new WeakMap<object, QuickMatch>();

/** Of a hardened pattern; the same function each time. */
export const quickMatch = (shape: Pattern): QuickMatch => {
  if (Object(shape) !== shape) return make(shape);
  const key = shape as object;
  let match = made.get(key);
  if (match === undefined) {
    match = make(shape);
    made.set(key, match);
  }
  return match;
};
harden(quickMatch);
