/**
 * The daemon around the hob's actor: finds the boss, stays connected, and lets the interval come round.
 *
 *   not enrolled: read `enrolment` ─▶ enliven ─▶ keep the boss's side ─▶ remove `enrolment`      (again after a while, for ever)
 *   enrolled:     keep connected ─▶ at each session: attach          apply what was not applied; tick, tick, …
 *
 * The enrolment file is removed only when what it gave is durable; until then a repeated attempt with the same key gets the same.
 * Nothing here stops the work on the host because the boss is away.
 */
import { describeError, makeError } from '../errors/gobs-error.ts';
import { E } from '../vats/eventual-send.ts';
import type { HobFacets } from './hob-kind.ts';
import type { BossAddress, HobSide } from './hob-portrait.ts';

/** As much of a peer as a hob needs. */
export interface BossLink {
  /** What the locator names, and where its peer is. */
  enrol(locator: string): Promise<{ readonly side: HobSide; readonly where: BossAddress }>;
  /** Dials for ever. Calls back at each session. */
  keepConnected(where: BossAddress, onUp: () => void): { stop(): void };
}

/** The enrolment file. */
export interface EnrolmentFile {
  /** The locator; undefined if there is no file. */
  read(): Promise<string | undefined>;
  /** Synced when it resolves. Idempotent. */
  remove(): Promise<void>;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface DaemonOptions {
  readonly control: HobFacets['control'];
  readonly link: BossLink;
  readonly enrolment: EnrolmentFile;
  /** Milliseconds between two ticks, give or take a tenth. */
  readonly interval: number;
  /** Calls back after so many milliseconds, unless the result was called. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
const JITTER = 0.1;

export interface Daemon {
  /** No timers and no dialling any more. What the actor has begun goes on. */
  stop(): void;
}

export const startDaemon = ({ control, link, enrolment, interval, setTimer, random, log }: DaemonOptions): Daemon => {
  let stopped = false;
  let cancel = (): void => {};
  let connection: { stop(): void } | undefined;

  const failed = (what: string) => (error: unknown) => log.warn(describeError(error), what);
  const spread = (milliseconds: number): number => milliseconds * (1 - JITTER + 2 * JITTER * random());
  const later = (step: () => void, milliseconds: number): void => {
    if (!stopped) cancel = setTimer(step, spread(milliseconds));
  };

  const tick = (): void => {
    E(control)
      .tick()
      .catch(failed('the interval came round'))
      .finally(() => later(tick, interval));
  };

  const attach = (): void => {
    E(control)
      .attach()
      .then(
        () => log.info({}, 'the boss knows that this hob is here'),
        failed('telling the boss that this hob is here'),
      );
  };

  const serve = async (where: BossAddress): Promise<void> => {
    await enrolment.remove();
    if (stopped) return;
    connection = link.keepConnected(where, attach);
    E(control).apply().catch(failed('applying what was held'));
    later(tick, interval);
  };

  const enrol = async (pause: number): Promise<void> => {
    try {
      const locator = await enrolment.read();
      if (locator === undefined) throw makeError('NOT_ENROLLED', 'this hob has no boss yet, and no enrolment file');
      const { side, where } = await link.enrol(locator);
      await E(control).enrolled(side, where);
      log.info({ boss: where.peerId }, 'enrolled');
      await serve(where);
    } catch (error) {
      failed('enrolling')(error);
      later(() => void enrol(Math.min(LONGEST_PAUSE, 2 * pause)), pause);
    }
  };

  const start = async (): Promise<void> => {
    const where = await E(control).boss();
    await (where === null ? enrol(FIRST_PAUSE) : serve(where));
  };
  start().catch(failed('starting'));

  return harden({
    stop: () => {
      stopped = true;
      cancel();
      connection?.stop();
    },
  });
};
harden(startDaemon);
