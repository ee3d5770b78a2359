/**
 * Which kinds of rows a vat has, and the highest version of each that was ever written: one row, `v/<vat>/k`. Whoever opens the store
 * learns from it whether he knows enough, without looking at the rows themselves.
 *
 * It is raised in the turn that first writes such a row, and only grows: labels stay in references for ever.
 */
import { makeError } from '../errors/gobs-error.ts';
import { isCount } from './counts.ts';
import { kindsKey } from './keys.ts';
import { isLabel } from './names.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import { requireVersion } from './row.ts';
import type { Turn } from './turn.ts';

type Versions = Readonly<Record<string, number>>;

export interface KindsRow {
  readonly versions: Versions;
  readonly change: number;
}

export interface KindsManifest {
  /** A row of that kind and version is being written in the turn. */
  note(turn: Turn, label: string, version: number): void;
  /** What is in memory is not what is stored. */
  reset(): void;
}

const ROW = { kind: 'kinds', version: 1 } as const;

/** Kinds by their labels. */
export const isVersions = (portrait: unknown): portrait is Versions =>
  typeof portrait === 'object' &&
  portrait !== null &&
  Object.entries(portrait).every(([label, version]) => isLabel(label) && isCount(version, 1));
harden(isVersions);

/** Throws ROW_DAMAGED, NEWER_VERSION. */
export const readKindsRow = (
  codec: Pick<PortraitCodec, 'decodeRow' | 'decodePortrait'>,
  key: string,
  value: string,
): KindsRow => {
  const row = codec.decodeRow(key, value);
  requireVersion(key, row, ROW.kind, ROW.version);
  const versions = codec.decodePortrait(key, row);
  if (!isVersions(versions)) throw makeError('ROW_DAMAGED', `row ${key}: is no table of versions`);
  return { versions, change: row.change };
};
harden(readKindsRow);

export const writeKinds = (
  turn: Turn,
  vat: string,
  codec: Pick<PortraitCodec, 'encode'>,
  { versions, change }: KindsRow,
): void => turn.write(kindsKey(vat), codec.encode({ ...ROW, change }, versions));
harden(writeKinds);

export const makeKindsManifest = (
  vat: string,
  codec: PortraitCodec,
  read: (key: string) => string | undefined,
): KindsManifest => {
  const key = kindsKey(vat);
  let known: KindsRow | undefined;

  const load = (): KindsRow => {
    const value = read(key);
    return value === undefined ? { versions: {}, change: 0 } : readKindsRow(codec, key, value);
  };

  return harden({
    note: (turn, label, version) => {
      known ??= load();
      const before = known;
      if (Object.hasOwn(before.versions, label) && before.versions[label]! >= version) return;
      const next = { versions: harden({ ...before.versions, [label]: version }), change: before.change + 1 };
      writeKinds(turn, vat, codec, next);
      known = next;
      turn.changed(() => {
        known = before;
      });
    },
    reset: () => {
      known = undefined;
    },
  });
};
harden(makeKindsManifest);
