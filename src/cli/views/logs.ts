/** Lines of logs, for people and for programs. Each is one line, whatever a host says. Pure. */
import { longestLine } from '../../protocol/host-logs.ts';
import { plainText } from '../../protocol/plain-text.ts';
import { printable } from '../../protocol/printable.ts';
import { moment } from '../tables.ts';

export interface LogLine {
  /** Milliseconds since 1970, by the clock of whose log it is; null: it does not say. */
  readonly at: number | null;
  /** Who says so there: a program. */
  readonly from?: string;
  readonly what: string;
}

export const lineText = ({ at, from, what }: LogLine): string => {
  const words = [at === null ? '-' : moment(at), ...(from === undefined ? [] : [`${from}:`]), what];
  return printable(words.join(' '));
};
harden(lineText);

/** Of a journal's message: text, or the bytes of what is no UTF-8, or has something in it that cannot be printed. */
const messageOf = (message: unknown): string => {
  if (typeof message === 'string') return message;
  if (!Array.isArray(message)) return '';
  const bytes = message.slice(0, longestLine).filter((each) => Number.isInteger(each));
  // Of what is no byte, its lowest eight bits are.
  return new TextDecoder().decode(Uint8Array.from(bytes as number[]));
};

/** A line of `journalctl --output=json`; undefined for what is none. */
export const journalLine = (text: string): LogLine | undefined => {
  let entry: Readonly<Record<string, unknown>>;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    entry = parsed as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { MESSAGE, SYSLOG_IDENTIFIER: program, _PID: pid, __REALTIME_TIMESTAMP: microseconds } = entry;
  const at = Math.floor(Number(microseconds) / 1_000);
  const name = plainText(typeof program === 'string' ? program : '', 60);
  const number = typeof pid === 'string' && /^\d{1,10}$/.test(pid) ? `[${pid}]` : '';
  return {
    at: Number.isSafeInteger(at) && at > 0 ? at : null,
    ...(name === '' ? {} : { from: `${name}${number}` }),
    what: plainText(messageOf(MESSAGE), longestLine),
  };
};
harden(journalLine);
