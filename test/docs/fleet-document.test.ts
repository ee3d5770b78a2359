/** The page of the fleet document: its examples are read, and refused where they are to be. The published schema is that of this checkout. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseFleetDocument, readFleetDocument } from '../../src/cli/fleet-document.ts';
import { fleetJsonSchema } from '../../src/cli/fleet-json-schema.ts';
import { faultText } from '../../src/cli/fleet-source.ts';

const fileOf = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = fileOf('docs/reference/fleet-document.md');

interface Block {
  readonly kind: string;
  readonly text: string;
  readonly next: string;
}

const blocks: Block[] = [...page.matchAll(/^```(\w*(?: \w+)?)\n([\s\S]*?)^```$/gm)].map(
  ([, kind = '', text = ''], index, all) => ({
    kind,
    text,
    next: all[index + 1]?.[2] ?? '',
  }),
);
const of = (kind: string): [string, Block][] =>
  blocks.filter((block) => block.kind === kind).map((block) => [block.text.split('\n').slice(0, 3).join(' '), block]);

// The library's own type for what it takes is narrower than JSON Schema.
const accepts = z.fromJSONSchema(fleetJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
const isAccepted = (text: string): boolean => accepts.safeParse(parse(text)).success;

describe('the page of the fleet document', () => {
  test('has examples', () => {
    expect([of('yaml').length, of('yaml same').length, of('yaml wrong').length]).toEqual([4, 1, 2]);
  });

  test.each(of('yaml'))('is right: %s', (_start, { text }) => {
    expect(readFleetDocument(text, 'fleet.yaml').faults).toBeUndefined();
    expect(isAccepted(text)).toBe(true);
  });

  test.each(of('yaml same'))('is the same as the one above: %s', (_start, block) => {
    const above = blocks[blocks.indexOf(block) - 1]!;
    expect(parseFleetDocument(block.text, 'fleet.yaml').machines).toEqual(
      parseFleetDocument(above.text, 'fleet.yaml').machines,
    );
  });

  test.each(of('yaml wrong'))('is wrong as it says: %s', (_start, { text, next }) => {
    const faults = readFleetDocument(text, 'fleet.yaml').faults ?? [];
    expect(`${faults.map(faultText).join('\n')}\n`).toBe(next);
    expect(isAccepted(text)).toBe(false);
  });
});

test.each(['examples/roles/fleet.yaml', 'examples/quickstart/fleet.yaml'])('%s is right', (path) => {
  expect(readFleetDocument(fileOf(path), path).faults).toBeUndefined();
  expect(isAccepted(fileOf(path))).toBe(true);
});

test('the published schema is current; else run npm run fleet-schema', () => {
  expect(JSON.parse(fileOf('docs/reference/fleet.schema.json'))).toEqual(fleetJsonSchema());
});
