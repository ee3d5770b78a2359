import { beforeAll, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import { verify } from '../../src/persistence/verify.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import {
  edited,
  knownKinds,
  peerId,
  sourceOf,
  storeGraph,
  textIn,
  without,
  withRows,
  written,
} from './stored-graph.ts';

let rows: readonly StoreEntry[];
let secretRow: string;

beforeAll(async () => {
  ({ rows } = await storeGraph());
  secretRow = rows.find(([key]) => /^s\/[0-9a-f]{64}$/.test(key))![0];
});

/** What is found, a line each. */
const findings = async (content: readonly StoreEntry[], kinds: Record<string, number> = knownKinds) =>
  (await verify(sourceOf(content), { kinds })).findings.map(({ code, key, message }) => `${code} ${key}: ${message}`);

const damaged = (key: string, value: (before: string) => string): readonly StoreEntry[] => {
  const [, before] = rows.find(([found]) => found === key)!;
  return withRows(rows, [key, value(before)]);
};

test('a store that is whole has nothing wrong', async () => {
  const pages: number[] = [];
  expect(await verify(sourceOf(rows), { kinds: knownKinds, onProgress: (count) => void pages.push(count) })).toEqual({
    store: 'the-store',
    rows: rows.length,
    references: 7,
    findings: [],
    more: 0,
  });
  expect(pages.at(-1)).toBe(rows.length);
  expect(pages.length).toBeGreaterThan(3);
});

describe('a damaged row', () => {
  test('is found, whichever it is and whichever of its bytes was changed', async () => {
    for (const [key, value] of rows) {
      for (const at of [0, 7, 8, 9, value.length - 1]) {
        const other = value.slice(0, at) + String.fromCharCode(value.charCodeAt(at) ^ 1) + value.slice(at + 1);
        const found = await findings(withRows(rows, [key, other]));
        expect(found.join('\n'), `${key} at ${at}`).toMatch(
          key.startsWith('!') ? /^STORE_DAMAGED .*checksum/ : /^ROW_DAMAGED .*checksum/,
        );
      }
    }
  });

  test('that is cut short, under another key or of another store is found by its checksum', async () => {
    const key = 'v/test/a/counter/3';
    const elsewhere = makeRowChecksum('another-store').add(key, textIn(rows, key));
    expect(await findings(damaged(key, (value) => value.slice(0, -1)))).toEqual([
      expect.stringMatching(/^ROW_DAMAGED v\/test\/a\/counter\/3: checksum "[0-9a-f]{8}", expected /),
    ]);
    expect(await findings(damaged(key, () => elsewhere))).toHaveLength(1);
    expect(await findings(damaged(key, () => rows.find(([found]) => found === 'v/test/a/counter/4')![1]))).toHaveLength(
      1,
    );
  });

  test('whose text is none is found although its checksum fits', async () => {
    const key = 'v/test/a/counter/3';
    for (const [edit, says] of [
      [(text: string) => text.slice(1), /JSON/],
      [(text: string) => text.replace('#1', '#{'), /JSON/],
      [(text: string) => text.replace('#1', '1'), /not in smallcaps/],
      [(text: string) => text.replace('"#1"', '"#\\"$0\\""'), /"\$0" is no reference of 0/],
      [
        (text: string) => text.replace('"s":[]', '"s":["eph:test/x/1/self"]'),
        /holds eph:test\/x\/1\/self, which is no durable name/,
      ],
    ] as const) {
      const [first, ...others] = await findings(edited(rows, key, edit));
      expect(first).toMatch(/^ROW_DAMAGED v\/test\/a\/counter\/3: /);
      expect(first).toMatch(says);
      expect(others).toEqual([]);
    }
  });
});

