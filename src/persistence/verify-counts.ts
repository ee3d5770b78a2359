/**
 * Are all rows of a vat there? Its header says how many actors and roots it has, and a map's portrait how many entries: a row that got lost
 * whole, so that no checksum tells, is missed here.
 *
 *   v/boss/!          next, actors, roots
 *   v/boss/a/map/7    size  ◀─ counted ─  v/boss/m/7/…
 *   v/boss/r/…
 *
 * What a row says that cannot be read is not known, and then nothing is said of what it counts.
 */
import { describeError } from '../errors/gobs-error.ts';
import { isCount } from '../vats/counts.ts';
import { mapKind } from '../vats/durable-map.ts';
import { vatHeaderKey } from '../vats/keys.ts';
import { requireCounts, type VatCounts } from '../vats/vat-header.ts';
import type { Json } from './portrait-json.ts';
import type { Findings } from './verify-findings.ts';
import { fieldOf } from './verify-reading.ts';

export interface VatTally {
  /** In these portraits undefined is one that cannot be read; that is told already. */
  header(portrait: Json | undefined): void;
  actor(key: string, label: string, instance: number, portrait: Json | undefined): void;
  entry(map: string): void;
  root(): void;
  /** All have come. */
  end(): void;
}

interface MapTally {
  /** Undefined: that cannot be read. */
  said: number | undefined;
  met: number;
}

export const makeVatTally = (vat: string, findings: Findings): VatTally => {
  const headerKey = vatHeaderKey(vat);
  /** Not of maps that have no entries and say so. */
  const maps = new Map<string, MapTally>();
  let headerSeen = false;
  let counts: VatCounts | undefined;
  let [actors, roots, highest] = [0, 0, 0];

  const damaged = (key: string, message: string): void => findings.add('ROW_DAMAGED', key, message);
  const compare = (key: string, what: string, expected: number, found: number): void => {
    if (expected === found) return;
    findings.add('COUNT_MISMATCH', key, `${expected} ${what} expected, ${found} found`);
  };

  const noteMap = (key: string, map: string, portrait: Json | undefined): void => {
    const size = portrait === undefined ? undefined : fieldOf(portrait, 'size');
    const said = isCount(size) ? size : undefined;
    if (said === undefined && portrait !== undefined) {
      damaged(key, `size expected, ${JSON.stringify(size) ?? 'none'} found`);
    }
    if (said !== 0) maps.set(map, { said, met: 0 });
  };

  return {
    header: (portrait) => {
      headerSeen = true;
      if (portrait === undefined) return;
      try {
        counts = requireCounts(headerKey, portrait);
      } catch (error) {
        damaged(headerKey, describeError(error).message.replace(`row ${headerKey}: `, ''));
      }
    },
    actor: (key, label, instance, portrait) => {
      actors += 1;
      highest = Math.max(highest, instance);
      if (label === mapKind.label) noteMap(key, String(instance), portrait);
    },
    entry: (map) => {
      const tally = maps.get(map) ?? { said: 0, met: 0 };
      tally.met += 1;
      maps.set(map, tally);
    },
    root: () => {
      roots += 1;
    },
    end: () => {
      if (!headerSeen) compare(headerKey, 'header', 1, 0);
      if (counts !== undefined) {
        compare(headerKey, 'actors', counts.actors, actors);
        compare(headerKey, 'roots', counts.roots ?? 0, roots);
        if (highest >= counts.next) damaged(headerKey, `next ${counts.next}, but there is an actor ${highest}`);
      }
      for (const [map, { said, met }] of maps) {
        if (said !== undefined) compare(`v/${vat}/a/${mapKind.label}/${map}`, 'entries', said, met);
      }
    },
  };
};
harden(makeVatTally);
