/**
 * What is kept, over sessions and restarts, about one other peer: which references it was given, each under a number that is its
 * for ever, where it was last dialled, and how often its store had been opened.
 *
 *   p/<peer>/x/<number> → name of the reference        p/<peer>/n/<name> → number        p/<peer>/! → the rest
 *
 * A number is spoken only when it is durable. It is not taken back: the holder may have it in a portrait that we never see.
 */
import type { Committer } from '../vats/kernel-contract.ts';
import type { RefName } from '../vats/names.ts';
import type { StoreOp } from '../vats/store.ts';
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
  /** The number under which the peer knows it; a new one if need be. */
  numberOf(name: RefName): Numbered;
  /** Undefined for a number that the peer was never given. */
  nameOf(number: number): RefName | undefined;
  /** Keeps where the peer can be dialled. */
  noteDialled(place: Place): Promise<void>;
  /** Keeps the epoch if it is higher; of a peer that is not known, only once it is: strangers leave no rows. */
  noteEpoch(epoch: number): Promise<void>;
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

/** No number below `first` is given any more. */
export const makePeerTable = (committer: Committer, peerId: PeerId, first = 1): PeerTable => {
  const base = `p/${peerId}`;
  const stored = committer.get(`${base}/!`);
  let row: PeerRow = stored === undefined ? { next: 1, given: 0 } : (JSON.parse(stored) as PeerRow);
  let known = stored !== undefined;
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
    get dialled() {
      return row.dialled;
    },
    get epoch() {
      return row.epoch;
    },
    // First what is pending: the committer shows it too, and would not say that it is not durable yet.
    numberOf: (name) => pending.get(name) ?? numbers.get(name) ?? read(name) ?? assign(name),
    nameOf: (number) => {
      const cached = names.get(number);
      if (cached !== undefined) return cached;
      const name = committer.get(`${base}/x/${number}`);
      if (name !== undefined) names.set(number, name);
      return name;
    },
    noteDialled: async (place) => {
      if (JSON.stringify(row.dialled) !== JSON.stringify(place)) await committer.write([change({ dialled: place })]);
    },
    noteEpoch: async (epoch) => {
      if (epoch <= (row.epoch ?? -1)) return;
      if (known) await committer.write([change({ epoch })]);
      else row = { ...row, epoch };
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
}

export const makePeerTables = (committer: Committer, first = 1): PeerTables => {
  const tables = new Map<PeerId, PeerTable>();
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
  } satisfies PeerTables);
};
harden(makePeerTables);
