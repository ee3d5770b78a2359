/** Can the rows of vats be read, and by this program? */
import { describeError } from '../errors/gobs-error.ts';
import { decodeRow, type Row } from '../vats/row.ts';
import { readPortrait, type Json } from './portrait-json.ts';
import type { Findings } from './verify-findings.ts';
import type { References } from './verify-references.ts';

/** The kinds that a program knows, by label: the highest version of each. */
export type KnownKinds = Readonly<Record<string, number>>;

/** What the vats themselves write. */
const ownKinds: KnownKinds = harden({ vat: 1, root: 1, entry: 1, kinds: 1, map: 1, vats: 1 });

export interface VerifyTools {
  readonly findings: Findings;
  readonly references: References;
  readonly kinds: KnownKinds;
}

/** The rows below one folder of the store. */
export interface SectionCheck {
  /** In key order. `rest` is the key below the folder; `text` the value without its checksum, undefined if that did not fit. */
  row(key: string, rest: string, text: string | undefined): void;
  /** All have come. */
  end(): void;
}

/** Something that is or should be a record, a number. */
export const fieldOf = (portrait: Json | undefined, name: string): Json | undefined =>
  typeof portrait === 'object' && portrait !== null && Object.hasOwn(portrait, name)
    ? (portrait as Readonly<Record<string, Json>>)[name]
    : undefined;
harden(fieldOf);

export interface RowReading extends Pick<Row, 'kind' | 'version'> {
  readonly portrait: Json;
}

export interface RowReader {
  /** What is wrong with the row is told; undefined if nothing can be read of it. Its references count as held. */
  read(key: string, text: string): RowReading | undefined;
  /** Tells of a kind or version that this program does not know: once for each, for all rows of it are as unreadable. */
  requireKnown(key: string, kind: string, version: number): void;
}

export const makeRowReader = ({ findings, references, kinds }: VerifyTools): RowReader => {
  const all = new Map(Object.entries({ ...kinds, ...ownKinds }));
  const told = new Set<string>();

  const requireKnown = (key: string, kind: string, version: number): void => {
    const known = all.get(kind);
    const which = `${kind} ${version}`;
    if ((known !== undefined && version <= known) || told.has(which)) return;
    told.add(which);
    if (known === undefined) findings.add('UNKNOWN_KIND', key, `is of kind ${kind}, which this gobs does not know`);
    else findings.add('NEWER_VERSION', key, `is of ${kind} version ${version}, this gobs knows ${known}`);
  };

  return harden({
    requireKnown,
    read: (key, text) => {
      try {
        const { kind, version, body, slots } = decodeRow(key, text);
        requireKnown(key, kind, version);
        for (const name of slots) {
          if (!references.mention(name)) findings.add('ROW_DAMAGED', key, `holds ${name}, which is no durable name`);
        }
        return { kind, version, portrait: readPortrait(body, slots) };
      } catch (error) {
        findings.add('ROW_DAMAGED', key, describeError(error).message.replace(`row ${key}: `, ''));
        return undefined;
      }
    },
  } satisfies RowReader);
};
harden(makeRowReader);
