/**
 * Selectors: which of many. `--on 'role=web,!canary'` picks machines by their labels, a resource's `when: system=debian` says on which hosts
 * it is wanted, by their facts. Pure: this module only compares texts.
 *
 *   selector    = requirement *( "," requirement )        all must hold
 *   requirement = key "=" value                            it is there, and is that
 *               | key "!=" value                           it is not there, or is something else
 *               | key " in (" value *( "|" value ) ")"     it is there, and is one of those
 *               | key                                      it is there
 *               | "!" key                                  it is not there
 *   key         = a lower-case letter, then letters, digits, `.`, `_`, `-`; 63 at most
 *   value       = letters, digits, `.`, `_`, `-`, `+`, `:`, `/`, `@`, `~`; 1 to 200
 *
 * Blanks may stand around each of these. What is selected by is information, never authority: labels are what an admin wrote, facts are
 * what a host says of itself.
 */
import { quoted } from './plain-text.ts';

const KEY = /[a-z][a-z0-9._-]*/y;
const VALUE = /[A-Za-z0-9._+:/@~-]+/y;
const BLANKS = /[ \t]*/y;
const IN = /in(?![a-z0-9._-])/y;

/** UTF-16 units. */
export const longestKey = 63;
harden(longestKey);
export const longestValue = 200;
harden(longestValue);
const LONGEST = 1_000;

/** What is compared with: labels of a machine, facts of a host. */
export type Traits = Readonly<Record<string, string>>;

/** `values` is empty where only being there counts. `negated`: the opposite. */
export interface Requirement {
  readonly key: string;
  readonly values: readonly string[];
  readonly negated: boolean;
}

/** All of them must hold; there is at least one. */
export type Selector = readonly Requirement[];

export interface SelectorProblem {
  /** Where in the text, from 1, in UTF-16 units. */
  readonly column: number;
  /** Completes "at column 7: …". */
  readonly message: string;
}

export type ParsedSelector =
  | { readonly selector: Selector; readonly problem?: undefined }
  | { readonly selector?: undefined; readonly problem: SelectorProblem };

/** Thrown and caught in this file only. */
class Trouble extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

interface Scanner {
  readonly text: string;
  offset: number;
}

/** Takes what the pattern matches here, or the empty text. */
const take = (scanner: Scanner, pattern: RegExp): string => {
  pattern.lastIndex = scanner.offset;
  const found = pattern.exec(scanner.text)?.[0] ?? '';
  scanner.offset += found.length;
  return found;
};

/** Takes this very text, and blanks behind it. */
const takeSign = (scanner: Scanner, sign: string): boolean => {
  if (!scanner.text.startsWith(sign, scanner.offset)) return false;
  scanner.offset += sign.length;
  take(scanner, BLANKS);
  return true;
};

const found = ({ text, offset }: Scanner): string => {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  return offset >= text.length ? 'the end' : quoted(character);
};

const word = (scanner: Scanner, pattern: RegExp, what: string, limit: number): string => {
  const { offset } = scanner;
  const text = take(scanner, pattern);
  if (text === '') throw new Trouble(offset, `there must be ${what}, not ${found(scanner)}`);
  if (text.length > limit) throw new Trouble(offset, `${what} must not be over ${limit} characters`);
  take(scanner, BLANKS);
  return text;
};

const takeKey = (scanner: Scanner): string => word(scanner, KEY, 'a key', longestKey);

const takeValue = (scanner: Scanner): string => {
  if (scanner.text[scanner.offset] === '=') throw new Trouble(scanner.offset, 'one = is enough');
  return word(scanner, VALUE, 'a value', longestValue);
};

const takeValues = (scanner: Scanner): string[] => {
  if (!takeSign(scanner, '(')) throw new Trouble(scanner.offset, `there must be "(" after in, not ${found(scanner)}`);
  const values: string[] = [];
  do values.push(takeValue(scanner));
  while (takeSign(scanner, '|'));
  if (takeSign(scanner, ')')) return values;
  throw new Trouble(scanner.offset, `there must be "|" or ")" after a value, not ${found(scanner)}`);
};

const takeRequirement = (scanner: Scanner): Requirement => {
  if (takeSign(scanner, '!')) return { key: takeKey(scanner), values: [], negated: true };
  const key = takeKey(scanner);
  if (takeSign(scanner, '!=')) return { key, values: [takeValue(scanner)], negated: true };
  if (takeSign(scanner, '=')) return { key, values: [takeValue(scanner)], negated: false };
  if (take(scanner, IN) === '') return { key, values: [], negated: false };
  take(scanner, BLANKS);
  return { key, values: takeValues(scanner), negated: false };
};

const scan = (text: string): Selector => {
  const scanner: Scanner = { text, offset: 0 };
  take(scanner, BLANKS);
  if (text.length > LONGEST) throw new Trouble(LONGEST, `it must not be over ${LONGEST} characters`);
  const requirements: Requirement[] = [];
  do requirements.push(takeRequirement(scanner));
  while (takeSign(scanner, ','));
  if (scanner.offset === text.length) return requirements;
  throw new Trouble(scanner.offset, `there must be "," between two conditions, not ${found(scanner)}`);
};

/** The selector, or the first thing that is wrong with the text. Never throws. */
export const parseSelector = (text: string): ParsedSelector => {
  try {
    return harden({ selector: scan(text) });
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return harden({ problem: { column: error.offset + 1, message: error.message } });
  }
};
harden(parseSelector);

const holds = ({ key, values, negated }: Requirement, traits: Traits): boolean => {
  const value = Object.hasOwn(traits, key) ? traits[key] : undefined;
  const found = value !== undefined && (values.length === 0 || values.includes(value));
  return found !== negated;
};

/** Do all its requirements hold? */
export const isSelected = (selector: Selector, traits: Traits): boolean =>
  selector.every((requirement) => holds(requirement, traits));
harden(isSelected);

/** `at column 5: there must be a value, not the end` */
export const selectorProblemText = ({ column, message }: SelectorProblem): string => `at column ${column}: ${message}`;
harden(selectorProblemText);

/**
 * A property rule (resources/definition.ts) for `when`. `keys`: those that there can be; left out, any. Undefined if the value is a selector.
 */
export const selectorRule =
  (keys?: readonly string[]) =>
  (value: unknown): string | undefined => {
    if (typeof value !== 'string') return `must be text such as "system=debian", not ${quoted(value)}`;
    const { selector, problem } = parseSelector(value);
    if (problem !== undefined) return `is no condition: ${selectorProblemText(problem)}`;
    const unknown = keys && selector.find(({ key }) => !keys.includes(key));
    return unknown && `there is no ${quoted(unknown.key)} to look at; there are ${keys.join(', ')}`;
  };
harden(selectorRule);

const wholly = (pattern: RegExp, text: string): boolean => {
  pattern.lastIndex = 0;
  return pattern.exec(text)?.[0].length === text.length;
};

/** For whoever says what can be selected by. */
export const isKey = (text: string): boolean => text.length <= longestKey && wholly(KEY, text);
harden(isKey);
export const isValue = (text: string): boolean => text.length <= longestValue && wholly(VALUE, text);
harden(isValue);
