/**
 * What a hob tells systemd, where that started it: that it works, every now and then that it still does, and that it ends.
 *
 * The words go to a datagram socket, which Node does not have; `systemd-notify` takes them there, a process of some milliseconds, twice in each time
 * after which systemd would take the hob for stuck (`WatchdogSec`, ten minutes in our unit). What is watched is the event loop: a hob whose loop
 * stands still is started again. A hob *works* when its store is open and its host is looked after; whether its boss is there is no matter for systemd.
 */
import type { Log } from './log.ts';

export interface NoticePowers {
  /** `NOTIFY_SOCKET` and `WATCHDOG_USEC` are from systemd. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Runs `systemd-notify` with that. Rejects if it cannot be run, or does not end with 0. */
  readonly notify: (assignment: string) => Promise<void>;
  /** Calls back after so many milliseconds, unless the result was called. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly log: Log;
}

export interface ServiceNotices {
  /** Once. From then on it is also told that this goes on. */
  works(): Promise<void>;
  /** Once; nothing is told after it. */
  ends(): Promise<void>;
}

const NOTICES_IN_A_WATCH = 2;

/** Does nothing where nobody listens. What cannot be told is logged: the work goes on. */
export const makeServiceNotices = ({ environment, notify, setTimer, log }: NoticePowers): ServiceNotices => {
  const isHeard = (environment['NOTIFY_SOCKET'] ?? '') !== '';
  const watch = Number(environment['WATCHDOG_USEC'] ?? 0) / 1_000;
  let cancel = (): void => {};

  const tell = async (assignment: string): Promise<void> => {
    if (!isHeard) return;
    await notify(assignment).catch((error: unknown) => {
      log.warn({ assignment, why: (error as Error).message }, 'systemd cannot be told');
    });
  };
  const goesOn = (): void => {
    if (!isHeard || !(watch > 0)) return;
    cancel = setTimer(() => {
      void tell('WATCHDOG=1');
      goesOn();
    }, watch / NOTICES_IN_A_WATCH);
  };
  return harden({
    works: async () => {
      await tell('READY=1');
      goesOn();
    },
    ends: async () => {
      cancel();
      await tell('STOPPING=1');
    },
  });
};
harden(makeServiceNotices);
