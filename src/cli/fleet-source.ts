/**
 * The text of a fleet document with its positions: whatever is found wrong with the data is told with file, line and path. Nothing of it is trusted to
 * be small: its size, its nesting and what its aliases unfold to are limited; and no look for a place costs more than the path to it.
 */
import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import { makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import { printable } from '../protocol/printable.ts';

const LARGEST = 16 * 1024 * 1024;
const MOST_ALIASES = 10_000;

export type Path = readonly (string | number)[];

/** Something that is wrong with a document. */
export interface Fault {
  readonly path: Path;
  /** It is about this key of what is at `path`. */
  readonly key?: string;
  /** Completes "<path>: …". */
  readonly message: string;
  readonly hint?: string;
  /** Of several that differ in this only, the first is told: `as machines.web1.roles[0] has it`. */
  readonly by?: string;
}

/** A fault, and where it is: for people, and for editors. */
export interface PlacedFault {
  readonly file: string;
  /** From 1; null for a file that cannot be read. */
  readonly line: number | null;
  /** `machines.web1.resources[2].mode`; empty for the whole document. */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

export interface Source {
  readonly file: string;
  /** What the document says, if nothing is wrong with it as YAML. */
  readonly plain: unknown;
  /** Each place once, in the order of the text. Two of the same words at one place are one. */
  place(faults: readonly Fault[]): readonly PlacedFault[];
  /** The line where a value begins, or the nearest that is there. */
  lineOf(path: Path): number;
}

/** `machines.web1.resources[2].mode` */
export const formatPath = (path: Path): string =>
  path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (/^[\w-]{1,80}$/.test(step)) return index === 0 ? step : `.${step}`;
      return `[${printable(JSON.stringify(step.slice(0, 80)))}]`;
    })
    .join('');
harden(formatPath);

/** `fleet.yaml:7: machines.web1.policy: must be …` */
export const faultText = ({ file, line, path, message }: PlacedFault): string =>
  `${file}:${line === null ? '' : `${line}:`} ${path === '' ? '' : `${path}: `}${message}`;
harden(faultText);

/** Throws BAD_DOCUMENT about the first; does nothing if there are none. */
export const refuse = (faults: readonly PlacedFault[]): void => {
  const [first] = faults;
  if (first === undefined) return;
  const more = faults.length === 1 ? '' : ` (and ${faults.length - 1} more)`;
  throw makeError('BAD_DOCUMENT', `${faultText(first)}${more}`, first.hint === undefined ? {} : { hint: first.hint });
};
harden(refuse);

type KeyedPairs = ReadonlyMap<string, Pair>;

/** Finds nodes by path, and follows aliases. What it has looked through once it need not look through again. */
const makeFinder = (document: Document) => {
  const indexes = new WeakMap<YAMLMap, KeyedPairs>();
  const anchors = new Map<string, Node[]>();
  const pairsOf = (map: YAMLMap): KeyedPairs => {
    const known = indexes.get(map);
    if (known !== undefined) return known;
    const pairs = new Map(
      map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [])),
    );
    indexes.set(map, pairs);
    return pairs;
  };
  visit(document, {
    Node: (_, node) => {
      const { anchor } = node as { anchor?: string };
      if (anchor === undefined || isAlias(node)) return;
      const given = anchors.get(anchor);
      if (given === undefined) anchors.set(anchor, [node]);
      else given.push(node);
    },
  });
  /** An anchor can be given again: what counts is the last one before. */
  const resolve = (node: unknown): unknown =>
    isAlias(node)
      ? anchors.get(node.source)?.findLast(({ range }) => (range?.[0] ?? 0) < (node.range?.[0] ?? Infinity))
      : node;
  const child = (node: unknown, step: string | number): unknown => {
    const inside = resolve(node);
    if (isMap(inside)) return pairsOf(inside).get(String(step))?.value;
    return isSeq(inside) && typeof step === 'number' ? inside.items[step] : undefined;
  };
  const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
  /** Of the value at a path, or of the nearest that is there: a missing property is at its parent. */
  const offsetOf = (path: Path): number => {
    let node: unknown = document.contents;
    let offset = startOf(node) ?? 0;
    for (const step of path) {
      node = child(node, step);
      const start = startOf(node);
      if (start === undefined) break;
      offset = start;
    }
    return offset;
  };
  const offsetOfKey = (path: Path, key: string): number => {
    const map = resolve(path.reduce<unknown>(child, document.contents));
    const pair = isMap(map) ? pairsOf(map).get(key) : undefined;
    return startOf(pair?.key) ?? offsetOf(path);
  };
  return ({ path, key }: Pick<Fault, 'path' | 'key'>): number =>
    key === undefined ? offsetOf(path) : offsetOfKey(path, key);
};

