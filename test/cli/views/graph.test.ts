/** What is drawn is read back by a reader of the lines that may stand in it: whatever is in a name, there is nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphText } from '../../../src/cli/views/graph.ts';
import type { GraphView } from '../../../src/protocol/trace.ts';

const graph: GraphView = harden({
  nodes: [
    { name: 'vat:boss/machine/7', kind: 'machine' },
    { name: `peer:${'a'.repeat(52)}/3`, kind: null },
  ],
  edges: [{ from: 'vat:boss/machine/7', to: `peer:${'a'.repeat(52)}/3`, label: 'hob' }],
  omitted: ['more than 2 actors'],
});

test('a graph in Mermaid', () => {
  expect(graphText(graph, 'mermaid')).toBe(`flowchart LR
  %% left out: more than 2 actors
  n0["boss/machine/7"]
  n1(["peer:aaaaaaaa…/3"])
  n0 -->|"hob"| n1`);
});

test('a graph in DOT', () => {
  expect(graphText(graph, 'dot')).toBe(`digraph gobs {
  rankdir=LR;
  node [shape=box];
  // left out: more than 2 actors
  n0 [label="boss/machine/7"];
  n1 [label="peer:aaaaaaaa…/3", shape=ellipse];
  n0 -> n1 [label="hob"];
}`);
});

test('hashes and keys of peers are cut in labels', () => {
  const edges = [{ ...graph.edges[0]!, label: `${'0f'.repeat(32)}: gate` }];
  expect(graphText({ ...graph, edges }, 'mermaid')).toContain('n0 -->|"0f0f0f0f…: gate"| n1');
});

interface Read {
  readonly nodes: readonly string[];
  readonly edges: number;
  readonly remarks: number;
}

const readLines = (
  lines: readonly string[],
  kinds: Readonly<Record<'node' | 'edge' | 'remark' | 'frame', RegExp>>,
): Read => {
  const counts = { node: 0, edge: 0, remark: 0, frame: 0 };
  const nodes: string[] = [];
  for (const line of lines) {
    const found = (['frame', 'node', 'edge', 'remark'] as const).find((kind) => kinds[kind].test(line));
    if (found === undefined) throw Error(`not a line of the grammar: ${JSON.stringify(line)}`);
    counts[found] += 1;
    if (found === 'node') nodes.push(kinds.node.exec(line)![1]!);
  }
  return { nodes, edges: counts.edge, remarks: counts.remark };
};

// A label of Mermaid: text, and escapes by number. None of the characters that Mermaid, or Markdown in it, takes for something.
const M = '"(?:[^\\u0000-\\u001f"#&<>`\\\\;%{}[\\]|*_~]|#\\d+;)*"';
const readMermaid = (text: string): Read =>
  readLines(text.split('\n'), {
    frame: /^flowchart LR$/,
    node: new RegExp(`^  (n\\d+)(?:\\[${M}\\]|\\(\\[${M}\\]\\))$`),
    edge: new RegExp(`^  n\\d+ -->(?:\\|${M}\\|)? n\\d+$`),
    remark: /^ {2}%% left out: [^\u0000-\u001f{}]*$/,
  });

// A quoted string of DOT: a backslash only before a backslash or a quote.
const D = '"(?:[^\\u0000-\\u001f"\\\\]|\\\\["\\\\])*"';
const readDot = (text: string): Read =>
  readLines(text.split('\n'), {
    frame: /^(?:digraph gobs \{| {2}rankdir=LR;| {2}node \[shape=box\];|\})$/,
    node: new RegExp(`^  (n\\d+) \\[label=${D}(?:, shape=ellipse)?\\];$`),
    edge: new RegExp(`^  n\\d+ -> n\\d+(?: \\[label=${D}\\])?;$`),
    remark: /^ {2}\/\/ left out: [^\u0000-\u001f]*$/,
  });

describe('whatever names and keys there are', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      '"]',
      '\\',
      '\\"',
      '#quot;',
      'end',
      '`x`',
      '|a|',
      '--> n0',
      '%%{init}',
      '\n',
      '\u001b[2J',
      '\u202e',
      '<b>',
    ),
  );
  const anyGraph = fc
    .record({
      names: fc.uniqueArray(text, { minLength: 1, maxLength: 6 }),
      labels: fc.array(text, { maxLength: 6 }),
      omitted: fc.array(text, { maxLength: 2 }),
    }) // prettier-ignore
    .map(({ names, labels, omitted }) => ({
      nodes: names.map((name, index) => ({ name, kind: index % 2 === 0 ? 'k' : null })),
      edges: labels.map((label, index) => ({ from: names[index % names.length]!, to: names[0]!, label })),
      omitted,
    }));

  test.each([
    ['mermaid', readMermaid],
    ['dot', readDot],
  ] as const)('%s has a line for each, and no other', (format, read) => {
    fc.assert(
      fc.property(anyGraph, (any) => {
        expect(read(graphText(any, format))).toEqual({
          nodes: any.nodes.map((_node, index) => `n${index}`),
          edges: any.edges.length,
          remarks: any.omitted.length,
        });
      }),
      { numRuns: 500 },
    );
  });
});