describe('a kind', () => {
  test('that this program does not know is found once, in whatever vat', async () => {
    expect(await findings(rows, { bench: 1 })).toEqual([
      'UNKNOWN_KIND v/test/a/counter/3: is of kind counter, which this gobs does not know',
      'UNKNOWN_KIND v/there/a/counter/2: is of kind counter, which this gobs does not know',
    ]);
  });

  test('of a newer version than this program knows is found', async () => {
    const newer = edited(
      edited(rows, 'v/test/a/counter/4', (text) => text.replace('"v":1', '"v":2')),
      'v/test/k',
      (text) => text.replace('counter\\":1', 'counter\\":2'),
    );
    expect(await findings(newer)).toEqual([
      'NEWER_VERSION v/test/a/counter/4: is of counter version 2, this gobs knows 1',
    ]);
    expect(await findings(newer, { ...knownKinds, counter: 2 })).toEqual([]);
  });

  test('that the vat once had is found by its table of kinds', async () => {
    const table = (kinds: string) =>
      written('v/test/k', JSON.stringify({ k: 'kinds', v: 1, c: 1, b: `#${kinds}`, s: [] }));
    const all = '{"bench":1,"counter":1,"map":1}';
    expect(await findings(withRows(rows, table(all)))).toEqual([]);
    expect(await findings(withRows(rows, table('{"bench":1,"counter":1,"gone":1,"map":1}')))).toEqual([
      'UNKNOWN_KIND v/test/k: is of kind gone, which this gobs does not know',
    ]);
    expect(await findings(withRows(rows, table('{"bench":1,"map":1}')))).toEqual([
      'COUNT_MISMATCH v/test/k: does not know of counter version 1, which is there',
    ]);
  });

  test('of a row that vats write themselves cannot be another', async () => {
    const other = edited(rows, 'v/test/r/bench', (text) => text.replace('"root"', '"counter"'));
    expect(await findings(other)).toEqual(['UNKNOWN_KIND v/test/r/bench: is of kind counter, expected root']);
  });
});

describe('a row that is lost', () => {
  test('is found, whichever it is', async () => {
    const unneeded = new Set(['b/listen']);
    for (const [key] of rows) {
      const found = await findings(without(rows, key));
      expect(found.length > 0, key).toBe(!unneeded.has(key));
    }
  });

  test('of an actor is missed by the vat, and by who refers to it', async () => {
    expect(await findings(without(rows, 'v/there/a/counter/2'))).toEqual([
      'COUNT_MISMATCH v/there/!: 2 actors expected, 1 found',
      `DANGLING_REFERENCE p/${peerId}/x/2: refers to vat:there/counter/2/self, which has no row`,
      'DANGLING_REFERENCE v/test/a/bench/1: refers to vat:there/counter/2/self, which has no row',
      'DANGLING_REFERENCE v/test/m/2/counter 0: refers to vat:there/counter/2/self, which has no row',
      'DANGLING_REFERENCE v/test/m/2/counter 1: refers to vat:there/counter/2/self, which has no row',
      'DANGLING_REFERENCE v/test/m/2/counter 2: refers to vat:there/counter/2/self, which has no row',
    ]);
    expect(await findings(without(rows, 'v/test/a/counter/3'))).toContain(
      `DANGLING_REFERENCE ${secretRow}: refers to vat:test/counter/3/self, which has no row`,
    );
  });

  test('of a map is missed by the map', async () => {
    const says = 'COUNT_MISMATCH v/test/a/map/2: 3 entries expected,';
    expect(await findings(without(rows, 'v/test/m/2/counter 1'))).toEqual([`${says} 2 found`]);
    const entries = rows.map(([key]) => key).filter((key) => key.startsWith('v/test/m/'));
    expect(await findings(without(rows, ...entries))).toEqual([`${says} 0 found`]);
    expect(await findings(without(rows, 'v/test/a/map/2'))).toContain(
      'COUNT_MISMATCH v/test/a/map/2: 0 entries expected, 3 found',
    );
  });

  test('of a vat, a root or what heads it, is missed', async () => {
    expect(await findings(without(rows, 'v/test/!'))).toEqual(['COUNT_MISMATCH v/test/!: 1 header expected, 0 found']);
    expect(await findings(without(rows, 'v/test/r/bench'))).toEqual([
      'COUNT_MISMATCH v/test/!: 1 roots expected, 0 found',
    ]);
  });

  test('of what a peer was given is missed', async () => {
    const base = `p/${peerId}`;
    expect(await findings(without(rows, `${base}/x/2`))).toEqual([
      `COUNT_MISMATCH ${base}/!: the peer was given 3 references, of 2 it is known under which number`,
      `COUNT_MISMATCH ${base}/!: 2 numbers have a name, 3 names a number`,
    ]);
    expect(await findings(without(rows, `${base}/x/2`, `${base}/n/vat:there/counter/2/self`))).toHaveLength(1);
    expect(await findings(without(rows, `${base}/!`))).toEqual([
      `COUNT_MISMATCH ${base}/!: there are rows for the peer, but not this one`,
    ]);
  });

  test('of a locator is missed', async () => {
    expect(await findings(without(rows, secretRow))).toEqual([
      'COUNT_MISMATCH s/!: 1 locators were given out, 0 are there',
    ]);
    expect(await findings(without(rows, 's/!'))).toEqual([
      'COUNT_MISMATCH s/!: 0 locators were given out, 1 are there',
    ]);
  });

  test('and says what the rest is, leaves nothing to be read', async () => {
    expect(await findings(without(rows, '!format'))).toEqual(['STORE_DAMAGED null: /state: !format is missing']);
    expect(await findings(without(rows, '!state'))).toEqual(['STORE_DAMAGED !state: is missing']);
    expect(await findings([])).toEqual(['STORE_DAMAGED !format: is missing', 'STORE_DAMAGED !state: is missing']);
  });
});

