/** Are the rows of one vat whole? They come in key order: header, actors, kinds, entries of maps, roots. */
import { isVersions } from '../vats/kinds-manifest.ts';
import type { Json } from './portrait-json.ts';
import { makeVatTally } from './verify-counts.ts';
import { fieldOf, makeRowReader, type RowReading, type SectionCheck, type VerifyTools } from './verify-reading.ts';

const ACTOR = /^a\/([a-z][a-z0-9-]{0,62})\/([1-9][0-9]{0,14})$/;

/** Which kind of row vats themselves write there; undefined for no row of theirs. */
const ownKind = (rest: string): string | undefined => {
  if (rest === '!') return 'vat';
  if (rest === 'k') return 'kinds';
  if (/^m\/[1-9][0-9]{0,14}\/./s.test(rest)) return 'entry';
  return /^r\/[a-z][a-z0-9-]{0,62}$/.test(rest) ? 'root' : undefined;
};

export const makeVatCheck = (vat: string, tools: VerifyTools): SectionCheck => {
  const { findings, references } = tools;
  const { read, requireKnown } = makeRowReader(tools);
  const tally = makeVatTally(vat, findings);
  const highest = new Map<string, number>();
  let kinds: Json | undefined;
  let kindsSeen = false;

  const noteActor = (key: string, label: string, instance: number, row: RowReading | undefined): void => {
    references.found({ vat, kind: label, instance });
    tally.actor(key, label, instance, row?.portrait);
    if (row !== undefined) highest.set(row.kind, Math.max(row.version, highest.get(row.kind) ?? 0));
  };

  const noteOwn = (key: string, rest: string, expected: string, row: RowReading | undefined): void => {
    const fits = row === undefined || row.kind === expected;
    if (!fits) findings.add('UNKNOWN_KIND', key, `is of kind ${row.kind}, expected ${expected}`);
    const portrait = fits ? row?.portrait : undefined;
    if (expected === 'vat') tally.header(portrait);
    else if (expected === 'entry') tally.entry(rest.split('/')[1]!);
    else if (expected === 'root') tally.root();
    else {
      kindsSeen = true;
      kinds = portrait;
    }
  };

  /** The table of kinds says of all that was ever written; so what is there is in it. */
  const requireKinds = (): void => {
    const key = `v/${vat}/k`;
    if (!kindsSeen && highest.size > 0) {
      findings.add('COUNT_MISMATCH', key, 'is missing: there are actors of some kinds');
    }
    if (kinds === undefined) return;
    if (!isVersions(kinds)) {
      findings.add('ROW_DAMAGED', key, 'is no table of versions');
      return;
    }
    for (const [kind, version] of Object.entries(kinds)) requireKnown(key, kind, version);
    for (const [kind, version] of highest) {
      const said = fieldOf(kinds, kind);
      if (typeof said === 'number' && said >= version) continue;
      findings.add('COUNT_MISMATCH', key, `does not know of ${kind} version ${version}, which is there`);
    }
  };

  return harden({
    row: (key, rest, text) => {
      const [, label, instance] = ACTOR.exec(rest) ?? [];
      const own = ownKind(rest);
      if (label === undefined && own === undefined) {
        findings.add('UNKNOWN_ROW', key, 'is no row of a vat');
        return;
      }
      // One that cannot be read is there all the same.
      const row = text === undefined ? undefined : read(key, text);
      if (label !== undefined) noteActor(key, label, Number(instance), row);
      else noteOwn(key, rest, own!, row);
    },
    end: () => {
      tally.end();
      requireKinds();
    },
  } satisfies SectionCheck);
};
harden(makeVatCheck);
