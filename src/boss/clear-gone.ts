/**
 * What the boss itself keeps of a machine that is gone goes a day later: the request that made it, its enrolment locators, its hob's place, and
 * what its hob was given. Then nobody refers to the machine any more but who has a reference to it, and it is garbage when they have let go.
 *
 *   gone: <time> <machine id> ──a day──▶ requests, enrolments, hobs → revoked ──▶ the hob's peer is forgotten ──▶ gone
 *
 * The record in `gone` goes last, so what was interrupted is done again: each step is one that may be done twice.
 */
import { E } from '../vats/eventual-send.ts';
import type { Fresh, MapPage } from '../vats/kind.ts';
import type { BossPortrait, GoneRecord } from './boss-portrait.ts';
import type { BossTurn } from './boss-turn.ts';
import { revokeKey } from './revoked-keys.ts';

/** What a boss keeps of machines that are gone. */
export interface Remembrance {
  /** How long late repetitions of a request, and late hobs, are told that the machine is gone. Milliseconds. */
  readonly time: number;
  /** Machines that are so kept at most; more, and the first go earlier. */
  readonly machines: number;
  /** Revoked keys that are kept at most: revoked-keys.ts. */
  readonly keys: number;
}

export const remembrance: Remembrance = harden({ time: 24 * 60 * 60_000, machines: 10_000, keys: 10_000 });
harden(remembrance);

/** Machines that are let go of in one turn. */
const PAGE = 50;
/** Enrolment locators of one machine that go in one turn. */
const LOCATORS = 100;

const DIGITS = 15;

/** In the order of time. */
export const goneKey = (at: number, machineId: string): string =>
  `${String(Math.max(0, Math.trunc(at))).padStart(DIGITS, '0')} ${machineId}`;
harden(goneKey);

const timeIn = (key: string): number => Number(key.slice(0, DIGITS));

type Entry = readonly [key: string, record: GoneRecord];

/** Rejects as `House.forgetPeer` does: then the next call goes on. */
export const clearGone = ({
  portrait,
  house,
  remembrance: most,
  tools: { on, now },
}: Pick<BossTurn, 'portrait' | 'house' | 'remembrance' | 'tools'>): Promise<void> => {
  const { gone, requests, enrolments, hobs } = portrait;

  const dueOf = (entries: readonly Entry[]): readonly Entry[] => {
    const tooMany = gone.size() - most.machines;
    return entries.filter(([key], at) => gone.has(key) && (at < tooMany || timeIn(key) + most.time <= now()));
  };

  /** The next of its locators that is to go; null if none is left. */
  const dropLocators = ({ secretHash }: GoneRecord): string | null => {
    let next = secretHash;
    for (let count = 0; next !== null && count < LOCATORS; count += 1) {
      const before: string | null = enrolments.get(next)?.before ?? null;
      enrolments.delete(next);
      next = before;
    }
    return next;
  };

  /** Its key is revoked from then on. */
  const dropHob = (hobKey: string, name: string, revocations: number): number => {
    const gate = hobs.get(hobKey);
    if (gate?.isGone() !== true) return revocations;
    gate.left(now());
    hobs.delete(hobKey);
    return revokeKey(portrait, most.keys, revocations, hobKey, name) ? revocations + 1 : revocations;
  };

  /** All but the peer. The record says from then on what is left: a request's id may be used anew. */
  const drop = (due: readonly Entry[], { bcom, portrait: { revocations: before } }: Fresh<BossPortrait>): void => {
    let revocations = before;
    for (const [key, record] of due) {
      const { name, hobKey, request } = record;
      if (request !== null) requests.delete(request);
      if (hobKey !== null) revocations = dropHob(hobKey, name, revocations);
      gone.set(key, harden({ ...record, request: null, secretHash: dropLocators(record) }));
    }
    if (revocations !== before) bcom((latest) => ({ ...latest, revocations }));
  };

  const isDropped = ([key]: Entry): boolean => gone.get(key)?.secretHash === null;

  /** Of those that were enrolled, and are not some other machine's by now. */
  const forgetPeers = (entries: readonly Entry[]): Promise<unknown> => {
    const keys = entries.flatMap(([, { hobKey }]) => hobKey ?? []).filter((hobKey) => !hobs.has(hobKey));
    const all = Promise.all(keys.map((hobKey) => E(house).forgetPeer(hobKey)));
    // If this turn cannot be written, nobody waits for it any more.
    all.catch(() => {});
    return all;
  };

  const clearPage = ({ entries }: MapPage<GoneRecord>, fresh: Fresh<BossPortrait>): Promise<void> | undefined => {
    const due = dueOf(entries);
    if (due.length === 0) return undefined;
    drop(due, fresh);
    const dropped = due.filter(isDropped);
    return on(forgetPeers(dropped), () => {
      for (const [key] of dropped) gone.delete(key);
      return clear();
    }) as Promise<void>;
  };

  const clear = (): Promise<void> =>
    on<MapPage<GoneRecord>, Promise<void> | undefined>(gone.page({ limit: PAGE }), clearPage) as Promise<void>;

  return clear();
};
harden(clearGone);
