/**
 * Where numbers go on after a restore. Everything that counts in a store names something by its number: actors, what other peers were given, machines at
 * their providers. What was numbered after the backup was taken is out there still, and must not come to mean something else.
 *
 * So all go on a million above what the backup has. And because one backup can be restored twice, with a life after each, what leaves the process
 * also goes by the time: as if a thousand numbers had been given in each second since 2025. A clock that is wrong leaves the million.
 */
import { makeError } from '../errors/gobs-error.ts';
import { isCount } from '../vats/counts.ts';
import { parseStored } from '../vats/json-shape.ts';
import { decodeRow } from '../vats/row.ts';
import type { StoreEntry } from '../vats/store.ts';
import type { RestoredRow } from './restored-row.ts';

const GAP = 1_000_000;
const PER_SECOND = 1_000;
const FIRST_SECOND = Date.UTC(2025, 0, 1) / 1_000;

export type Numbers = Pick<RestoredRow, 'numbers' | 'instances'>;

/** `highest`: above everything that the backup has given. `at`: when it is restored, in milliseconds. */
export const numbersAfter = (at: number, highest: Numbers): Numbers => {
  const byTime = Math.floor(at / 1_000 - FIRST_SECOND) * PER_SECOND + 1;
  return harden({ numbers: Math.max(byTime, highest.numbers + GAP), instances: highest.instances + GAP });
};
harden(numbersAfter);

const nextIn = (key: string, json: string): number => {
  const { next } = Object(parseStored(json)) as { readonly next?: unknown };
  if (!isCount(next)) throw makeError('ROW_DAMAGED', `row ${key}: does not say which number is next`);
  return next;
};

/** Does the row say which number a peer is given next? */
export const isPeerCounter = (key: string): boolean => /^p\/(?:[^/]+\/)?!$/.test(key);
harden(isPeerCounter);

/** Of a row without its checksum: what it says is the next number; undefined for a row that does not count anything. */
const nextNumber = ([key, text]: StoreEntry): { readonly of: keyof Numbers; readonly next: number } | undefined => {
  // The body of a vat's header is in smallcaps encoding, in which numbers are as in JSON.
  if (/^v\/[^/]+\/!$/.test(key)) return { of: 'instances', next: nextIn(key, decodeRow(key, text).body.slice(1)) };
  if (isPeerCounter(key)) return { of: 'numbers', next: nextIn(key, text) };
  return undefined;
};

export interface NumberWatch {
  /** Called with every row of a backup, without its checksum. Throws ROW_DAMAGED for a counter that makes no sense. */
  see(row: StoreEntry): void;
  /** Above everything that was seen. Machines are actors, so there are not more of them than of those. */
  highest(): Numbers;
}

/** `before`: where a restore of that store let the numbers go on. */
export const watchNumbers = (before: Numbers = { numbers: 1, instances: 1 }): NumberWatch => {
  const highest = { ...before };
  return harden({
    see: (row) => {
      const found = nextNumber(row);
      if (found !== undefined) highest[found.of] = Math.max(highest[found.of], found.next);
    },
    highest: () => harden({ instances: highest.instances, numbers: Math.max(highest.numbers, highest.instances) }),
  });
};
harden(watchNumbers);
