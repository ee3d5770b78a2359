/**
 * A peer: this process's face to others. It listens and dials, keeps sessions, gives out locators and takes them in.
 *
 *   netlayers ──▶ session ──▶ admission ──▶ open ──┬─ bootstrap: locators → host references
 *                                                  └─ durable slots ⇄ what is kept of that peer
 *   kernel ──▶ router ──▶ session, or dial
 *
 * With a kernel the peer is durable: what it gives to another durable peer is named by numbers that both keep, and references
 * to that peer's objects can be called whenever it can be reached. Without one (a REPL, a one-line command) it has nothing that
 * outlives the process, and says so in its hello.
 */
import { HandledPromise } from '@endo/eventual-send';
import { makeError } from '../errors/gobs-error.ts';
import type { Kernel } from '../vats/kernel-contract.ts';
import { isDurableName } from '../vats/names.ts';
import { makeAdmission } from './admission.ts';
import { makeBootstrap, type EnlivenOther } from './bootstrap.ts';
import { makeDialler } from './dialler.ts';
import { makeDurableSlots } from './durable-slots.ts';
import type { VersionRange } from './hello.ts';
import type { KeyPair } from './key-pair.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { formatLocator, parseLocator, secretHash } from './locator.ts';
import { makeLocatorTable } from './locator-table.ts';
import type { Address, Connection, Listener, Netlayer } from './netlayers/contract.ts';
import { shortId, type PeerId } from './peer-id.ts';
import { safely, type PeerHooks, type SessionInfo } from './peer-hooks.ts';
import { makePeerRouter } from './peer-router.ts';
import { makePeerTables, type Place } from './peer-table.ts';
import type { PeerPowers } from './powers.ts';
import { makeReconnector, type Reconnector } from './reconnect.ts';
import { makeSession, type Acquaintance, type Session } from './session.ts';

export interface PeerOptions {
  readonly keyPair: KeyPair;
  readonly netlayers: readonly Netlayer[];
  readonly powers: PeerPowers;
  readonly versions: VersionRange;
  /** Name and version of this program, for people on the other side. */
  readonly software: string;
  /** How often the store was opened; 0 without one. */
  readonly epoch: number;
  /** The peer sets the kernel's router for `peer`. Without a kernel the peer is not durable. */
  readonly kernel?: Kernel;
  /** Where they differ from the defaults. */
  readonly limits?: Partial<Limits>;
  readonly enlivenOther?: EnlivenOther;
  readonly hooks?: Partial<PeerHooks>;
}

export interface LocatorOptions {
  /** Of a listener. Default: `tls` if there is one, or else the first. */
  readonly scheme?: string;
  /** What the locator shall say instead of what that listener announces. */
  readonly address?: Address;
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
  /** Ends everything. Resolves when the connections are gone. Idempotent. */
  close(): Promise<void>;
}