const syntaxMessage = ({ code, message }: { code: string; message: string }): string => {
  return code === 'RESOURCE_EXHAUSTION' ? 'nested too deeply' : plainText(message, 200);
};

interface OffsetFault extends Fault {
  readonly offset: number;
}

/**
 * Keys that are not text would be turned into text, `__proto__` would be lost, and so would the first of two that are equal, without a word. The
 * parser can look for the latter itself, at the cost of a look at all keys for each.
 */
const keyFaults = (document: Document): OffsetFault[] => {
  const faults: OffsetFault[] = [];
  const add = (key: unknown, message: string) =>
    faults.push({ offset: (isNode(key) ? key.range?.[0] : undefined) ?? 0, path: [], message });
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key) || typeof key.value !== 'string' || key.value === '__proto__') {
          add(key, 'a key must be text, in quotes if it looks like something else, and not __proto__');
        } else if (seen.has(key.value)) add(key, 'the same key stands here twice');
        else seen.add(key.value);
      }
    },
  });
  return faults;
};

const syntaxFaults = (document: Document): OffsetFault[] => {
  const found = [...document.errors, ...document.warnings];
  if (found.length === 0) return keyFaults(document);
  return found.map((error) => ({ offset: error.pos[0], path: [], message: syntaxMessage(error) }));
};

const toPlain = (document: Document): { readonly plain: unknown } | { readonly fault: OffsetFault } => {
  try {
    return { plain: document.toJS({ maxAliasCount: MOST_ALIASES }) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const aliases = message.startsWith('Excessive alias count') ? 'its aliases unfold to too much' : message;
    return { fault: { offset: 0, path: [], message: plainText(aliases, 200) } };
  }
};

export type ReadSource =
  | { readonly source: Source; readonly faults?: undefined }
  | { readonly source?: undefined; readonly faults: readonly PlacedFault[] };

/** Never throws. `file` is only a name for messages. */
export const readSource = (text: string, file: string): ReadSource => {
  if (text.length > LARGEST) {
    return { faults: [{ file, line: null, path: '', message: `is larger than ${LARGEST / 1024 / 1024} MiB` }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const lineAt = (offset: number): number => lines.linePos(offset).line || 1;
  const placed = (faults: readonly OffsetFault[]): PlacedFault[] => {
    const seen = new Set<string>();
    return faults
      .toSorted((left, right) => left.offset - right.offset)
      .filter(({ offset, path, key, message }) => {
        const words = JSON.stringify([offset, path, key, message]);
        return !seen.has(words) && seen.add(words) !== undefined;
      })
      .map(({ offset, path, key, message, hint, by }) => ({
        file,
        line: lineAt(offset),
        path: formatPath(key === undefined ? path : [...path, key]),
        message: by === undefined ? message : `${message} (${by})`,
        ...(hint === undefined ? {} : { hint }),
      }));
  };
  const ofSyntax = syntaxFaults(document);
  if (ofSyntax.length > 0) return { faults: placed(ofSyntax) };
  const read = toPlain(document);
  if ('fault' in read) return { faults: placed([read.fault]) };
  let finder: ReturnType<typeof makeFinder> | undefined;
  const offsetOf = (fault: Pick<Fault, 'path' | 'key'>): number => (finder ??= makeFinder(document))(fault);
  const source: Source = {
    file,
    plain: read.plain,
    place: (faults) => placed(faults.map((fault) => ({ ...fault, offset: offsetOf(fault) }))),
    lineOf: (path) => lineAt(offsetOf({ path })),
  };
  return { source };
};
harden(readSource);
