/**
 * A fleet document (YAML, or JSON, which is YAML too) as data. What is wrong with it is one error, `BAD_DOCUMENT`, that names
 * file, line and path: `fleet.yaml:7: machines.web1.resources[2].mode: must be …`, and how many more there are.
 *
 *   text ──parse──▶ nodes with positions ──toJS──▶ plain values ──schema──▶ FleetDocument
 *                        ▲                                          │ issue: a path
 *                        └────────────── where is that? ◀───────────┘
 *
 * Nothing of it is trusted to be small: its size, its nesting and what its aliases unfold to are limited.
 */
import { LineCounter, isMap, isNode, isScalar, parseDocument, visit, type Document } from 'yaml';
import { makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import { printable } from '../protocol/printable.ts';
import { findResourceProblems } from '../protocol/resources/resource-problems.ts';
import { isName } from '../protocol/shapes.ts';
import { describeIssue, type Issue } from './fleet-issues.ts';
import { checkFleet, type FleetDocument, type FleetMachine } from './fleet-schema.ts';

const LARGEST = 16 * 1024 * 1024;
const MOST_ALIASES = 10_000;

type Path = readonly (string | number)[];

interface Problem {
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

interface Source {
  readonly file: string;
  readonly lines: LineCounter;
  readonly document: Document;
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

/** Throws BAD_DOCUMENT about the first of the problems; does nothing if there are none. */
const refuse = (source: Source, problems: readonly Problem[]): void => {
  const [first] = [...problems].sort((left, right) => left.offset - right.offset);
  if (first === undefined) return;
  const line = source.lines.linePos(first.offset).line || 1;
  const where = first.path.length === 0 ? '' : `${formatPath(first.path)}: `;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  const message = `${source.file}:${line}: ${where}${first.message}${more}`;
  throw makeError('BAD_DOCUMENT', message, first.hint === undefined ? {} : { hint: first.hint });
};

/** Where the value at a path begins, or the nearest that is there: a missing property is at its parent. */
const offsetOf = ({ document }: Source, path: Path): number => {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
};

/** Where a key of the map at a path begins. */
const offsetOfKey = (source: Source, path: Path, key: string): number => {
  const map = path.length === 0 ? source.document.contents : source.document.getIn(path, true);
  const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
  return (isScalar(pair?.key) ? pair.key.range?.[0] : undefined) ?? offsetOf(source, path);
};

const syntaxMessage = ({ code, message }: { code: string; message: string }): string => {
  if (code === 'DUPLICATE_KEY') return 'the same key stands here twice';
  return code === 'RESOURCE_EXHAUSTION' ? 'nested too deeply' : plainText(message, 200);
};

/** Keys that are not text would be turned into text, and `__proto__` would be lost, without a word. */
const keyProblems = (document: Document): Problem[] => {
  const problems: Problem[] = [];
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && typeof key.value === 'string' && key.value !== '__proto__') return;
      const offset = (isNode(key) ? key.range?.[0] : undefined) ?? 0;
      const message = 'a key must be text, in quotes if it looks like something else, and not __proto__';
      problems.push({ offset, path: [], message });
    },
  });
  return problems;
};

const syntaxProblems = ({ document }: Source): Problem[] => {
  const problems = [...document.errors, ...document.warnings];
  if (problems.length === 0) return keyProblems(document);
  return problems.map((error) => ({ offset: error.pos[0], path: [], message: syntaxMessage(error) }));
};

const toPlain = (source: Source): unknown => {
  try {
    return source.document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const aliases = message.startsWith('Excessive alias count') ? 'its aliases unfold to too much' : message;
    return refuse(source, [{ offset: 0, path: [], message: plainText(aliases, 200) }]);
  }
};

const parse = (text: string, file: string): Source => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  return { file, lines, document };
};

// Unknown properties come before what is missing in the same place: one is often the other, mistyped.
const unknownFirst = (issues: readonly Issue[]): Issue[] => {
  const rank = ({ code }: Issue) => (code === 'unrecognized_keys' ? 0 : 1);
  return [...issues].sort((left, right) => rank(left) - rank(right));
};

const schemaProblems = (source: Source, plain: unknown, issues: readonly Issue[]): Problem[] =>
  unknownFirst(issues).flatMap((issue) =>
    describeIssue(issue, plain).map(({ path, key, ...rest }) => ({
      ...rest,
      path: key === undefined ? path : [...path, key],
      offset: key === undefined ? offsetOf(source, path) : offsetOfKey(source, path, key),
    })),
  );

const nameProblems = (source: Source, name: string): Problem[] => {
  if (isName(name)) return [];
  const message =
    'a name has lower-case letters, digits and hyphens, begins with a letter, and has at most 63 characters';
  return [{ offset: offsetOfKey(source, ['machines'], name), path: ['machines', name], message }];
};

const resourceProblems = (source: Source, name: string, resources: unknown): Problem[] =>
  findResourceProblems(resources).map(({ index, path: place, ...rest }) => {
    const property = /^resources\[\d+\]\.(.*)$/.exec(place)?.[1];
    const list = ['machines', name, 'resources'];
    const path = index < 0 ? list : [...list, index, ...(property === undefined ? [] : [property])];
    return { ...rest, path, offset: offsetOf(source, path) };
  });

/** Reads a document. `file` is only a name for messages. Throws BAD_DOCUMENT. */
export const parseFleetDocument = (text: string, file: string): FleetDocument => {
  if (text.length > LARGEST) {
    throw makeError('BAD_DOCUMENT', `${file}: is larger than ${LARGEST / 1024 / 1024} MiB`);
  }
  const source = parse(text, file);
  refuse(source, syntaxProblems(source));
  const plain = toPlain(source);
  const result = checkFleet(plain);
  if (!result.success) refuse(source, schemaProblems(source, plain, result.error.issues));
  const machines = Object.entries(result.data!.machines).map(([name, machine]) => ({
    resources: [],
    ...machine,
    name,
  }));
  refuse(
    source,
    machines.flatMap(({ name, resources }) => [
      ...nameProblems(source, name),
      ...resourceProblems(source, name, resources),
    ]),
  );
  return harden({ machines: machines as unknown as FleetMachine[] });
};
harden(parseFleetDocument);