describe('a row that can be read and says what cannot be', () => {
  const row = (kind: string, body: string) => JSON.stringify({ k: kind, v: 1, c: 1, b: body, s: [] });
  const base = `p/${peerId}`;
  test.each([
    ['v/test/!', row('vat', '#null')],
    ['v/test/!', row('vat', '#{"next":-1,"actors":0}')],
    ['v/test/a/map/2', row('map', '#null')],
    ['v/test/a/map/2', row('map', '#{"size":"1"}')],
    [`${base}/!`, 'x'],
    [`${base}/!`, 'null'],
    [`${base}/!`, '{"next":4}'],
    [`${base}/!`, '{"next":"4","given":3}'],
    [`${base}/x/1`, 'eph:test/x/1/self'],
    [`${base}/x/1`, 'x'],
    [`${base}/n/vat:test/counter/3/self`, 'one'],
    ['s/!', ''],
    ['s/!', 'x'],
    ['s/!', 'null'],
    ['v/!', 'x'],
    ['p/!', 'x'],
    ['p/!', '{"next":"1"}'],
  ])('is damaged: %s %s', async (key, text) => {
    const found = await findings(withRows(rows, written(key, text)));
    expect(found[0]).toMatch(/^ROW_DAMAGED /);
    // What it counts is not known then; but two numbers that are not each other's are.
    expect(found.slice(1).filter((line) => !/numbers|DANGLING/.test(line))).toEqual([]);
  });

  test('of the store itself is damage of the store', async () => {
    for (const [key, text, says] of [
      ['!state', '{"epoch":0,"commits":1}', /epoch of 1 or more expected/],
      ['!state', '{"epoch":1}', /commits of 1 or more expected/],
      ['!restored', '{"at":1}', /taken of 0 or more expected/],
    ] as const) {
      const found = await findings(withRows(rows, written(key, text)));
      expect(found[0]).toMatch(/^STORE_DAMAGED !/);
      expect(found[0]).toMatch(says);
    }
  });

  test('leaves what it counts alone, if it cannot be read', async () => {
    for (const key of ['v/test/!', 'v/test/a/map/2', 'v/test/k', `${base}/!`, 's/!']) {
      expect(await findings(damaged(key, (value) => `${value} `)), key).toEqual([
        expect.stringMatching(/^ROW_DAMAGED .*checksum/),
      ]);
    }
  });
});

test('a store that was restored says so twice, or not at all', async () => {
  const restored = written('!restored', '{"at":1,"taken":1,"epoch":1,"numbers":1,"instances":1}');
  const state = written('!state', textIn(rows, '!state').replace('}', ',"restores":1}'));
  expect(await findings(withRows(rows, restored, state))).toEqual([]);
  expect(await findings(withRows(rows, restored))).toEqual([
    expect.stringMatching(/^STORE_DAMAGED !restored: is there/),
  ]);
  expect(await findings(withRows(rows, state))).toEqual([
    expect.stringMatching(/^STORE_DAMAGED !restored: is missing/),
  ]);
});

test('rows of a peer that is being forgotten may be gone, some of them', async () => {
  const base = `p/${peerId}`;
  const going = edited(rows, `${base}/!`, (text) => text.replace('}', ',"forgotten":true}'));
  const content = withRows(
    without(going, `${base}/n/vat:test/counter/3/self`, `${base}/x/2`),
    written('p/!', '{"next":4}'),
  );
  expect(await findings(content)).toEqual([]);
});

