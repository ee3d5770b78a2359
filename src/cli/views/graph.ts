/**
 * A graph as text that Mermaid or Graphviz draws. Nodes are called n0, n1, …; what they are is in their labels, where whatever stands in a
 * name or a key is text and nothing else.
 */
import { printable } from '../../protocol/printable.ts';
import type { GraphView } from '../../protocol/trace.ts';

export const graphFormats = harden(['mermaid', 'dot'] as const);
harden(graphFormats);
export type GraphFormat = (typeof graphFormats)[number];

const LONGEST = 80;

/** One short line. */
const label = (text: string): string => {
  // Hashes and keys of peers are told apart by how they begin, and nobody reads on.
  const characters = [
    ...printable(text.replace(/\b([0-9a-f]{8}[0-9a-f]{56}|[a-z2-7]{52})\b/g, (long: string) => `${long.slice(0, 8)}…`)),
  ];
  return characters.length <= LONGEST ? characters.join('') : `${characters.slice(0, LONGEST - 1).join('')}…`;
};

/** In Mermaid's own escapes; a label in quotes may hold all else. */
const mermaidText = (text: string): string =>
  `"${label(text).replace(/[#"&<>`\\;%{}[\]|*_~]/g, (character) => `#${character.codePointAt(0)};`)}"`;

/** A backslash begins an escape. */
const dotText = (text: string): string => `"${label(text).replace(/[\\"]/g, (character) => `\\${character}`)}"`;

const shortName = (name: string): string => name.replace(/^vat:/, '');

interface Drawing {
  readonly begin: string;
  readonly node: (id: string, text: string, isHere: boolean) => string;
  readonly edge: (from: string, to: string, text: string) => string;
  readonly remark: (text: string) => string;
  readonly end: string | undefined;
}

const mermaid: Drawing = harden({
  begin: 'flowchart LR',
  node: (id: string, text: string, isHere: boolean) =>
    isHere ? `  ${id}[${mermaidText(text)}]` : `  ${id}([${mermaidText(text)}])`,
  edge: (from: string, to: string, text: string) =>
    text === '' ? `  ${from} --> ${to}` : `  ${from} -->|${mermaidText(text)}| ${to}`,
  remark: (text: string) => `  %% ${label(text).replace(/[{}]/g, '?')}`,
  end: undefined,
});

const dot: Drawing = harden({
  begin: 'digraph gobs {\n  rankdir=LR;\n  node [shape=box];',
  node: (id: string, text: string, isHere: boolean) =>
    `  ${id} [label=${dotText(text)}${isHere ? '' : ', shape=ellipse'}];`,
  edge: (from: string, to: string, text: string) =>
    text === '' ? `  ${from} -> ${to};` : `  ${from} -> ${to} [label=${dotText(text)}];`,
  remark: (text: string) => `  // ${label(text)}`,
  end: '}',
});

/** What was left out stands in it as a comment. */
export const graphText = ({ nodes, edges, omitted }: GraphView, format: GraphFormat): string => {
  const { begin, node, edge, remark, end } = format === 'dot' ? dot : mermaid;
  const ids = new Map(nodes.map(({ name }, index) => [name, `n${index}`]));
  const drawn = edges.flatMap(({ from, to, label: text }) => {
    const [one, other] = [ids.get(from), ids.get(to)];
    return one === undefined || other === undefined ? [] : [edge(one, other, text)];
  });
  return [
    begin,
    ...omitted.map((what) => remark(`left out: ${what}`)),
    ...nodes.map(({ name, kind }) => node(ids.get(name)!, shortName(name), kind !== null)),
    ...drawn,
    ...(end === undefined ? [] : [end]),
  ].join('\n');
};
harden(graphText);