export const makePeer = (options: PeerOptions): Peer => {
  const {
    keyPair,
    netlayers,
    powers,
    versions,
    software,
    epoch,
    kernel,
    enlivenOther = async () => undefined,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const hooks = safely(options.hooks ?? {});
  const self = keyPair.peerId;
  const ours = { versions, peerId: self, epoch, software, durable: kernel !== undefined };
  const tables = kernel && makePeerTables(kernel.committer);
  const locators = kernel && makeLocatorTable(kernel.committer, powers.randomBytes);
  const listeners = new Map<
    string,
    { readonly scheme: string; readonly announced: Address; readonly listener: Listener }
  >();
  const everySession = new Set<Session>();
  const open = new Map<Session, SessionInfo>();
  const kept = new Map<PeerId, { readonly place: Place; readonly reconnector: Reconnector }>();
  let closing = false;

  // ------------------------------------------------------------------------------------------- sessions

  const find = (hash: string): object | undefined => {
    const name = locators?.find(hash);
    return name === undefined ? undefined : kernel?.refOf(name);
  };

  const admission = makeAdmission({
    self,
    limits,
    isDialling: (peerId) => dialler.isDialling(peerId),
    onRefused: hooks.onRefused,
  });

  const admit = async (other: Acquaintance, session: Session): Promise<void> => {
    await admission.admit(other, session);
    const table = other.bothDurable ? tables?.of(other.peerId) : undefined;
    if (table === undefined) return;
    if (table.known) admission.trusted(session);
    const { peerId, remoteAddress } = other;
    if (table.epoch !== undefined && other.epoch < table.epoch) {
      hooks.onOlderEpoch({ peerId, remoteAddress, seen: table.epoch, shown: other.epoch });
    }
    table.noteEpoch(other.epoch).catch(session.close);
  };

  const start = (connection: Connection, dialled: PeerId | undefined): Session => {
    const session = makeSession({
      connection,
      dialled,
      ours,
      limits,
      powers,
      admit,
      makeBootstrap: ({ peerId, proven, remoteAddress }) =>
        makeBootstrap({
          presenter: harden({ peerId, proven, remoteAddress }),
          find,
          enlivenOther,
          guesses: limits.guesses,
          onGuess: hooks.onGuess,
          onTooManyGuesses: session.close,
          onSuccess: () => admission.trusted(session),
        }),
      makeDurable: ({ peerId }, hold) => makeDurableSlots({ kernel: kernel!, peerId, table: tables!.of(peerId), hold }),
    });
    everySession.add(session);
    void session.gone.then(() => everySession.delete(session));
    session.opened.then(
      (other) => whenOpen(session, other),
      () => {},
    );
    if (closing) session.close(shutDown());
    return session;
  };

  const whenOpen = (session: Session, other: Acquaintance): void => {
    const { peerId, remoteAddress, outgoing, bothDurable, epoch: theirEpoch, software: theirs } = other;
    const info = harden({
      peerId,
      remoteAddress,
      outgoing,
      durable: bothDurable,
      epoch: theirEpoch,
      software: theirs,
      since: powers.now(),
    });
    open.set(session, info);
    hooks.onUp(info);
    void session.closed.then((reason) => {
      open.delete(session);
      if (bothDurable && admission.sessionWith(peerId) === undefined) tables?.release(peerId);
      hooks.onDown(info, reason);
    });
    kept.get(peerId)?.reconnector.wake();
  };

  const shutDown = (): Error => makeError('SESSION_CLOSED', 'the other side is shutting down');

  const dialler = makeDialler({ netlayers, sessionWith: admission.sessionWith, start });

  const connect = (peerId: PeerId, place: Place): Promise<Session> =>
    closing
      ? Promise.reject(makeError('SESSION_CLOSED', 'this peer is shutting down'))
      : dialler.connect(peerId, place);

  kernel?.setRouter(
    'peer',
    makePeerRouter({
      sessionWith: admission.sessionWith,
      dial: (peerId) => {
        const place = kept.get(peerId)?.place ?? tables?.of(peerId).dialled;
        return place && connect(peerId, place);
      },
    }),
  );

  // ------------------------------------------------------------------------------------------- locators

  const locatorWith: Peer['locatorWith'] = (secret, { scheme, address } = {}) => {
    const candidates = [...listeners.values()].filter((one) => scheme === undefined || one.scheme === scheme);
    const chosen = candidates.find((one) => one.scheme === 'tls') ?? candidates[0];
    if (chosen === undefined) {
      throw makeError(
        'ADDRESS_UNUSABLE',
        `a locator would lead nowhere: this peer does not listen${scheme ? ` by ${scheme}` : ''}`,
      );
    }
    return formatLocator({ peerId: self, scheme: chosen.scheme, secret, address: address ?? chosen.announced });
  };

  const locatorFor: Peer['locatorFor'] = async (ref, locatorOptions = {}) => {
    const name = kernel?.nameOf(ref);
    if (name === undefined || !isDurableName(name) || locators === undefined) {
      throw makeError(
        'NOT_DURABLE',
        `${name ?? 'the object'} does not outlive this process, so it can have no locator`,
      );
    }
    locatorWith('', locatorOptions);
    return locatorWith(await locators.add(name), locatorOptions);
  };

  const enliven: Peer['enliven'] = async (text) => {
    const { peerId, scheme, address, secret } = parseLocator(text);
    if (peerId === self) {
      const found = find(secretHash(secret) ?? '');
      if (found === undefined) throw makeError('LOCATOR_UNKNOWN', 'the locator is for this peer, and leads nowhere');
      return found;
    }
    const place = harden({ scheme, address });
    const session = await connect(peerId, place);
    const found = await HandledPromise.applyMethod(session.bootstrap(), 'enliven', [secret]);
    const info = open.get(session);
    if (info?.durable === true && info.outgoing) await tables?.of(peerId).noteDialled(place);
    return found as object;
  };

  // ------------------------------------------------------------------------------------------- connections

  const listen: Peer['listen'] = async (scheme, address, { announce } = {}) => {
    const netlayer = netlayers.find((one) => one.scheme === scheme);
    if (netlayer === undefined) throw makeError('ADDRESS_UNUSABLE', `${scheme} is not spoken here`);
    const listener = await netlayer.listen(address, (connection) => admission.arrived(start(connection, undefined)));
    const key = `${scheme} ${JSON.stringify(listener.address)}`;
    listeners.set(key, { scheme, announced: announce ?? listener.address, listener });
    return harden({
      address: listener.address,
      close: () => {
        listeners.delete(key);
        return listener.close();
      },
    });
  };

  const keepConnected: Peer['keepConnected'] = (peerId, place, connectionHooks) => {
    if (kept.has(peerId)) throw TypeError(`the connection to peer ${shortId(peerId)} is kept up already`);
    const told = safely(connectionHooks);
    const reconnector = makeReconnector<Session>({
      connect: () => connect(peerId, place),
      powers,
      onUp: (session) => {
        const info = open.get(session);
        if (info !== undefined) told.onUp(info);
      },
      onDown: told.onDown,
      onFailure: told.onFailure,
    });
    const entry = { place, reconnector };
    kept.set(peerId, entry);
    return harden({
      stop: () => {
        reconnector.stop();
        if (kept.get(peerId) === entry) kept.delete(peerId);
      },
    });
  };

  return harden({
    id: self,
    listen,
    locatorFor,
    locatorWith,
    enliven,
    keepConnected,
    sessions: () => harden([...open.values()]),
    closeSession: (peerId, reason = makeError('SESSION_CLOSED', 'it was closed on purpose')) => {
      for (const [session, info] of [...open]) if (info.peerId === peerId) session.close(reason);
    },
    close: async () => {
      closing = true;
      for (const { reconnector } of kept.values()) reconnector.stop();
      await Promise.all([...listeners.values()].map(({ listener }) => listener.close()));
      const left = [...everySession];
      for (const session of left) session.close(shutDown());
      await Promise.all(left.map((session) => session.gone));
    },
  } satisfies Peer);
};
harden(makePeer);
