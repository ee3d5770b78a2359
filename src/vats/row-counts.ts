/**
 * Are all rows of the vats there? A vat's header says how many actors and roots it has, and a map's portrait how many entries: a row that
 * got lost whole, so that no checksum tells, is missed here.
 *
 *   v/boss/!          next, actors, roots
 *   v/boss/a/map/7    size  ◀─ counted ─  v/boss/m/7/…
 *   v/boss/r/…
 */
import { describeError } from '../errors/gobs-error.ts';
import { mapKind } from './durable-map.ts';
import { vatHeaderKey } from './keys.ts';
import { decodeRow } from './row.ts';
import { countFinding, rowFinding, type RowFinding, type RowReader } from './row-reader.ts';
import { requireCounts, type VatCounts } from './vat-header.ts';

interface Tally {
  counts: VatCounts | undefined;
  actors: number;
  roots: number;
  highest: number;
  /** Of each map, by instance number: how many entries its portrait says, and how many were met. Not of one that has none and says so. */
  readonly maps: Map<string, MapTally>;
}

interface MapTally {
  said: number;
  met: number;
}

/** Smallcaps of numbers is JSON. */
const portraitOf = (key: string, text: string): unknown => {
  const { body } = decodeRow(key, text);
  try {
    return JSON.parse(body.slice(1));
  } catch (error) {
    throw Error(`row ${key}: ${(error as Error).message}`, { cause: error });
  }
};

const sizeIn = (key: string, text: string): number => {
  const { size } = Object(portraitOf(key, text)) as { size?: unknown };
  if (Number.isSafeInteger(size)) return size as number;
  throw Error(`row ${key}: size expected, ${String(size)} found`);
};

const mapKey = (vat: string, map: string): string => `v/${vat}/a/${mapKind.label}/${map}`;

const findingsOf = (vat: string, { counts, actors, roots, highest, maps: tallies }: Tally): readonly RowFinding[] => {
  const header = vatHeaderKey(vat);
  const maps = [...tallies].flatMap(([map, { said, met }]) => countFinding(mapKey(vat, map), 'entries', said, met));
  if (counts === undefined) return [...countFinding(header, 'header', 1, 0), ...maps];
  const late =
    highest < counts.next
      ? []
      : rowFinding(header, `row ${header}: next ${counts.next}, but there is an actor ${highest}`);
  return [
    ...countFinding(header, 'actors', counts.actors, actors),
    ...countFinding(header, 'roots', counts.roots ?? 0, roots),
    ...late,
    ...maps,
  ];
};

/** Made for one look through a store. */
export const makeVatRowCounts = (): RowReader => {
  const tallies = new Map<string, Tally>();
  const tallyOf = (vat: string): Tally => {
    let tally = tallies.get(vat);
    if (tally === undefined) {
      tally = { counts: undefined, actors: 0, roots: 0, highest: 0, maps: new Map() };
      tallies.set(vat, tally);
    }
    return tally;
  };
  const mapOf = ({ maps }: Tally, map: string): MapTally => {
    const tally = maps.get(map) ?? { said: 0, met: 0 };
    maps.set(map, tally);
    return tally;
  };
  const expectEntries = (tally: Tally, map: string, said: number): void => {
    if (said !== 0) mapOf(tally, map).said = said;
  };

  const count = (key: string, text: string): void => {
    const [, vat, sort, group, instance] = key.split('/', 5) as [string, string, string?, string?, string?];
    // `v/!` is of no vat.
    if (sort === undefined) return;
    const tally = tallyOf(vat);
    if (sort === '!') tally.counts = requireCounts(key, portraitOf(key, text));
    else if (sort === 'r') tally.roots += 1;
    else if (sort === 'm') mapOf(tally, group!).met += 1;
    else if (sort === 'a') {
      tally.actors += 1;
      tally.highest = Math.max(tally.highest, Number(instance));
      if (group === mapKind.label) expectEntries(tally, instance!, sizeIn(key, text));
    }
  };

  return harden({
    row: (key, text) => {
      if (!key.startsWith('v/')) return [];
      try {
        count(key, text);
        return [];
      } catch (error) {
        return rowFinding(key, describeError(error).message);
      }
    },
    end: () => [...tallies].flatMap(([vat, tally]) => findingsOf(vat, tally)),
  } satisfies RowReader);
};
harden(makeVatRowCounts);
