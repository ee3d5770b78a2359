/** What somebody could put into a backup, or into a closed store, who can do sums and has no key: rows by the thing that is wrong with them. */
import { decodeRow, encodeRow } from '../../src/vats/row.ts';
import type { StoreEntry } from '../../src/vats/store.ts';

/** Rows without their checksums. */
type Rows = readonly StoreEntry[];

export interface Crafted {
  /** What a check must say; what is undefined harms nobody and need not be told. */
  readonly finds: RegExp | undefined;
  readonly change: (rows: Rows) => Rows;
}

/** Instead of what is under that key, or beside it. */
const put =
  (key: string, text: string) =>
  (rows: Rows): Rows => [...rows.filter(([found]) => found !== key), [key, text]];

const edit =
  (key: RegExp, change: (text: string, key: string) => string) =>
  (rows: Rows): Rows => {
    const at = rows.findIndex(([found]) => key.test(found));
    if (at < 0) throw Error(`there is no row ${key}`);
    const [found, text] = rows[at]!;
    return rows.with(at, [found, change(text, found)]);
  };

/** Some of a record's properties, as JSON texts: numbers may be such as JSON.stringify does not write. */
const withTexts = (text: string, fields: Readonly<Record<string, string>>): string => {
  const rest = Object.entries(JSON.parse(text) as object).filter(([name]) => !(name in fields));
  const all = [...rest.map(([name, value]) => [name, JSON.stringify(value)] as const), ...Object.entries(fields)];
  return `{${all.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
};

const record = (key: RegExp, fields: Readonly<Record<string, string>>) => edit(key, (text) => withTexts(text, fields));

/** A portrait, as the text of its body without the `#`. */
const body = (key: RegExp, change: (text: string) => string) =>
  edit(key, (text, found) => {
    const row = decodeRow(found, text);
    return encodeRow({ ...row, body: `#${change(row.body.slice(1))}` });
  });
/** Past what `encodeRow` would refuse. */
const rawBody = (key: RegExp, text: string) => edit(key, (row) => withTexts(row, { b: JSON.stringify(`#${text}`) }));

export const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const deepRecord = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const wide = `[${'[],'.repeat(3_000_000)}[]]`;

const header = /^v\/boss\/!$/;
const kinds = /^v\/boss\/k$/;
const actor = /^v\/boss\/a\/machine\/\d+$/;
const map = /^v\/boss\/a\/map\/\d+$/;
const entry = /^v\/boss\/m\/\d+\/web1/;
const root = /^v\/boss\/r\/boss$/;
const peer = /^p\/[a-z2-7]{52}\/!$/;
const given = /^p\/[a-z2-7]{52}\/x\/\d+$/;
const trace = /^t\/\d+$/;

/** By what it is called, and the key of the row. */
const cases = new Map<string, Crafted>();
const add = (name: string, finds: RegExp | undefined, change: Crafted['change']): void => {
  if (cases.has(name)) throw Error(`twice: ${name}`);
  cases.set(name, { finds, change });
};

// ------------------------------------------------------------------------------------------- numbers

const wrongNumbers = ['9007199254740991', '9007199254740993', '-1', '1.5', '1e999', '"7"', 'null', '[]', '{"a":1}'];
for (const number of wrongNumbers) {
  add(`!state commits ${number}`, /^STORE_DAMAGED: row !state: /m, record(/^!state$/, { commits: number }));
  add(`!state epoch ${number}`, /^STORE_DAMAGED: row !state: /m, record(/^!state$/, { epoch: number }));
  add(`!restored numbers ${number}`, /^STORE_DAMAGED: row !restored: /m, (rows) =>
    put(
      '!restored',
      `{"at":1,"taken":1,"epoch":1,"numbers":${number},"instances":1}`,
    )(record(/^!state$/, { restores: '1' })(rows)),
  );
  add(
    `header next ${number}`,
    /^ROW_DAMAGED: row v\/boss\/!: /m,
    body(header, (text) => withTexts(text, { next: number })),
  );
  add(
    `header actors ${number}`,
    /v\/boss\/!: /m,
    body(header, (text) => withTexts(text, { actors: number })),
  );
  add(
    `map size ${number}`,
    /v\/boss\/a\/map\/\d+: /m,
    body(map, (text) => withTexts(text, { size: number })),
  );
  add(`peer next ${number}`, /^ROW_DAMAGED: row p\/[a-z2-7]+\/!: /m, record(peer, { next: number }));
  add(`peer given ${number}`, /: row p\/[a-z2-7]+\/!: /m, record(peer, { given: number }));
  if (number !== 'null') {
    add(
      `vats next ${number}`,
      /^ROW_DAMAGED: row v\/!: /m,
      put('v/!', encodeRow({ kind: 'vats', version: 1, change: 1, body: `#{"next":${number}}`, slots: [] })),
    );
    add(`peers next ${number}`, /^ROW_DAMAGED: row p\/!: /m, put('p/!', `{"next":${number}}`));
  }
  add(
    `locators ${number}`,
    /: row s\/!: /m,
    edit(/^s\/!$/, () => number),
  );
  add(
    `kinds version ${number}`,
    /: row v\/boss\/k: /m,
    body(kinds, (text) => withTexts(text, { machine: number })),
  );
  add(
    `row version ${number}`,
    /^(ROW_DAMAGED|NEWER_VERSION): row v\/boss\/a\/machine\/\d+: /m,
    record(actor, { v: number }),
  );
  add(`row change ${number}`, /^ROW_DAMAGED: row v\/boss\/a\/machine\/\d+: /m, record(actor, { c: number }));
  add(`trace number ${number}`, /^ROW_DAMAGED: row t\/\d+: /m, record(trace, { n: number }));
}
for (const number of ['-1', '1.5', '"x"', '{}']) {
  add(`peer epoch ${number}`, /^ROW_DAMAGED: row p\/[a-z2-7]+\/!: /m, record(peer, { epoch: number }));
}
add('row version 0', /^ROW_DAMAGED: row v\/boss\/a\/machine\/\d+: /m, record(actor, { v: '0' }));
for (const [what, key] of Object.entries({ header, kinds, map, entry, root })) {
  add(`version 0 of ${what}`, /^ROW_DAMAGED: row v\/boss\//m, record(key, { v: '0', b: '"#null"', s: '[]' }));
}
add('peer dialled', /^ROW_DAMAGED: row p\/[a-z2-7]+\/!: /m, record(peer, { dialled: '[7]' }));

// ------------------------------------------------------------------------------------------- depth

/** Just above what is read; what a call stack may or may not hold; and far above it. */
const depths = [
  ['600 lists in', deep(600)],
  ['6,000 records in', deepRecord(6_000)],
  ['200,000 lists in', deep(200_000)],
] as const;
for (const [name, text] of depths) {
  add(`${name} !state`, /^STORE_DAMAGED: row !state: /m, record(/^!state$/, { commits: text }));
  add(
    `${name} all of !state`,
    /^STORE_DAMAGED: row !state: /m,
    edit(/^!state$/, () => text),
  );
  add(`${name} !format`, /^STORE_DAMAGED: /m, record(/^!format$/, { format: text }));
  add(`${name} an unknown row of the store`, /^UNKNOWN_ROW: row !other: /m, put('!other', text));
  add(
    `${name} the trace`,
    /^ROW_DAMAGED: row t\/\d+: /m,
    edit(trace, () => text),
  );
  add(`${name} a record of the trace`, /^ROW_DAMAGED: row t\/\d+: /m, record(trace, { r: text }));
  add(`${name} a free row`, undefined, put('b/other', text));
  add(`${name} a key's row`, undefined, put('k/other', text));
  add(`${name} a peer`, /^ROW_DAMAGED: row p\/[a-z2-7]+\/!: /m, record(peer, { next: text }));
  add(`${name} where a peer is`, /^ROW_DAMAGED: row p\/[a-z2-7]+\/!: /m, record(peer, { dialled: text }));
  add(`${name} all peers`, /^ROW_DAMAGED: row p\/!: /m, put('p/!', `{"next":${text}}`));
  for (const [what, key] of Object.entries({ header, kinds, actor, map, entry, root })) {
    add(`${name} the portrait of ${what}`, /^ROW_DAMAGED: row v\/boss\//m, rawBody(key, text));
    add(
      `${name} the row of ${what}`,
      /^ROW_DAMAGED: row v\/boss\//m,
      edit(key, () => text),
    );
  }
  add(`${name} an error`, /^ROW_DAMAGED: row v\/boss\//m, rawBody(entry, `{"#error":${text}}`));
  add(`${name} references`, /^ROW_DAMAGED: row v\/boss\//m, record(actor, { s: text }));
}
add('three million lists in a portrait', /^ROW_DAMAGED: row v\/boss\/m/m, rawBody(entry, wide));
add('three million lists in the trace', /^ROW_DAMAGED: row t\/\d+: /m, record(trace, { r: wide }));

// ------------------------------------------------------------------------------------------- shapes

for (const text of ['', 'null', '7', '"x"', '[]', '{}', '{', '{"k":1}', '\u001b[2J\ngobs: all is well']) {
  const name = `${JSON.stringify(text)} as`;
  add(
    `${name} !format`,
    /^STORE_DAMAGED: /m,
    edit(/^!format$/, () => text),
  );
  add(
    `${name} !state`,
    /^STORE_DAMAGED: row !state: /m,
    edit(/^!state$/, () => text),
  );
  add(`${name} !restored`, /^STORE_DAMAGED: row !restored: /m, (rows) =>
    put('!restored', text)(record(/^!state$/, { restores: '1' })(rows)),
  );
  for (const [what, key] of Object.entries({ header, kinds, actor, map, entry, root })) {
    add(
      `${name} the row of ${what}`,
      /^ROW_DAMAGED: row v\/boss\//m,
      edit(key, () => text),
    );
  }
  for (const [what, key] of Object.entries({ header, kinds, map })) {
    if (what === 'kinds' && text === '{}') continue;
    add(`${name} the portrait of ${what}`, /: row v\/boss\//m, rawBody(key, text));
  }
  add(
    `${name} a peer`,
    /^ROW_DAMAGED: row p\/[a-z2-7]+\/!: /m,
    edit(peer, () => text),
  );
  add(
    `${name} what a peer was given`,
    /^ROW_DAMAGED: row p\/[a-z2-7]+\/x\/\d+: /m,
    edit(given, () => text),
  );
  add(`${name} all peers`, /^ROW_DAMAGED: row p\/!: /m, put('p/!', text));
  add(`${name} all vats`, /^ROW_DAMAGED: row v\/!: /m, put('v/!', text));
  add(
    `${name} a locator`,
    /^ROW_DAMAGED: row s\/[0-9a-f]{64}: /m,
    edit(/^s\/[0-9a-f]{64}$/, () => text),
  );
  add(
    `${name} the trace`,
    /^ROW_DAMAGED: row t\/\d+: /m,
    edit(trace, () => text),
  );
  add(`${name} records of the trace`, /^ROW_DAMAGED: row t\/\d+: /m, record(trace, { r: JSON.stringify([text]) }));
}
add('"#undefined" for the kinds', /: row v\/boss\/k: /m, rawBody(kinds, '"#undefined"'));
add('a bigint for the next number', /: row v\/boss\/!: /m, rawBody(header, '{"next":"+7","actors":1}'));

// ------------------------------------------------------------------------------------------- names

const long = 'x'.repeat(1_000_000);
const forging = '\u001b[2J\r\n\u2028\u202eROW_DAMAGED: row v/boss/a/machine/1: \u0000';
for (const kind of ['constructor', '__proto__', 'toString', forging, long]) {
  const shown = JSON.stringify(kind.slice(0, 20));
  add(
    `${shown} (${kind.length}) as a kind`,
    /^(UNKNOWN_KIND|ROW_DAMAGED): row v\/boss\/a\/machine\/\d+: /m,
    record(actor, { k: JSON.stringify(kind) }),
  );
  add(
    `${shown} (${kind.length}) in the kinds`,
    /^(UNKNOWN_KIND|ROW_DAMAGED): row v\/boss\/k: /m,
    body(kinds, (text) => withTexts(text, { [kind]: '1' })),
  );
  add(`${shown} (${kind.length}) as an own kind`, /: row v\/boss\/r\//m, record(root, { k: JSON.stringify(kind) }));
}
for (const name of [
  'vat:',
  'vat:x',
  `vat:${forging}`,
  `vat:boss/${long}/1/self`,
  'peer:x',
  'eph:boss/machine/1/self',
  '',
]) {
  const shown = JSON.stringify(name.slice(0, 20));
  add(`${shown} (${name.length}) as a reference`, /: row v\/boss\/m\//m, record(entry, { s: JSON.stringify([name]) }));
  add(
    `${shown} (${name.length}) given to a peer`,
    /: row p\/[a-z2-7]+\/x\//m,
    edit(given, () => name),
  );
  add(
    `${shown} (${name.length}) by a locator`,
    /: row s\/[0-9a-f]{64}: /m,
    edit(/^s\/[0-9a-f]{64}$/, (text) => `${text.split(' ')[0]!} ${name}`),
  );
}
for (const key of [
  `v/${forging}/!`,
  `v/boss/a/${forging}/7`,
  `v/boss/${forging}`,
  `p/${forging}/!`,
  `p/${forging}`,
  `s/${forging}`,
  `t/${forging}`,
  forging,
  `!${forging}`,
  'v//!',
  'v/a!b/k',
  'v/boss/a/machine/x',
  'zzz',
]) {
  add(`a row ${JSON.stringify(key)}`, /^UNKNOWN_ROW: row /m, put(key, '{}'));
}
add('a free row with a name that forges', undefined, put(`b/${forging}`, 'x'));

export const craftedRows: ReadonlyMap<string, Crafted> = cases;

/** Of 1,025 bytes or more: these no store of ours would write. */
export const longKeys: readonly string[] = [
  `b/${'x'.repeat(1_023)}`,
  `v/boss/m/2/${'é'.repeat(600)}`,
  `s/${'0'.repeat(1_000_000)}`,
  `t/${forging.repeat(100)}`,
];