test('a store of a newer format is not read on', async () => {
  const newer: StoreEntry = ['!format', makeRowChecksum('').add('!format', '{"format":2,"store":"the-store"}')];
  await expect(verify(sourceOf(withRows(rows, newer)), { kinds: knownKinds })).rejects.toThrow(
    'NEWER_FORMAT: /state: the store has format 2, this gobs knows 1',
  );
});

test('rows that are out of order, or there twice, are found', async () => {
  const at = rows.findIndex(([key]) => key === 'v/test/a/counter/3');
  const [one, other] = [rows[at]!, rows[at + 1]!];
  for (const [key, two] of [
    [one[0], [other, one]],
    [one[0], [one, one, other]],
  ] as const) {
    const found = await findings([...rows.slice(0, at), ...two, ...rows.slice(at + 2)]);
    expect(found).toContain(`ROW_DAMAGED ${key}: comes after a row with a greater key, or the same`);
  }
});

describe('a row of the trace', () => {
  const entry = ['a-1-2', 5, 'test', 'vat:test/counter/3/self', 'add', 'client', 0, 0, [], [], 0];
  const traced = (entries: unknown, v = 1) => written('t/000003', JSON.stringify({ v, n: 3, s: 9, r: entries }));
  const changed = (at: number, value: unknown) => entry.map((column, index) => (index === at ? value : column));

  test('of any version is none of the rows that are missed or too many', async () => {
    const full = [...entry.slice(0, 6), 'a-1-1', ['BAD', 'no'], ['test/counter/3'], [['a-1-3', 'promise', 'x']], 2];
    for (const good of [traced([entry, full]), traced([]), traced('anything', 2)]) {
      expect(await findings(withRows(rows, good))).toEqual([]);
    }
  });

  test('has records of turns', async () => {
    const wrong = [7, null, 'x', [7], [[]], [entry.slice(1)], [[...entry, 0]]];
    const columns = entry.map((_, at) => [changed(at, at < 6 ? null : -1)]);
    const deep = [changed(7, ['x']), changed(8, [7]), changed(9, [['a', 'b']]), changed(9, ['abc'])].map((one) => [
      one,
    ]);
    for (const bad of [...wrong, ...columns, ...deep]) {
      expect(await findings(withRows(rows, traced(bad))), JSON.stringify(bad)).toEqual([
        'ROW_DAMAGED t/000003: has no records of turns',
      ]);
    }
    expect(await findings(withRows(rows, written('t/000003', 'x')))).toHaveLength(1);
    expect(await findings(withRows(rows, written('t/3', '{}')))).toEqual(['UNKNOWN_ROW t/3: is no place of the trace']);
  });
});

describe('a row too many', () => {
  test('is found by the counts', async () => {
    const extra = written('v/test/a/counter/99', textIn(rows, 'v/test/a/counter/3'));
    expect(await findings(withRows(rows, extra))).toEqual([
      'COUNT_MISMATCH v/test/!: 6 actors expected, 7 found',
      'ROW_DAMAGED v/test/!: next 7, but there is an actor 99',
    ]);
    const entry = written('v/test/m/2/counter 9', textIn(rows, 'v/test/m/2/counter 0'));
    expect(await findings(withRows(rows, entry))).toHaveLength(1);
    const given = written(`p/${peerId}/x/9`, 'vat:test/counter/3/self');
    expect(await findings(withRows(rows, given))).toHaveLength(3);
  });

  test('that nobody writes is found by its key', async () => {
    for (const key of [
      '!more',
      'a',
      'c/x',
      'v/test',
      'v/test/z',
      'v/test/a/counter/0',
      'v/test/a/counter/3/x',
      'w/x',
      's/x',
      'sx',
      'v/',
    ]) {
      expect(await findings(withRows(rows, written(key, '{}'))), key).toContainEqual(
        expect.stringContaining(`UNKNOWN_ROW ${key}: `),
      );
    }
    expect(await findings(withRows(rows, written(`p/${peerId}/y`, '1')))).toHaveLength(1);
  });
});

