/**
 * What a peer is to its process. Entry points make one (peer.ts) and hand parts of it on: locators to whoever gives them out, connections to the
 * daemon that keeps them up.
 */
import type { Kernel } from '../vats/kernel-contract.ts';
import type { RefName } from '../vats/names.ts';
import type { EnlivenOther } from './bootstrap.ts';
import type { VersionRange } from './hello.ts';
import type { KeyPair } from './key-pair.ts';
import type { Limits } from './limits.ts';
import type { LocatorOptions } from './locator-office.ts';
import type { Address, Listener, Netlayer } from './netlayers/contract.ts';
import type { PeerHooks, SessionInfo } from './peer-hooks.ts';
import type { PeerId } from './peer-id.ts';
import type { Place } from './peer-table.ts';
import type { PeerPowers } from './powers.ts';

export interface PeerOptions {
  readonly keyPair: KeyPair;
  readonly netlayers: readonly Netlayer[];
  readonly powers: PeerPowers;
  readonly versions: VersionRange;
  /** Name and version of this program, for people on the other side. */
  readonly software: string;
  /** How often the store was opened; 0 without one. */
  readonly epoch: number;
  /** The least number for what other peers are given: of a store that was restored, above all that it may have given. Default 1. */
  readonly firstNumber?: number | undefined;
  /** The peer sets the kernel's router for `peer`. Without a kernel the peer is not durable. */
  readonly kernel?: Kernel;
  /** Where they differ from the defaults. */
  readonly limits?: Partial<Limits>;
  readonly enlivenOther?: EnlivenOther;
  /** Asked before a session opens with a peer that was given something to keep. A rejection with a code ends it, and is told. */
  readonly mayCome?: (visitor: { readonly peerId: PeerId; readonly address: string }) => Promise<unknown>;
  /** Asked each time that a peer names what it was given to keep. RESTORE_UNCONFIRMED: why it may not. */
  readonly whyNot?: (peerId: PeerId, name: RefName) => Error | undefined;
  readonly hooks?: Partial<PeerHooks>;
}

export interface KeptConnection {
  /** No more attempts; the session that is there stays. */
  stop(): void;
}

/** What befalls a connection that is kept up. `onFailure`: an attempt failed, the next is in so many milliseconds. */
export interface ConnectionHooks {
  onUp(info: SessionInfo): void;
  onDown(reason: Error): void;
  onFailure(reason: unknown, retryIn: number): void;
}

export interface Peer {
  readonly id: PeerId;
  /** Rejects with ADDRESS_UNUSABLE. `announce`: what locators say instead of where it really listens. */
  listen(scheme: string, address: Address, options?: { readonly announce?: Address }): Promise<Listener>;
  /** A new locator for a durable reference, when it is kept. Rejects with NOT_DURABLE, or ADDRESS_UNUSABLE if nobody could dial us. */
  locatorFor(ref: object, options?: LocatorOptions): Promise<string>;
  /** The locator with a secret that the caller has chosen and `enlivenOther` will know. Throws ADDRESS_UNUSABLE. */
  locatorWith(secret: string, options?: LocatorOptions): string;
  /**
   * The object that a locator is for: a host reference, durable if both sides are. Uses the session that is there or dials. Rejects with
   * LOCATOR_MALFORMED, LOCATOR_UNKNOWN, PEER_UNREACHABLE, PEER_MISMATCH, SESSION_CLOSED, PROTOCOL_MISMATCH.
   */
  enliven(locator: string): Promise<object>;
  /** Dials, and dials again after each end, until it is stopped. */
  keepConnected(peerId: PeerId, place: Place, hooks: Partial<ConnectionHooks>): KeptConnection;
  /** Those that are open. */
  sessions(): readonly SessionInfo[];
  /** Ends those with that peer, if any. */
  closeSession(peerId: PeerId, reason?: Error): void;
  /**
   * Ends the sessions with that peer, refuses others meanwhile, and when it resolves nothing is kept of it: it is a stranger, for whom every
   * reference that it was given is NO_SUCH_EXPORT. Rejects with COMMIT_FAILED, STORE_UNUSABLE; then, or if the process ends meanwhile,
   * some of it may be left, with which sessions are refused until this is called again.
   */
  forget(peerId: PeerId): Promise<void>;
  /** Ends everything. Resolves when the connections are gone. Idempotent. */
  close(): Promise<void>;
}
