/**
 * Is a store whole? Reads every row once, from wherever (row-source.ts), changes nothing and opens no vat.
 *
 *   rows ──▶ checksum ──▶ by folder: a vat, a peer, the locators ──▶ readable? known kinds? as many as others say?
 *                                        └──▶ references: who is there, who is referred to ──▶ at the end: who is referred to, and not there
 *
 * What is remembered is bits, by vat and number, so that millions of rows fit. Which row holds a reference that leads nowhere is therefore not
 * known at the end; only if there is one are all rows read once more.
 */
import { describeError } from '../errors/gobs-error.ts';
import { namesIn } from '../vats/collector-rows.ts';
import type { StoreEntry } from '../vats/store.ts';
import type { RowSource } from './row-source.ts';
import { makeFindings, type Finding, type FindingCode, type Findings } from './verify-findings.ts';
import type { KnownKinds } from './verify-reading.ts';
import { actorOf, makeReferences, type References } from './verify-references.ts';
import { makeRowsCheck, type RowsCheck } from './verify-rows.ts';

export interface VerifyOptions {
  /** What this program can read. */
  readonly kinds: KnownKinds;
  /** Called with how many rows were read, a page of them after the other. */
  readonly onProgress?: (rows: number) => void;
  /** So many findings are told. Default 100. */
  readonly most?: number;
}

export interface Verification {
  /** The store's id; null if it does not say. */
  readonly store: string | null;
  readonly rows: number;
  /** Actors that are referred to. */
  readonly references: number;
  readonly findings: readonly Finding[];
  /** How many there are beside those. */
  readonly more: number;
}

/** What is wrong with where rows come from, and not with the way to it: that is a finding. */
const damages: ReadonlySet<string> = new Set([
  'BACKUP_DAMAGED',
  'ROW_DAMAGED',
  'STORE_DAMAGED',
] satisfies FindingCode[]);

/** All rows, as far as they can be read. Was that to the end? */
const readAll = async (
  source: RowSource,
  each: (entry: StoreEntry) => void,
  onPage: (rows: number) => void,
  findings: Findings,
): Promise<boolean> => {
  let rows = 0;
  try {
    for await (const page of source.pages()) {
      for (const entry of page) each(entry);
      rows += page.length;
      onPage(rows);
    }
    return true;
  } catch (error) {
    const { code, message } = describeError(error);
    if (!damages.has(code)) throw error;
    findings.add(code as FindingCode, null, message);
    return false;
  }
};

/** So many of those that are referred to and not there are looked for. */
const mostWanted = 1_000;

/** The names of the references that a row holds; none of one that cannot be read, which is told already. */
const heldBy = (key: string, text: string): readonly string[] => {
  try {
    return namesIn(key, text);
  } catch {
    return [];
  }
};

const tellDangling = async (
  source: RowSource,
  references: References,
  rows: RowsCheck,
  findings: Findings,
): Promise<void> => {
  const wanted = new Set<string>();
  for (const actor of references.dangling()) {
    if (wanted.size < mostWanted) wanted.add(actor);
    else findings.add('DANGLING_REFERENCE', null, `${actor} is referred to, and has no row`);
  }
  if (wanted.size === 0) return;
  for await (const page of source.pages()) {
    for (const entry of page) {
      const [key] = entry;
      const text = rows.textOf(entry);
      for (const name of text === undefined ? [] : heldBy(key, text)) {
        if (wanted.has(actorOf(name) ?? '')) {
          findings.add('DANGLING_REFERENCE', key, `refers to ${name}, which has no row`);
        }
      }
    }
  }
};

/**
 * Rejects as the source does, if it cannot be read for a reason that says nothing of the rows. Everything else that is wrong is in the result. The
 * source is still the caller's, who must close it.
 */
export const verify = async (source: RowSource, options: VerifyOptions): Promise<Verification> => {
  const { kinds, onProgress = () => {}, most = 100 } = options;
  const findings = makeFindings(most);
  const references = makeReferences();
  const check = makeRowsCheck(source, { findings, references, kinds });
  let rows = 0;
  const onPage = (count: number): void => {
    rows = count;
    onProgress(count);
  };
  for (const message of source.damage ?? []) findings.add('STORE_DAMAGED', null, message);
  // Of what is not whole, what is missing says nothing.
  if ((source.damage ?? []).length === 0 && (await readAll(source, check.row, onPage, findings))) {
    check.end();
    await tellDangling(source, references, check, findings);
  }
  return harden({
    store: check.store(),
    rows,
    references: references.count,
    findings: [...findings.told],
    more: findings.more,
  });
};
harden(verify);
