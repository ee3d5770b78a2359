/** What each row of a store is, in the order in which they come, and who looks at it. */
import { describeError } from '../errors/gobs-error.ts';
import { nextVatKey } from '../vats/keys.ts';
import type { StoreEntry } from '../vats/store.ts';
import { countIn, parseHeader } from './header-row.ts';
import { formatKey, makeRowChecksum, stateKey, type RowChecksum } from './row-checksum.ts';
import type { RowSource } from './row-source.ts';
import { readStoreId } from './store-header.ts';
import { makeLocatorsCheck } from './verify-locators.ts';
import { makePeerCheck } from './verify-peer.ts';
import { makeRowReader, type SectionCheck, type VerifyTools } from './verify-reading.ts';
import { makeVatCheck } from './verify-vat.ts';

export interface RowsCheck {
  /** In key order. Throws STORE_DAMAGED if the first does not say which store this is: then no row can be read. */
  row(entry: StoreEntry): void;
  /** All have come. */
  end(): void;
  /** The store's id; null before the first row. */
  store(): string | null;
  /** Of a row that was here before. Undefined if it is not as it was written. */
  textOf(entry: StoreEntry): string | undefined;
}

/** Of these nothing is known but whose they are: the boss's, keys, and what turns did. */
const FREE = /^[bkt]\//;
const OWN = /^!(?:format|restored|state)$/;
const SECTION = /^([vp]\/([^/]+))\/(.*)$/s;

const nothing: SectionCheck = harden({ row: () => {}, end: () => {} });

const reasonOf = (error: unknown): string => describeError(error).message;

export const makeRowsCheck = ({ where, acknowledged = 0 }: RowSource, tools: VerifyTools): RowsCheck => {
  const { findings } = tools;
  const { read } = makeRowReader(tools);
  const locators = makeLocatorsCheck(tools);
  let checksum: RowChecksum | undefined;
  let store: string | null = null;
  let stateSeen = false;
  let section = { folder: '', check: nothing };

  const readFormat = (entry: StoreEntry): void => {
    store = readStoreId(where, [entry]);
    checksum = makeRowChecksum(store);
  };

  const readState = (value: string, known: RowChecksum): void => {
    stateSeen = true;
    const record = parseHeader(where, known, stateKey, value);
    countIn(where, stateKey, record, 'epoch', 1);
    const commits = countIn(where, stateKey, record, 'commits', 1);
    if (acknowledged <= commits) return;
    findings.add('STORE_DAMAGED', stateKey, `${acknowledged} commits were acknowledged, ${commits} are there`);
  };

  const textOf = ([key, value]: StoreEntry, known: RowChecksum): string | undefined => {
    try {
      return known.check(key, value);
    } catch (error) {
      findings.add('ROW_DAMAGED', key, reasonOf(error).replace(`row ${key}: `, ''));
      return undefined;
    }
  };

  const ownRow = (entry: StoreEntry, known: RowChecksum): void => {
    const [key, value] = entry;
    if (!OWN.test(key)) findings.add('UNKNOWN_ROW', key, 'is no row of the store itself');
    if (key !== stateKey) return void textOf(entry, known);
    try {
      readState(value, known);
    } catch (error) {
      findings.add('STORE_DAMAGED', key, reasonOf(error).replace(`${where}: row ${key}: `, ''));
    }
  };

  /** The check of a vat or a peer; that of the one before has ended then. */
  const checkOf = (folder: string, name: string): SectionCheck => {
    if (section.folder !== folder) {
      section.check.end();
      const make = folder.startsWith('v') ? makeVatCheck : makePeerCheck;
      section = { folder, check: make(name, tools) };
    }
    return section.check;
  };

  const otherRow = (entry: StoreEntry, known: RowChecksum): void => {
    const [key] = entry;
    const text = textOf(entry, known);
    const [, folder, name = '', rest = ''] = SECTION.exec(key) ?? [];
    if (key === nextVatKey) {
      if (text !== undefined) read(key, text);
    } else if (folder !== undefined) checkOf(folder, name).row(key, rest, text);
    else if (key.startsWith('s/')) locators.row(key, key.slice(2), text);
    else if (!FREE.test(key)) findings.add('UNKNOWN_ROW', key, 'no part of gobs writes a row under such a key');
  };

  return harden({
    row: (entry) => {
      if (checksum === undefined) readFormat(entry);
      else if (entry[0].startsWith('!')) ownRow(entry, checksum);
      else otherRow(entry, checksum);
    },
    end: () => {
      if (checksum === undefined) findings.add('STORE_DAMAGED', formatKey, 'is missing');
      if (!stateSeen) findings.add('STORE_DAMAGED', stateKey, 'is missing');
      section.check.end();
      locators.end();
    },
    store: () => store,
    textOf: ([key, value]) => {
      try {
        return checksum?.check(key, value);
      } catch {
        return undefined;
      }
    },
  } satisfies RowsCheck);
};
harden(makeRowsCheck);
