/** Compares all rows with the model's state: each actor that can be reached, what it holds and how often it changed, and that there is nothing else. */
import { findingsInTexts } from './row-findings.ts';
import type { Identities } from './compare.ts';
import { expectSame } from './expect-same.ts';
import { bytesOrder, type PlainActor, type PlainState } from './plain-state.ts';

interface RawRow {
  readonly k: string;
  readonly c: number;
  readonly b: string;
  readonly s: readonly string[];
}

interface RawNode {
  readonly n: number;
  readonly refs: readonly (string | null)[];
  readonly map: string;
}

const rowOf = (value: string): RawRow => JSON.parse(value) as RawRow;

/** `vat:a/node/3/self` → `v/a/a/node/3` */
const keyOf = (name: string): string => name.replace(/^vat:([^/]*)\/([^/]*)\/([^/]*)\/.*$/, 'v/$1/a/$2/$3');

/** `$2.Alleged: Node` → the third of the row's references. */
const nameIn = ({ s }: RawRow, text: string): string => s[Number.parseInt(text.slice(1), 10)]!;

const compareMap = (rows: ReadonlyMap<string, string>, name: string, actor: PlainActor): number => {
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
  return found.length;
};

/** `names`: of every actor of the model that the host has a reference to. */
export const compareRows = (
  all: readonly (readonly [string, string])[],
  state: PlainState,
  names: ReadonlyMap<number, string>,
): void => {
  const rows = new Map(all);
  const met = new Map<number, string>();
  const queue = [...names].filter(([id]) => state.actors.get(id)?.ephemeral === false);
  let entries = 0;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [id, name] = next;
    if (met.has(id)) {
      expectSame(`the name of actor ${id}`, name, met.get(id));
      continue;
    }
    met.set(id, name);
    const actor = state.actors.get(id)!;
    const value = rows.get(keyOf(name));
    if (value === undefined) throw Error(`there is no row of ${name}`);
    const row = rowOf(value);
    const node = JSON.parse(row.b.slice(1)) as RawNode;
    expectSame(`n of ${name}`, node.n, actor.n);
    expectSame(`changes of ${name}`, row.c, actor.change);
    const refs = node.refs.map((ref) => (ref === null ? null : nameIn(row, ref)));
    expectSame(
      `which references ${name} has`,
      refs.map((ref) => ref !== null),
      actor.refs.map((ref) => ref !== null),
    );
    for (const [at, ref] of actor.refs.entries()) if (ref !== null) queue.push([ref, refs[at]!]);
    entries += compareMap(rows, nameIn(row, node.map), actor);
  }
  expectSame('no two actors with one name', new Set(met.values()).size, met.size);
  const count = (kind: string): number => all.filter(([, value]) => rowOf(value).k === kind).length;
  const durable = [...state.actors.values()].filter(({ ephemeral }) => !ephemeral);
  expectSame('how many actors there are', [count('node'), count('map')], [durable.length, durable.length]);
  expectSame('what is wrong with the rows', findingsInTexts(all), []);
  const inAll = durable.reduce((sum, { map }) => sum + map!.entries.size, 0);
  expectSame('how many entries there are', [count('entry'), entries <= inAll], [inAll, true]);
};

export const namesOf = ({ refOf }: Identities, nameOf: (ref: object) => string | undefined): Map<number, string> =>
  new Map([...refOf].flatMap(([id, ref]) => (nameOf(ref) === undefined ? [] : [[id, nameOf(ref)!] as const])));
