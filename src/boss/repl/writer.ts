/**
 * How results and errors look. Whatever comes from another peer is shown as data: it can neither end the line that it stands in nor
 * carry terminal escapes. A reference is shown as the name that its home gave it, `MachineAdmin {…}`; that name proves nothing.
 */
import { inspect } from 'node:util';
import { getInterfaceOf } from '@endo/far';
import { describeError } from '../../errors/gobs-error.ts';
import { printable, printableLines, redactLocators } from '../../protocol/printable.ts';
import type { GraphView, JoinedRecord } from '../../protocol/trace.ts';
import type { MachineStatus } from '../../protocol/shapes.ts';

/** What is shown as a table; the command line has the same tables and lends them. */
export interface ReplTables {
  machines(statuses: readonly MachineStatus[]): string;
  rows(headings: readonly string[], rows: readonly (readonly unknown[])[]): string;
  trace(records: readonly JoinedRecord[]): string;
  graph(graph: GraphView): string;
}

const DEEPEST = 8;
/** It goes no deeper than the stand-ins do. */
const inspectFrom = (value: unknown, depth: number): string =>
  inspect(value, {
    depth: DEEPEST - 1 - depth,
    colors: false,
    breakLength: 100,
    maxArrayLength: 500,
    maxStringLength: 20_000,
  });

/** A stand-in that `inspect` shows as this text. */
const shownAs = (text: string): object => ({ [inspect.custom]: () => text });

const interfaceName = (value: object): string | undefined => {
  try {
    return getInterfaceOf(value)
      ?.replace(/^Alleged: /, '')
      .replace(/^Remotable$/, 'Reference');
  } catch {
    // Not even passable: a user's own object, shown as Node does.
    return undefined;
  }
};

const isRecord = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** The tag of Endo's tagged data (a copy set, say). */
const tagOf = (value: object): string | undefined => {
  const tag: unknown = Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value;
  return typeof tag === 'string' && Object.hasOwn(value, 'payload') ? tag : undefined;
};

/**
 * The same data with stand-ins for what `inspect` prints as it is: names of references and symbols, messages of errors. Getters are
 * left to it, for it does not call them.
 */
const withStandIns = (value: unknown, depth: number): unknown => {
  if (typeof value === 'symbol') return shownAs(printable(String(value)));
  if (value === null || typeof value !== 'object' || depth > DEEPEST) return value;
  if (value instanceof Error) return shownAs(`[${printable(errorLines(value)[0]!)}]`);
  const name = interfaceName(value);
  if (name !== undefined) return shownAs(`${printable(name)} {…}`);
  if (Array.isArray(value)) return value.map((each) => withStandIns(each, depth + 1));
  if (!isRecord(value) || Object.values(Object.getOwnPropertyDescriptors(value)).some(({ get, set }) => get ?? set)) {
    return value;
  }
  const copy = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withStandIns(each, depth + 1)]));
  const tag = tagOf(value);
  return tag === undefined ? copy : shownAs(`${printable(tag)} ${inspectFrom(copy.payload, depth + 1)}`);
};

const isStatus = (value: unknown): value is MachineStatus => {
  if (typeof value !== 'object' || value === null) return false;
  return ['name', 'id', 'provider', 'state', 'revision', 'drift'].every((key) => Object.hasOwn(value, key));
};

/** Text for a result; it may have several lines. Never throws. */
export const showValue = (value: unknown, tables: ReplTables): string => {
  try {
    if (Array.isArray(value) && value.length > 0 && value.every(isStatus)) return tables.machines(value);
    return printableLines(inspectFrom(withStandIns(value, 0), 0));
  } catch (error) {
    return `(cannot be shown: ${showError(error)})`;
  }
};
harden(showValue);

/**
 * For what everybody meets once. A name is declared even where its `await` failed, so that is met by whoever tries again; a method of a
 * reference is no property of it.
 */
const hintFor = (thrown: Error): string | undefined => {
  const [, name] = /^Identifier '([^']*)' has already been declared$/.exec(thrown.message) ?? [];
  if (name !== undefined) return `leave out const or let: ${name} = …`;
  const [, target, method] = /^([\w$.]+)\.([\w$]+) is not a function$/.exec(thrown.message) ?? [];
  return target === undefined ? undefined : `if ${target} is a reference: E(${target}).${method}(…)`;
};

const errorLines = (thrown: Error): string[] => {
  const { code, message, hint = hintFor(thrown) } = describeError(thrown);
  // Of an error without a code (a mistake in what was typed), the name says more.
  const first = code === 'UNEXPECTED' ? `${thrown.name}: ${message}` : `${code}: ${message}`;
  return [first, ...(hint === undefined ? [] : [`  hint: ${hint}`])];
};

/** Code and message, and the hint on a line of its own. Locators are redacted. Never throws. */
export const showError = (thrown: unknown): string => {
  const lines =
    thrown instanceof Error ? errorLines(thrown) : [`thrown: ${inspect(thrown, { depth: 1, colors: false })}`];
  return lines.map((line) => printable(redactLocators(line))).join('\n');
};
harden(showError);
