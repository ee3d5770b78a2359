/** Compares all rows with the model's state: each actor that can be reached, what it holds and how often it changed, and that there is nothing else. */
import { makeRowChecksum } from '../../../src/persistence/row-checksum.ts';
import type { Identities } from './compare.ts';
import { expectSame } from './expect-same.ts';
import { STORE } from './real-store.ts';
import { findingsInTexts } from './row-findings.ts';
import { bytesOrder, type PlainActor, type PlainState } from './plain-state.ts';

interface RawRow {
  readonly k: string;
  readonly v: number;
  readonly c: number;
  readonly b: string;
  readonly s: readonly string[];
}

interface RawNode {
  readonly n: number;
  readonly refs: readonly (string | null)[];
  readonly map: string | null;
}

type Rows = readonly (readonly [string, string])[];

const rowOf = (value: string): RawRow => JSON.parse(value) as RawRow;

/** `vat:a/node/3/self` → `v/a/a/node/3` */
const keyOf = (name: string): string => name.replace(/^vat:([^/]*)\/([^/]*)\/([^/]*)\/.*$/, 'v/$1/a/$2/$3');

/** `$2.Alleged: Node` → the third of the row's references. */
const nameIn = ({ s }: RawRow, text: string): string => s[Number.parseInt(text.slice(1), 10)]!;

const compareMap = (rows: ReadonlyMap<string, string>, name: string, actor: PlainActor): void => {
  const map = rowOf(rows.get(keyOf(name))!);
  const { change, entries } = actor.map!;
  expectSame(`size in ${name}`, map.b, `#{"size":${entries.size}}`);
  expectSame(`changes of ${name}`, map.c, change);
  const prefix = name.replace(/^vat:([^/]*)\/map\/([^/]*)\/.*$/, 'v/$1/m/$2/');
  const found = [...rows].filter(([key]) => key.startsWith(prefix));
  const sorted = [...entries].sort(([a], [b]) => bytesOrder(a, b));
  expectSame(
    `entries of ${name}`,
    found.map(([key, value]) => [key.slice(prefix.length), rowOf(value).b, rowOf(value).c]),
    sorted.map(([key, entry]) => [key, `#${entry.n}`, entry.change]),
  );
};

const checksum = makeRowChecksum(STORE);

/** Without checksums, and what the store says of itself. Throws ROW_DAMAGED. */
export const textsOf = (all: Rows): Rows =>
  all.filter(([key]) => !key.startsWith('!')).map(([key, value]) => [key, checksum.check(key, value)]);

/** Of all generations: a vat says of which kinds it ever had rows. */
const kinds = { node: 2, machine: 3, left: 1, right: 1 };

/** In those of the vats. */
export const findingsIn = (texts: Rows): readonly unknown[] => {
  const vats = texts.filter(([key]) => key.startsWith('v/'));
  return findingsInTexts(vats, kinds);
};

const compareActor = (rows: ReadonlyMap<string, string>, name: string, actor: PlainActor): (string | null)[] => {
  const value = rows.get(keyOf(name));
  if (value === undefined) throw Error(`there is no row of ${name}`);
  const row = rowOf(value);
  const node = JSON.parse(row.b.slice(1)) as RawNode;
  expectSame(`the kind of ${name}`, { label: row.k, version: row.v }, actor.kind);
  expectSame(`n of ${name}`, node.n, actor.n);
  expectSame(`changes of ${name}`, row.c, actor.change);
  const refs = node.refs.map((ref) => (ref === null ? null : nameIn(row, ref)));
  expectSame(
    `which references ${name} has`,
    refs.map((ref) => ref !== null),
    actor.refs.map((ref) => ref !== null),
  );
  expectSame(`whether ${name} has a map`, node.map !== null, actor.map !== undefined);
  if (node.map !== null) compareMap(rows, nameIn(row, node.map), actor);
  return refs;
};

