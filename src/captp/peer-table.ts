/**
 * What is kept, over sessions and restarts, about one other peer: which references it was given, each under a number that is its
 * for ever, where it was last dialled, and how often its store had been opened.
 *
 *   p/<peer>/x/<number> → name of the reference        p/<peer>/n/<name> → number        p/<peer>/! → the rest
 *
 * A number is spoken only when it is durable. It is not taken back: the holder may have it in a portrait that we never see. All of it goes
 * when the peer is forgotten (forget-peer.ts).
 */
import type { Committer } from '../vats/kernel-contract.ts';
import type { RefName } from '../vats/names.ts';
import type { StoreOp } from '../vats/store.ts';
import { makeError } from '../errors/gobs-error.ts';
import { forgetRows, strangersFirst } from './forget-peer.ts';
import type { Address } from './netlayers/contract.ts';
import type { PeerId } from './peer-id.ts';

export interface Place {
  readonly scheme: string;
  readonly address: Address;
}

interface PeerRow {
  /** The next number. */
  readonly next: number;
  /** How many numbers it has; one whose row got lost is missed. */
  readonly given: number;
  readonly epoch?: number;
  readonly dialled?: Place;
  /** Its rows are going. */
  readonly forgotten?: true;
}

export interface Numbered {
  readonly number: number;
  /** Undefined if the number is durable already. */
  readonly written: Promise<void> | undefined;
}

export interface PeerTable {
  /** Was it ever given anything, or dialled for something? */
  readonly known: boolean;
  readonly dialled: Place | undefined;
  /** The highest epoch that it has shown. */
  readonly epoch: number | undefined;
  /** Its rows are going, or went: nothing has a number here any more. */
  readonly forgotten: boolean;
  /** The number under which the peer knows it; a new one if need be. Throws SESSION_CLOSED if the peer was forgotten. */
  numberOf(name: RefName): Numbered;
  /** Undefined for a number that the peer was never given. */
  nameOf(number: number): RefName | undefined;
  /** Keeps where the peer can be dialled. */
  noteDialled(place: Place): Promise<void>;
  /** Keeps the epoch if it is higher; of a peer that is not known, only once it is: strangers leave no rows. */
  noteEpoch(epoch: number): Promise<void>;
  /** Keeps nothing from now on. */
  forget(): void;
  /** Is nothing being written? Then the table can be made again from the store. */
  readonly idle: boolean;
}

const CACHED = 4_096;

/** A memory of some of the rows, so that a call costs no reading. It forgets all when it is full. */
const makeCache = <K, V>() => {
  const map = new Map<K, V>();
  return {
    get: (key: K) => map.get(key),
    set: (key: K, value: V) => {
      if (map.size >= CACHED) map.clear();
      map.set(key, value);
    },
  };
};

/** Of a peer that was forgotten while somebody still had its table, or whose forgetting is not done yet. */
export const peerForgotten = (): Error =>
  makeError('SESSION_CLOSED', 'what was kept here of this peer is being forgotten', { hint: 'try again later' });
harden(peerForgotten);