describe('what does not fit together', () => {
  test('is found: a reference to what never was', async () => {
    const dangling = edited(rows, 'v/test/m/2/counter 0', (text) => text.replace('counter/3', 'counter/5000000'));
    expect(await findings(dangling)).toEqual([
      'DANGLING_REFERENCE v/test/m/2/counter 0: refers to vat:test/counter/5000000/self, which has no row',
    ]);
    expect(
      await findings(edited(rows, 'v/test/m/2/counter 0', (text) => text.replace('vat:there', 'vat:nowhere'))),
    ).toEqual(['DANGLING_REFERENCE v/test/m/2/counter 0: refers to vat:nowhere/counter/2/self, which has no row']);
  });

  test('is told with who holds it, of the first thousand actors that are not there; of the others that they are not', async () => {
    const names = Array.from({ length: 1_002 }, (_, n) => `vat:nowhere/counter/${n + 1}/self`);
    const key = 'v/test/m/2/counter 0';
    const row = edited(rows, key, (text) => {
      const { s, ...rest } = JSON.parse(text) as { s: readonly string[] };
      return JSON.stringify({ ...rest, s: [...s, ...names] });
    });
    const { findings: found, more } = await verify(sourceOf(row), { kinds: knownKinds, most: 2_000 });
    const lines = found.map(({ key: holder, message }) => `${holder}: ${message}`).toSorted();
    const expected = names.map((name, n) =>
      n < 1_000
        ? `${key}: refers to ${name}, which has no row`
        : `null: ${name.slice(0, -'/self'.length)} is referred to, and has no row`,
    );
    expect({ lines, more }).toEqual({ lines: expected.toSorted(), more: 0 });
  });

  test('is found: a number and a name that are not each other’s', async () => {
    const crossed = withRows(
      rows,
      written(`p/${peerId}/x/1`, 'vat:there/counter/2/self'),
      written(`p/${peerId}/x/2`, 'vat:test/counter/3/self'),
    );
    expect(await findings(crossed)).toEqual([
      `COUNT_MISMATCH p/${peerId}/!: the names of numbers are not those that have these numbers`,
    ]);
  });

  test('is found: a locator under another hash', async () => {
    const [key] = [`s/${'0'.repeat(64)}`];
    const moved = withRows(without(rows, secretRow), written(key, textIn(rows, secretRow)));
    expect(await findings(moved)).toEqual([`ROW_DAMAGED ${key}: holds another hash than the one that it is under`]);
  });

  test('is found: a locator that leads to nothing that stays', async () => {
    const ephemeral = edited(rows, secretRow, (text) => text.replace('vat:', 'eph:'));
    expect(await findings(ephemeral)).toEqual([
      `ROW_DAMAGED ${secretRow}: leads to eph:test/counter/3/self, which is no durable name`,
    ]);
  });

  test('is found: commits that were acknowledged and are not there', async () => {
    const commits = (JSON.parse(textIn(rows, '!state')) as { commits: number }).commits;
    const check = async (acknowledged: number) =>
      (await verify(sourceOf(rows, acknowledged), { kinds: knownKinds })).findings;
    expect(await check(commits)).toEqual([]);
    expect(await check(commits + 2)).toMatchObject([
      { code: 'STORE_DAMAGED', message: `${commits + 2} commits were acknowledged, ${commits} are there` },
    ]);
  });
});

test('no more findings are told than asked for, and how many others there are', async () => {
  const content = rows.map(([key, value]): StoreEntry => [key, key.startsWith('v/') ? `x${value}` : value]);
  const all = await verify(sourceOf(content), { kinds: knownKinds });
  const some = await verify(sourceOf(content), { kinds: knownKinds, most: 2 });
  expect(some.findings).toEqual(all.findings.slice(0, 2));
  expect(some.more).toBe(all.findings.length - 2);
});

test('a backup that turns out to be damaged is a finding; a source that cannot be reached is none', async () => {
  const breaking = (error: Error) => ({
    ...sourceOf(rows),
    async *pages() {
      yield rows.slice(0, 5);
      throw error;
    },
  });
  expect(await verify(breaking(makeError('BACKUP_DAMAGED', '/b: line 7')), { kinds: knownKinds })).toMatchObject({
    rows: 5,
    findings: [{ code: 'BACKUP_DAMAGED', key: null, message: '/b: line 7' }],
  });
  await expect(verify(breaking(makeError('SESSION_CLOSED', 'gone')), { kinds: knownKinds })).rejects.toThrow('gone');
});