/** Those of every actor that can be reached. */
const compareReached = (
  rows: ReadonlyMap<string, string>,
  state: PlainState,
  names: readonly (readonly [number, string])[],
): void => {
  const met = new Map<number, string>();
  const queue = [...names];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [id, name] = next;
    if (met.has(id)) {
      expectSame(`the name of actor ${id}`, name, met.get(id));
      continue;
    }
    met.set(id, name);
    const actor = state.actors.get(id)!;
    const refs = compareActor(rows, name, actor);
    for (const [at, ref] of actor.refs.entries()) if (ref !== null) queue.push([ref, refs[at]!]);
  }
  expectSame('no two actors with one name', new Set(met.values()).size, met.size);
};

/** Garbage may be there or not, after a cycle in a process that lived. */
const expectBetween = (
  what: string,
  real: number,
  all: readonly PlainActor[],
  count: (actor: PlainActor) => number,
) => {
  const sum = (actors: readonly PlainActor[]): number => actors.reduce((total, actor) => total + count(actor), 0);
  const [least, most] = [sum(all.filter(({ isGarbage }) => isGarbage !== true)), sum(all)];
  if (real < least || real > most) throw Error(`${what}: ${real}, but it must be ${least} to ${most}`);
};

const compareCounts = (rows: ReadonlyMap<string, string>, state: PlainState): void => {
  const kinds = [...rows].filter(([key]) => key.startsWith('v/')).map(([, value]) => rowOf(value).k);
  const count = (labels: readonly string[]): number => kinds.filter((kind) => labels.includes(kind)).length;
  const durable = [...state.actors.values()].filter(({ ephemeral }) => !ephemeral);
  expectBetween('how many actors', count(['node', 'machine', 'left', 'right']), durable, () => 1);
  expectBetween('how many maps', count(['map']), durable, ({ map }) => (map === undefined ? 0 : 1));
  expectBetween('how many entries', count(['entry']), durable, ({ map }) => map?.entries.size ?? 0);
};

/** What the vats say of themselves, and whether all are there. */
const compareVats = (rows: ReadonlyMap<string, string>, { kinds, actors }: PlainState): void => {
  const there = [...rows.keys()].flatMap((key) => /^v\/([^/]+)\/!$/.exec(key)?.[1] ?? []);
  for (const vat of there) {
    const row = rowOf(rows.get(`v/${vat}/k`)!);
    expectSame(`the kinds in ${vat}`, JSON.parse(row.b.slice(1)), Object.fromEntries(kinds.get(vat) ?? []));
  }
  for (const { vat, isGarbage, ephemeral } of actors.values()) {
    if (isGarbage !== true && !ephemeral) expectSame(`whether ${vat} is there`, there.includes(vat), true);
  }
};

/** What peers and locators have: names, in the order of their numbers. */
const exportedIn = (rows: ReadonlyMap<string, string>, prefix: RegExp): readonly string[] =>
  [...rows]
    .filter(([key]) => prefix.test(key))
    .sort(([one], [other]) => Number(one.split('/').at(-1)) - Number(other.split('/').at(-1)))
    .map(([, value]) => value.split(' ').at(-1)!);

/** `all`: as they are on disk. `names`: of every actor of the model that the host has a reference to. */
export const compareRows = (all: Rows, state: PlainState, names: ReadonlyMap<number, string>): void => {
  const texts = textsOf(all);
  expectSame('what is wrong with the rows', findingsIn(texts), []);
  const rows = new Map(texts);
  const exported = [exportedIn(rows, /^p\/.*\/x\//), exportedIn(rows, /^s\/[0-9]/)];
  const exports = [state.exports.peer, state.exports.locator];
  expectSame(
    'how many exports there are',
    exported.map(({ length }) => length),
    exports.map(({ length }) => length),
  );
  const known = [...names].filter(([id]) => state.actors.get(id)?.ephemeral === false);
  const given = exports.flatMap((ids, at) => ids.map((id, index) => [id, exported[at]![index]!] as const));
  compareReached(rows, state, [...known, ...given]);
  compareCounts(rows, state);
  compareVats(rows, state);
};

export const namesOf = ({ refOf }: Identities, nameOf: (ref: object) => string | undefined): Map<number, string> =>
  new Map([...refOf].flatMap(([id, ref]) => (nameOf(ref) === undefined ? [] : [[id, nameOf(ref)!] as const])));
