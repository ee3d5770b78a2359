/** The hob's own last lines, kept in memory, so that an admin can read them wherever the hob's log goes on this host. */
import { Far } from '@endo/pass-style';
import {
  longestLine,
  mostLines,
  type HobLine,
  type HobLinesPage,
  type HobLinesRequest,
} from '../protocol/host-logs.ts';
import { plainText } from '../protocol/plain-text.ts';
import type { Log } from './log.ts';

const KEPT = 1_000;

/** Behind a `Far`. */
export interface OwnLines {
  read(request: HobLinesRequest): Promise<HobLinesPage>;
}

export interface KeptLog {
  /** Says on, and keeps. */
  readonly log: Log;
  readonly lines: OwnLines;
}

const fieldsText = (fields: object): string => {
  try {
    const text = JSON.stringify(fields);
    return text === undefined || text === '{}' ? '' : ` ${text}`;
  } catch {
    return '';
  }
};

export const makeKeptLog = (log: Log, now: () => number): KeptLog => {
  let kept: HobLine[] = [];
  let last = 0;
  let told = Promise.withResolvers<void>();

  const keep = (level: HobLine['level'], fields: object, message: string): void => {
    kept.push(harden({ at: now(), level, what: plainText(`${message}${fieldsText(fields)}`, longestLine) }));
    last += 1;
    if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT);
    told.resolve();
    told = Promise.withResolvers();
  };

  const read = async ({ after, since, wait = false }: HobLinesRequest): Promise<HobLinesPage> => {
    if (wait && after === last) await told.promise;
    const first = last - kept.length;
    // A number of another process that had more lines says nothing of ours.
    const from = after === undefined || after > last ? 0 : Math.max(0, after - first);
    const behind = kept.slice(from).filter(({ at }) => since === undefined || at >= now() - since);
    // Who goes on from somewhere gets what is next; who begins gets the newest.
    const lines = after === undefined ? behind.slice(-mostLines) : behind.slice(0, mostLines);
    const more = after === undefined ? 0 : Math.max(0, behind.length - lines.length);
    return harden({ lines, last: last - more });
  };

  return harden({
    log: {
      debug: (fields: object, message: string) => log.debug(fields, message),
      info: (fields: object, message: string) => {
        keep('info', fields, message);
        log.info(fields, message);
      },
      warn: (fields: object, message: string) => {
        keep('warn', fields, message);
        log.warn(fields, message);
      },
    },
    lines: Far('OwnLines', { read } as never) as unknown as OwnLines,
  });
};
harden(makeKeptLog);
