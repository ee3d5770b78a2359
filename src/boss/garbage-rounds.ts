/**
 * When the boss has garbage collected. A cycle reads every row, so it pays when much was written since the last one: at least a thousand rows,
 * or half as many as there were actors. Whatever is less waits for an hour.
 */
import { codeOf, describeError } from '../errors/gobs-error.ts';
import type { Collected, Collector } from '../vats/collector.ts';

const INTERVAL = 60 * 1000;
const LONGEST_WAIT = 60 * 60 * 1000;
const FEWEST_CHANGES = 1_000;

export interface Situation {
  /** Rows that were written since the last cycle began. */
  readonly changes: number;
  /** Since the last cycle ended; milliseconds. */
  readonly waited: number;
  /** Of this process; undefined before there was one. An interrupted one of an earlier process may have left something. */
  readonly last: Pick<Collected, 'marked' | 'inMemory'> | undefined;
}

export const isDue = ({ changes, waited, last }: Situation): boolean => {
  if (changes >= Math.max(FEWEST_CHANGES, (last?.marked ?? 0) / 2)) return true;
  return waited >= LONGEST_WAIT && (changes > 0 || last === undefined || last.inMemory > 0);
};
harden(isDue);

export interface GarbageRoundsPowers {
  readonly collector: Collector;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** → ends it; a cycle that is under way is the kernel's to end. */
export const startGarbageRounds = ({ collector, now, setTimer, log }: GarbageRoundsPowers): (() => void) => {
  let last: Collected | undefined;
  let ended = now();
  let isOver = false;
  let cancel = (): void => {};

  const collect = async (): Promise<void> => {
    try {
      last = await collector.collect();
      log.info(last, 'garbage was collected');
    } catch (error) {
      if (!isOver || codeOf(error) !== 'COLLECTION_STOPPED') log.warn(describeError(error), 'collecting garbage');
    }
    ended = now();
  };
  const round = async (): Promise<void> => {
    if (isDue({ changes: collector.changes, waited: now() - ended, last })) await collect();
    wait();
  };
  const wait = (): void => {
    if (!isOver) cancel = setTimer(() => void round(), INTERVAL);
  };

  wait();
  return () => {
    isOver = true;
    cancel();
  };
};
harden(startGarbageRounds);
