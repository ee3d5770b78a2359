/** What is wrong with a store, in words and in codes. */
import type { ErrorCode } from '../errors/gobs-error.ts';
import { brief } from './brief.ts';

/** Beside codes of errors, which say that the row, or what reads it, is at fault: what is told only by several rows. */
export const findingCodes = {
  DANGLING_REFERENCE: 'a row refers to an actor that has no row',
  COUNT_MISMATCH: 'there are more or fewer rows than another row says',
  UNKNOWN_ROW: 'no part of gobs writes a row under such a key',
} as const;
harden(findingCodes);

export type FindingCode = ErrorCode | keyof typeof findingCodes;

export interface Finding {
  readonly code: FindingCode;
  /** Of the row; null if it is about no row. */
  readonly key: string | null;
  /** One line. */
  readonly message: string;
}

/** So many are told; of the others, how many there are. */
export interface Findings {
  add(code: FindingCode, key: string | null, message: string): void;
  readonly told: readonly Finding[];
  readonly more: number;
}

/** A key that a store may have is told whole. */
const longestKey = 1_024;
const longestMessage = 500;

export const makeFindings = (most: number): Findings => {
  const told: Finding[] = [];
  let more = 0;
  return Object.freeze({
    add: (code: FindingCode, key: string | null, message: string) => {
      if (told.length >= most) more += 1;
      else {
        const line = brief(message, longestMessage).replace(/[\r\n]+\s*/g, ' ');
        told.push(harden({ code, key: key === null ? null : brief(key, longestKey), message: line }));
      }
    },
    told,
    get more() {
      return more;
    },
  } satisfies Findings);
};
harden(makeFindings);
