/**
 * `${name}` in the values of a role's resources: the argument of that name. A value that is nothing but `${name}` becomes the argument itself, a
 * number or a list too; within a text it becomes text. `$${` is `${`. Keys are left alone. Pure.
 *
 * A value is read once, into a filler; filling it in costs what is new about it, and what has no `${` in it is the same value everywhere.
 */
import { plainText } from '../protocol/plain-text.ts';
import { nearestName } from '../protocol/resources/nearest-name.ts';
import { longestText } from '../protocol/shapes.ts';
import type { ParameterType } from './fleet-schema.ts';
import type { Fault, Path } from './fleet-source.ts';

export type Argument = string | number | boolean | readonly string[];
export type Arguments = ReadonlyMap<string, Argument>;

/** What is left of what a document may unfold to. Taking more than there is throws TooMuch. */
export interface Budget {
  take(characters: number): void;
}

/** Thrown by a budget, and caught by whoever gave it. */
export class TooMuch extends Error {}
harden(TooMuch);

export type Filler =
  { readonly constant: unknown; readonly fill?: undefined } | { readonly constant?: undefined; readonly fill: Fill };
type Fill = (given: Arguments, budget: Budget) => unknown;

interface Reading {
  /** What the value that is read stands in: an alias can lead back to it. */
  readonly around: Set<object>;
  readonly types: ReadonlyMap<string, ParameterType>;
  readonly faults: Fault[];
}

// Two dollar signs, a name in braces, or a beginning that leads nowhere.
const MARK = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_-]{0,59})\}|\$\{/g;

type Piece = string | { readonly name: string };

const faultAbout = (name: string | undefined, { types }: Reading): Pick<Fault, 'message' | 'hint'> => {
  const literally = 'for the characters themselves write $${';
  if (name === undefined) return { message: `a "\${" has no name and "}" behind it`, hint: literally };
  const nearest = nearestName(name, [...types.keys()]);
  const known = types.size === 0 ? 'it has no parameters' : `there are ${[...types.keys()].join(', ')}`;
  const meant = nearest === undefined ? '' : `did you mean "\${${nearest}}"? `;
  return { message: `the role has no parameter "${plainText(name, 60)}"`, hint: `${meant}${known}; ${literally}` };
};

const piecesOf = (text: string, path: Path, reading: Reading): readonly Piece[] => {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(MARK)) {
    const [mark, name] = match;
    pieces.push(text.slice(at, match.index));
    at = match.index + mark.length;
    if (mark === '$${') pieces.push('${');
    else if (name !== undefined && reading.types.has(name)) pieces.push({ name });
    else reading.faults.push({ path, ...faultAbout(name, reading) });
  }
  return [...pieces, text.slice(at)].filter((piece) => piece !== '');
};

const textFiller = (text: string, path: Path, reading: Reading): Filler => {
  if (!text.includes('${')) return { constant: text };
  const pieces = piecesOf(text, path, reading);
  const [only] = pieces;
  if (pieces.length === 1 && typeof only === 'object') return { fill: (given) => given.get(only.name) };
  if (pieces.every((piece) => typeof piece === 'string')) return { constant: pieces.join('') };
  for (const piece of pieces) {
    if (typeof piece === 'string' || reading.types.get(piece.name) !== 'list') continue;
    reading.faults.push({ path, message: `the parameter ${piece.name} is a list, which cannot stand within a text` });
  }
  return {
    fill: (given, budget) => {
      const parts = pieces.map((piece) => (typeof piece === 'string' ? piece : String(given.get(piece.name))));
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      budget.take(length);
      // Longer ones are refused by the rules of resources; what they would say is of no interest.
      return length > longestText ? parts.join('').slice(0, longestText + 1) : parts.join('');
    },
  };
};

const filled = (filler: Filler, given: Arguments, budget: Budget): unknown =>
  filler.fill === undefined ? filler.constant : filler.fill(given, budget);

/** Reads a value; what is wrong with it is put to the reading's faults. */
export const readFiller = (value: unknown, path: Path, reading: Reading): Filler => {
  if (typeof value === 'string') return textFiller(value, path, reading);
  if (typeof value !== 'object' || value === null) return { constant: value };
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  const values: readonly unknown[] = Object.values(value);
  if (reading.around.has(value)) {
    reading.faults.push({ path, message: 'must not be what it stands in' });
    return { constant: null };
  }
  reading.around.add(value);
  const fillers = values.map((inside, index) => readFiller(inside, [...path, keys[index]!], reading));
  reading.around.delete(value);
  const isSame = ({ fill, constant }: Filler, index: number): boolean =>
    fill === undefined && constant === values[index];
  if (fillers.every(isSame)) return { constant: value };
  if (Array.isArray(value)) return { fill: (given, budget) => fillers.map((filler) => filled(filler, given, budget)) };
  return {
    fill: (given, budget) =>
      Object.fromEntries(fillers.map((filler, index) => [keys[index]!, filled(filler, given, budget)])),
  };
};
harden(readFiller);

/** The value with its arguments in it. Throws TooMuch. */
export const fillIn = filled;
harden(fillIn);