/** No number below `first` is given any more. */
export const makePeerTable = (committer: Committer, peerId: PeerId, first = 1): PeerTable => {
  const base = `p/${peerId}`;
  const stored = committer.get(`${base}/!`);
  let row: PeerRow =
    stored === undefined ? { next: strangersFirst(committer), given: 0 } : (JSON.parse(stored) as PeerRow);
  let known = stored !== undefined;
  let forgotten = row.forgotten === true;
  const pending = new Map<RefName, Numbered>();
  const names = makeCache<number, RefName>();
  const numbers = makeCache<RefName, Numbered>();

  /** From what is written or on its way, which a write that fails takes back. */
  const given = (): number => {
    const text = committer.get(`${base}/!`);
    return text === undefined ? 0 : (JSON.parse(text) as PeerRow).given;
  };

  const change = (changes: Partial<PeerRow>): StoreOp => {
    row = { ...row, given: given(), ...changes };
    known = true;
    return { type: 'put', key: `${base}/!`, value: JSON.stringify(row) };
  };

  /** The number in memory is not taken back if the write fails, so that none is given twice in one life of the process. */
  const assign = (name: RefName): Numbered => {
    if (forgotten) throw peerForgotten();
    const number = Math.max(row.next, first);
    const written = committer.write([
      change({ next: number + 1, given: given() + 1 }),
      { type: 'put', key: `${base}/x/${number}`, value: name },
      { type: 'put', key: `${base}/n/${name}`, value: String(number) },
    ]);
    const numbered = { number, written };
    pending.set(name, numbered);
    written.then(
      () => {
        pending.delete(name);
        names.set(number, name);
      },
      () => pending.delete(name),
    );
    return numbered;
  };

  const read = (name: RefName): Numbered | undefined => {
    const number = committer.get(`${base}/n/${name}`);
    if (number === undefined) return undefined;
    const numbered = { number: Number(number), written: undefined };
    numbers.set(name, numbered);
    return numbered;
  };

  return harden({
    get known() {
      return known;
    },
    get forgotten() {
      return forgotten;
    },
    get dialled() {
      return forgotten ? undefined : row.dialled;
    },
    get epoch() {
      return row.epoch;
    },
    // First what is pending: the committer shows it too, and would not say that it is not durable yet.
    numberOf: (name) =>
      forgotten ? assign(name) : (pending.get(name) ?? numbers.get(name) ?? read(name) ?? assign(name)),
    nameOf: (number) => {
      if (forgotten) return undefined;
      const cached = names.get(number);
      if (cached !== undefined) return cached;
      const name = committer.get(`${base}/x/${number}`);
      if (name !== undefined) names.set(number, name);
      return name;
    },
    noteDialled: async (place) => {
      if (forgotten || JSON.stringify(row.dialled) === JSON.stringify(place)) return;
      await committer.write([change({ dialled: place })]);
    },
    noteEpoch: async (epoch) => {
      if (forgotten || epoch <= (row.epoch ?? -1)) return;
      if (known) await committer.write([change({ epoch })]);
      else row = { ...row, epoch };
    },
    forget: () => {
      forgotten = true;
    },
    get idle() {
      return pending.size === 0;
    },
  } satisfies PeerTable);
};
harden(makePeerTable);

export interface PeerTables {
  /** The one table of that peer. */
  of(peerId: PeerId): PeerTable;
  /** Nobody needs it for now. */
  release(peerId: PeerId): void;
  /** When it resolves, nothing is kept of that peer, which is a stranger from then on. Rejects with COMMIT_FAILED, STORE_UNUSABLE. */
  forget(peerId: PeerId): Promise<void>;
}

export const makePeerTables = (committer: Committer, first = 1): PeerTables => {
  const tables = new Map<PeerId, PeerTable>();
  const forgetting = new Map<PeerId, Promise<void>>();

  /** Whoever has the table goes without; the next who asks reads what is stored. */
  const drop = (peerId: PeerId): void => {
    tables.get(peerId)?.forget();
    tables.delete(peerId);
  };

  const forget = async (peerId: PeerId): Promise<void> => {
    drop(peerId);
    try {
      await forgetRows(committer, peerId);
    } finally {
      // One that was made meanwhile has read what is going.
      drop(peerId);
      forgetting.delete(peerId);
    }
  };

  return harden({
    of: (peerId) => {
      const known = tables.get(peerId);
      if (known !== undefined) return known;
      const table = makePeerTable(committer, peerId, first);
      tables.set(peerId, table);
      return table;
    },
    release: (peerId) => {
      if (tables.get(peerId)?.idle === true) tables.delete(peerId);
    },
    forget: (peerId) => {
      const known = forgetting.get(peerId);
      if (known !== undefined) return known;
      const done = forget(peerId);
      forgetting.set(peerId, done);
      return done;
    },
  } satisfies PeerTables);
};
harden(makePeerTables);
