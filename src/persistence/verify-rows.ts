/** What each row of a store is, in the order in which they come, and who looks at it. */
import { describeError } from '../errors/gobs-error.ts';
import { isCount } from '../vats/counts.ts';
import { parseStored } from '../vats/json-shape.ts';
import { compareKeys } from '../vats/key-order.ts';
import { nextVatKey } from '../vats/keys.ts';
import { isLabel } from '../vats/names.ts';
import type { StoreEntry } from '../vats/store.ts';
import type { Json } from './portrait-json.ts';
import { formatKey, makeRowChecksum, stateKey, type RowChecksum } from './row-checksum.ts';
import { parseRestored, restoredKey } from './restored-row.ts';
import type { RowSource } from './row-source.ts';
import { whyNoKey } from './store-arguments.ts';
import { parseState, readStoreId } from './store-header.ts';
import { makeLocatorsCheck } from './verify-locators.ts';
import { makePeerCheck } from './verify-peer.ts';
import { fieldOf, makeRowReader, type SectionCheck, type VerifyTools } from './verify-reading.ts';
import { checkTraceRow } from './verify-trace.ts';
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

/** Of these nothing is known but whose they are: the boss's, and keys. */
const FREE = /^[bk]\//;
/** Numbers above those of all peers that were forgotten: src/captp/forget-peer.ts. */
const peersKey = 'p/!';
const SECTION = /^([vp]\/([^/]+))\/(.*)$/s;

/** Of a vat or a peer that may be called so. */
const isFolder = (folder: string, name: string): boolean =>
  folder.startsWith('v') ? isLabel(name) : /^[a-z2-7]{52}$/.test(name);

const nothing: SectionCheck = harden({ row: () => {}, end: () => {} });

const reasonOf = (error: unknown): string => describeError(error).message;

export const makeRowsCheck = (
  { where, acknowledged = 0 }: Pick<RowSource, 'where' | 'acknowledged'>,
  tools: VerifyTools,
): RowsCheck => {
  const { findings } = tools;
  const { read } = makeRowReader(tools);
  const locators = makeLocatorsCheck(tools);
  let checksum: RowChecksum | undefined;
  let store: string | null = null;
  let lastKey = '';
  let stateSeen = false;
  let restored = { said: false, seen: false };
  let section = { folder: '', check: nothing };

  const readFormat = (entry: StoreEntry): void => {
    store = readStoreId(where, [entry]);
    checksum = makeRowChecksum(store);
  };

  const readState = (value: string, known: RowChecksum): void => {
    stateSeen = true;
    const { commits, restores } = parseState(where, known, value);
    restored = { ...restored, said: restores > 0 };
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

  const ownRow = ([key, value]: StoreEntry, known: RowChecksum): void => {
    try {
      if (key === stateKey) readState(value, known);
      else if (key === restoredKey) {
        restored = { ...restored, seen: true };
        parseRestored(where, known, value);
      } else findings.add('UNKNOWN_ROW', key, 'is no row of the store itself');
    } catch (error) {
      findings.add('STORE_DAMAGED', key, reasonOf(error).replace(`${where}: `, '').replace(`row ${key}: `, ''));
    }
  };

  /** Sections rely on it, and whoever reads by key finds nothing where it is not so. */
  const requireOrder = (key: string): void => {
    if (compareKeys(key, lastKey) <= 0) {
      findings.add('ROW_DAMAGED', key, 'comes after a row with a greater key, or the same');
    }
    lastKey = key;
  };

  const unknownRow = (key: string): void =>
    findings.add('UNKNOWN_ROW', key, 'no part of gobs writes a row under such a key');
  const tellNoNext = (key: string): void => findings.add('ROW_DAMAGED', key, 'does not say which number is next');

  const peersRow = (key: string, text: string): void => {
    try {
      if (isCount(fieldOf(parseStored(text) as Json, 'next'), 1)) return;
    } catch {}
    tellNoNext(key);
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
      const row = text === undefined ? undefined : read(key, text);
      if (row !== undefined && !isCount(fieldOf(row.portrait, 'next'), 1)) tellNoNext(key);
    } else if (key === peersKey) {
      if (text !== undefined) peersRow(key, text);
    } else if (folder !== undefined && isFolder(folder, name)) checkOf(folder, name).row(key, rest, text);
    else if (key.startsWith('s/')) locators.row(key, key.slice(2), text);
    else if (key.startsWith('t/')) checkTraceRow(key, text, findings);
    else if (!FREE.test(key)) unknownRow(key);
  };

  /** Of one that no store may have, the row is not looked at. */
  const isKey = (key: string): boolean => {
    const why = whyNoKey(key);
    if (why !== undefined) findings.add('ROW_DAMAGED', key, `its key ${why}`);
    return why === undefined;
  };

  return harden({
    row: (entry) => {
      requireOrder(entry[0]);
      if (!isKey(entry[0])) return;
      if (checksum === undefined && compareKeys(entry[0], formatKey) < 0) unknownRow(entry[0]);
      else if (checksum === undefined) readFormat(entry);
      else if (entry[0].startsWith('!')) ownRow(entry, checksum);
      else otherRow(entry, checksum);
    },
    end: () => {
      if (checksum === undefined) findings.add('STORE_DAMAGED', formatKey, 'is missing');
      if (!stateSeen) findings.add('STORE_DAMAGED', stateKey, 'is missing');
      if (restored.said !== restored.seen) {
        const what = restored.seen ? 'is there, and !state says of no restoring' : 'is missing, and !state says of it';
        findings.add('STORE_DAMAGED', restoredKey, what);
      }
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
