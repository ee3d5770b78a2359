/**
 * The rows of the office as they are in the store, before anybody revives an actor, who would upgrade it. Each must be whole, of one version: what its portrait
 * says, and the stamp that it has, are those of the version that the row says. Each stamp belongs to an upgrade that is there, and there is one for each.
 */
import { describeError } from '../../../src/errors/gobs-error.ts';
import { parseActorName, type RefName } from '../../../src/vats/names.ts';
import { actorKey, vatsRange } from '../../../src/vats/keys.ts';
import { decodeRow, isStripped, type Row } from '../../../src/vats/row.ts';
import type { Store } from '../../../src/vats/store.ts';
import { actorsIn, checkCounts, checkReferences, reachableIn } from '../../vats/garbage/reachable.ts';
import { stampOf, type Age } from './aging.ts';

export interface RowsLook {
  readonly problems: readonly string[];
  /** Of those that can be upgraded. */
  readonly ages: readonly (readonly [since: number, at: number])[];
  /** What a collector was about to take away. */
  readonly stripped: number;
  readonly actors: number;
  readonly entries: number;
}

const keyOf = (name: RefName): string => {
  const { vat, kind, instance } = parseActorName(name)!;
  return actorKey(vat, kind, instance);
};

interface Found extends Row {
  readonly key: string;
  /** Null: stripped, by a collector. */
  readonly portrait: Readonly<Record<string, unknown>> | null;
}

/** In smallcaps a reference is `"$<slot>.<interface>"`, or `"$<slot>"` if it was met before. */
const referenceIn = ({ slots }: Row, encoded: unknown): string | undefined => {
  const [, slot] = /^\$(\d+)/.exec(String(encoded)) ?? [];
  return slot === undefined ? undefined : keyOf(slots[Number(slot)]!);
};

const checkStamps = (stamps: readonly Found[], rows: ReadonlyMap<string, Found>): string[] => {
  const met = new Set<string>();
  return stamps.flatMap((stamp) => {
    const of = rows.get(referenceIn(stamp, stamp.portrait!['of'])!);
    const at = Number(stamp.portrait!['at']);
    const what = `the stamp ${stamp.key} of version ${at} of ${of?.key}`;
    const isSecond = met.has(`${of?.key} ${at}`);
    met.add(`${of?.key} ${at}`);
    return [
      ...(isSecond ? [`${what} is there twice`] : []),
      ...(of === undefined || of.version < at ? [`${what} is there, the upgrade is not: version ${of?.version}`] : []),
    ];
  });
};

const ageOf = ({ portrait }: Found): Omit<Age, 'stamp'> & { readonly stamp: unknown } =>
  portrait!['age'] as ReturnType<typeof ageOf>;

/** Its own version, and its stamp; what goes away may have lost that already. */
const checkAged = (row: Found, isReached: boolean, rows: ReadonlyMap<string, Found>): string[] => {
  const { key, version } = row;
  const { since, at, stamp } = ageOf(row);
  const found = stamp === null ? undefined : rows.get(referenceIn(row, stamp)!);
  const stamped = stamp === null ? 0 : found?.portrait?.['at'];
  const isGoing = !isReached && found?.portrait === null;
  const expected = stampOf({ since, at });
  return [
    ...(at === version ? [] : [`${key} is of version ${version}, and its portrait of ${at}`]),
    ...(stamped === expected || isGoing
      ? []
      : [`${key} of version ${version} has stamp ${String(stamped)}, expected ${expected}`]),
  ];
};

const problemsOf = (...checks: readonly (() => unknown)[]): string[] =>
  checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      return [describeError(error).message];
    }
  });

export const lookAtRows = async (store: Pick<Store, 'page'>): Promise<RowsLook> => {
  const texts = new Map(await store.page({ ...vatsRange, limit: 1_000_000 }));
  const found = actorsIn(texts).map((key): Found => {
    const row = decodeRow(key, texts.get(key)!);
    return { ...row, key, portrait: isStripped(row) ? null : (JSON.parse(row.body.slice(1)) as Found['portrait']) };
  });
  const rows = new Map(found.map((row) => [row.key, row]));
  const whole = found.filter(({ portrait }) => portrait !== null);
  const aged = whole.filter(({ portrait }) => 'age' in portrait!);
  let reached: ReadonlySet<string> = new Set();
  const problems = problemsOf(
    () => checkReferences(texts),
    () => checkCounts(texts),
    () => (reached = reachableIn(texts)),
  );
  const lost = found.filter(({ key, portrait }) => portrait === null && reached.has(key));
  return harden({
    problems: [
      ...problems,
      ...lost.map(({ key }) => `${key} was stripped, and can be reached`),
      ...aged.flatMap((row) => checkAged(row, reached.has(row.key), rows)),
      ...checkStamps(
        whole.filter(({ kind }) => kind === 'stamp'),
        rows,
      ),
    ],
    ages: aged.map((row) => [ageOf(row).since, ageOf(row).at] as const),
    stripped: found.length - whole.length,
    actors: found.length,
    entries: [...texts.keys()].filter((key) => /^v\/[^/]*\/m\//.test(key)).length,
  });
};
