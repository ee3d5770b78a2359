/** What a host's own logs say, as a hob tells it: its own last lines, and the journal of a systemd unit. Text of the host, never printed as it is. */
import { M, matches } from '@endo/patterns';

/** UTF-16 units of a line. */
export const longestLine = 2_000;
harden(longestLine);
/** Lines of a page. */
export const mostLines = 300;
harden(mostLines);

export interface HobLine {
  /** By the hob's clock. */
  readonly at: number;
  readonly level: 'info' | 'warn';
  readonly what: string;
}

/** Lines of one process count up from 1. */
export interface HobLinesRequest {
  /** Those behind this one; left out: the newest. */
  readonly after?: number;
  /** Milliseconds: no older ones. */
  readonly since?: number;
  /** Answered when there is something, if there is nothing. */
  readonly wait?: boolean;
}
const count = M.and(M.gte(0), M.lte(Number.MAX_SAFE_INTEGER));
export const HobLinesRequestShape = M.splitRecord(
  {},
  { after: count, since: count, wait: M.boolean() },
  M.record({ numPropertiesLimit: 0 }),
);

export interface HobLinesPage {
  readonly lines: readonly HobLine[];
  /** The number of the last line that there was. */
  readonly last: number;
}
const HobLineShape = M.splitRecord(
  { at: M.number(), level: M.or('info', 'warn'), what: M.string({ stringLengthLimit: longestLine }) },
  {},
  M.record({ numPropertiesLimit: 0 }),
);
const HobLinesPageShape = M.splitRecord({
  lines: M.arrayOf(HobLineShape, { arrayLengthLimit: mostLines }),
  last: count,
});
/** Of what a hob says. */
export const isHobLinesPage = (said: unknown): said is HobLinesPage => matches(said as never, HobLinesPageShape);
harden(isHobLinesPage);

export interface UnitLogRequest {
  /** Milliseconds: no older ones. Left out: the last hundred lines. */
  readonly since?: number;
  /** Goes on as things happen. */
  readonly follow?: boolean;
}
export const UnitLogRequestShape = M.splitRecord(
  {},
  { since: count, follow: M.boolean() },
  M.record({ numPropertiesLimit: 0 }),
);

/** Names of systemd units: never what a program could take for an option. */
export const isUnitName = (text: string): boolean => /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]{0,254}$/.test(text);
harden(isUnitName);
