import { Far } from '@endo/far';
import { makeMarshal } from '@endo/marshal';
import { makeTagged } from '@endo/pass-style';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportRows, type ExportRecord } from '../../src/persistence/export.ts';
import { readPortrait } from '../../src/persistence/portrait-json.ts';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import { everything, otherPeer, peerId, sourceOf, storeGraph, withRows, written } from './stored-graph.ts';

let rows: readonly StoreEntry[];
let secret: string;

beforeAll(async () => {
  ({ rows, secret } = await storeGraph());
});

const records = async (content: readonly StoreEntry[]): Promise<readonly ExportRecord[]> => {
  const all: ExportRecord[] = [];
  for await (const page of exportRows(sourceOf(content).pages())) all.push(...page);
  return all;
};

describe('an export', () => {
  test('has a record for each actor, entry, root, vat, peer, and for what the peer was given', async () => {
    const all = await records(rows);
    const ofType = (type: string) => all.filter((each) => each.type === type);
    expect(ofType('store')).toMatchObject([
      { key: '!format', value: { format: 1, store: 'the-store' } },
      { key: '!state', value: { epoch: 1 } },
    ]);
    expect(ofType('vat')).toEqual([
      { type: 'vat', vat: 'test', value: { next: 7, actors: 6, roots: 1 } },
      { type: 'vat', vat: 'there', value: { next: 3, actors: 2, roots: 1 } },
    ]);
    expect(ofType('kinds').map(({ value }) => value)).toContainEqual({ bench: 1, counter: 1, map: 1 });
    expect(ofType('root')).toEqual([
      { type: 'root', vat: 'test', root: 'bench', value: { ref: 'vat:test/bench/1/self' } },
      { type: 'root', vat: 'there', root: 'bench', value: { ref: 'vat:there/bench/1/self' } },
    ]);
    expect(ofType('actor').find(({ name }) => name === 'vat:test/counter/3')).toEqual({
      type: 'actor',
      name: 'vat:test/counter/3',
      kind: 'counter',
      version: 1,
      change: 1,
      portrait: 1,
    });
    expect(ofType('entry')[0]).toEqual({
      type: 'entry',
      map: 'vat:test/map/2',
      key: 'counter 0',
      change: 1,
      value: { counter: { ref: 'vat:test/counter/3/self' }, other: { ref: 'vat:there/counter/2/self' } },
    });
    expect(ofType('peer')).toEqual([{ type: 'peer', peer: peerId, value: { next: 4, given: 3, epoch: 4 } }]);
    expect(ofType('export').map(({ number, ref }) => [number, ref])).toEqual([
      [1, 'vat:test/counter/3/self'],
      [2, 'vat:there/counter/2/self'],
      [3, `peer:${otherPeer}/3`],
    ]);
    expect(ofType('locator')).toMatchObject([{ ref: 'vat:test/counter/3/self' }]);
    expect(ofType('row').map(({ key }) => key)).toEqual(['b/listen', 's/!']);
    // All but numbers by name, which are the same as names by number.
    expect(all).toHaveLength(rows.length - 3);
  });

  test('shows a portrait with all that is in it, as JSON', async () => {
    const bench = (await records(rows)).find(({ name }) => name === 'vat:test/bench/1');
    const portrait = bench!['portrait'] as Record<string, unknown>;
    expect(portrait['map']).toEqual({ ref: 'vat:test/map/2/self' });
    expect(portrait['everything']).toEqual({
      '!bang': 1,
      '#tag': 'not a tag',
      big: { bigint: '12' },
      small: { bigint: '-12' },
      nothing: { special: 'undefined' },
      odd: [{ special: 'NaN' }, { special: 'Infinity' }, { special: '-Infinity' }, 0.5, null, true],
      texts: everything.texts,
    });
  });

  test('has no secret in it: neither a locator’s, nor anything sealed, nor keys', async () => {
    const sealed = 'sealed:1:abc:c2VjcmV0';
    const body = JSON.stringify({ token: { sealed }, list: [sealed], other: 'sealed by hand' });
    const content = withRows(
      rows,
      written('k/peer', sealed),
      written('b/odd', sealed),
      written('v/test/a/counter/3', JSON.stringify({ k: 'counter', v: 1, c: 1, b: `#${body}`, s: [] })),
    );
    const text = JSON.stringify(await records(content));
    expect(text).toContain('{"token":"[sealed]","list":["[sealed]"],"other":"sealed by hand"}');
    expect(text).toContain('{"type":"row","key":"b/odd","value":"[sealed]"}');
    expect(text).not.toContain('k/peer');
    for (const hidden of ['sealed:1', 'c2VjcmV0', secret]) expect(text).not.toContain(hidden);
  });

  test('says which rows cannot be read, and shows the others', async () => {
    const bad = ['v/test/a/counter/3', 'v/test/m/2/counter 0'];
    const content = rows.map(([key, value]): StoreEntry => [key, bad.includes(key) ? `${value} ` : value]);
    const all = await records(content);
    expect(all.filter(({ type }) => type === 'unreadable').map(({ key }) => key)).toEqual(bad);
    expect(all).toHaveLength(rows.length - 3);
  });
});

test('a store of a newer format is not shown', async () => {
  const text = '{"format":2,"store":"the-store"}';
  const newer: StoreEntry = ['!format', makeRowChecksum('').add('!format', text)];
  await expect(records(withRows(rows, newer))).rejects.toThrow(/^NEWER_FORMAT: .* format 2, this gobs knows 1/);
});

describe('a portrait as JSON', () => {
  const names = new Map<object, string>();
  const remotable = Far('Thing', {});
  names.set(remotable, 'vat:a/thing/1/self');
  const { toCapData } = makeMarshal((value) => names.get(value as object)!, undefined, {
    serializeBodyFormat: 'smallcaps',
    errorTagging: 'off',
  });
  const shown = (value: unknown) => {
    const { body, slots } = toCapData(harden(value) as never) as { body: string; slots: string[] };
    return readPortrait(body, slots);
  };

  test.each([
    [makeTagged('copySet', ['b', 'a']), { tag: 'copySet', payload: ['b', 'a'] }],
    [Error('#oops'), { error: '#oops' }],
    [Symbol.asyncIterator, { symbol: '@@asyncIterator' }],
    [
      [remotable, { again: remotable }],
      [{ ref: 'vat:a/thing/1/self' }, { again: { ref: 'vat:a/thing/1/self' } }],
    ],
    [0n, { bigint: '0' }],
    ['', ''],
  ])('is what Endo’s marshal wrote: %o', (value, json) => {
    expect(shown(value)).toEqual(json);
  });

  test.each([
    '1',
    '#',
    '#{',
    '#"$1"',
    '#"$x"',
    '#"$01"',
    '#"&0"',
    '#"#nonsense"',
    '#"+x"',
    '#"(x"',
    '#{"$x":1}',
    '#{"#tag":"x"}',
  ])('is not made of %s', (body) => {
    expect(() => readPortrait(body, ['vat:a/thing/1/self'])).toThrow();
  });
});
