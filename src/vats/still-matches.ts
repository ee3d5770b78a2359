/**
 * Checking a portrait against its kind's shape costs more than all the rest of a small turn, and most turns change one field of many. So
 * of a portrait that follows another, which has the shape, only what differs is looked at.
 *
 *   before  { name, state, log: [a, b, c] }         next  { name, state', log: [b, c, d] }
 *             same ──────┘           └─ checked: state', d
 *
 * This knows two forms of patterns from the inside: `M.splitRecord` and `M.arrayOf`. For all else the answer is "look at all of it".
 */
import { getTag, passStyleOf } from '@endo/pass-style';
import { matches, type Pattern } from '@endo/patterns';

type Fields = Readonly<Record<string, unknown>>;
type Patterns = Readonly<Record<string, Pattern>>;

/** What a pattern made with that name was made from. */
const partsOf = (shape: Pattern, name: string): readonly unknown[] | undefined =>
  passStyleOf(shape) === 'tagged' && getTag(shape as never) === `match:${name}`
    ? (shape as unknown as { readonly payload: readonly unknown[] }).payload
    : undefined;

const isSound = (next: unknown, before: unknown, shape: Pattern): boolean =>
  Object.is(next, before) || stillMatches(next, before, shape) || matches(next, shape);

const fieldsMatch = (next: Fields, before: Fields, required: Patterns, optional: Patterns): boolean => {
  const names = Object.keys(next);
  // With the same names, nothing is missing and nothing is new.
  if (names.length !== Object.keys(before).length) return false;
  return names.every((name) => {
    if (!Object.hasOwn(before, name)) return false;
    if (Object.is(next[name], before[name])) return true;
    const shape = Object.hasOwn(required, name) ? required[name] : Object.hasOwn(optional, name) && optional[name];
    return shape !== undefined && shape !== false && isSound(next[name], before[name], shape);
  });
};

/** Of @endo/patterns, for arrays whose pattern names no limit of its own. */
const DEFAULT_LENGTH_LIMIT = 10_000;

const itemsMatch = (
  next: readonly unknown[],
  before: readonly unknown[],
  shape: Pattern,
  { arrayLengthLimit = DEFAULT_LENGTH_LIMIT }: { readonly arrayLengthLimit?: number },
): boolean => {
  if (next.length > arrayLengthLimit) return false;
  const known = new Set(before);
  return next.every((item) => known.has(item) || matches(item, shape));
};

/**
 * Is it clear that `next` matches, given that `before` does? False says nothing: then all of it must be looked at. All three are
 * hardened and passable.
 */
export const stillMatches = (next: unknown, before: unknown, shape: Pattern): boolean => {
  const style: string = passStyleOf(next as never);
  if (style !== (passStyleOf(before as never) as string)) return false;
  if (style === 'copyRecord') {
    const [required, optional = {}] = partsOf(shape, 'splitRecord') ?? [];
    return (
      required !== undefined &&
      fieldsMatch(next as Fields, before as Fields, required as Patterns, optional as Patterns)
    );
  }
  if (style === 'copyArray') {
    const [each, limits = {}] = partsOf(shape, 'arrayOf') ?? [];
    return each !== undefined && itemsMatch(next as unknown[], before as unknown[], each as Pattern, limits as object);
  }
  return false;
};
harden(stillMatches);
