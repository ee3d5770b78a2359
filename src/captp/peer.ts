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
import { codeOf, makeError } from '../errors/gobs-error.ts';
import { makeAdmission } from './admission.ts';
import { makeBootstrap } from './bootstrap.ts';
import { makeDialler } from './dialler.ts';
import { makeDurableSlots } from './durable-slots.ts';
import { makeEffort } from './effort.ts';
import { defaultLimits } from './limits.ts';
import { parseLocator, secretHash } from './locator.ts';
import { makeLocatorOffice } from './locator-office.ts';
import type { Connection, Listener } from './netlayers/contract.ts';
import type * as contract from './peer-contract.ts';
import { safely, type PeerHooks, type SessionInfo } from './peer-hooks.ts';
import { shortId, type PeerId } from './peer-id.ts';
import { makePeerRouter } from './peer-router.ts';
import { makePeerTables, peerForgotten, type Place } from './peer-table.ts';
import { makeReconnector, type Reconnector } from './reconnect.ts';
import { makeSession, type Acquaintance, type Session } from './session.ts';

export type Peer = contract.Peer;
export type PeerOptions = contract.PeerOptions;

/** Between two attempts to reach a peer that is away; milliseconds. */
const LONGEST_PAUSE = 60_000;
/** Those of one host are few, and somebody who has just started the boss there waits for them. */
const LONGEST_PAUSE_HERE = 5_000;

const isOwnHost = ({ scheme, address }: Place): boolean =>
  scheme === 'unix' || /^(?:127\.|::1$|localhost$)/.test(address.host ?? '');

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
    mayCome = async () => {},
    whyNot,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const hooks = safely<PeerHooks>(options.hooks ?? {});
  const self = keyPair.peerId;
  const ours = { versions, peerId: self, epoch, software, durable: kernel !== undefined };
  const tables = kernel && makePeerTables(kernel.committer, options.firstNumber);
  const locators = makeLocatorOffice(self, kernel, powers.randomBytes);
  const listeners = new Set<Listener>();
  const everySession = new Set<Session>();
  const open = new Map<Session, SessionInfo>();
  const kept = new Map<PeerId, { readonly place: Place; readonly reconnector: Reconnector }>();
  let closing = false;

  // ------------------------------------------------------------------------------------------- sessions

  const admission = makeAdmission({
    self,
    limits,
    isDialling: (peerId) => dialler.isDialling(peerId),
    onRefused: hooks.onRefused,
  });

  const effort = makeEffort();

  const admit = async (other: Acquaintance, session: Session): Promise<void> => {
    const table = other.bothDurable ? tables?.of(other.peerId) : undefined;
    await admission.admit(other, session, table?.known === true);
    if (table === undefined) return;
    if (table.forgotten) throw peerForgotten();
    const { peerId, remoteAddress } = other;
    if (table.known) {
      await mayCome({ peerId, address: remoteAddress });
      admission.trusted(session);
    }
    if (table.epoch !== undefined && other.epoch < table.epoch) {
      hooks.onOlderEpoch({ peerId, remoteAddress, seen: table.epoch, shown: other.epoch });
    }
    // If it cannot be written now, it is with the next thing that is.
    table.noteEpoch(other.epoch).catch(() => {});
  };

  const start = (connection: Connection, dialled: PeerId | undefined): Session => {
    const session = makeSession({
      connection,
      dialled,
      ours,
      limits,
      powers,
      effort,
      messages: kernel?.messages,
      admit,
      makeBootstrap: ({ peerId, proven, remoteAddress }) =>
        makeBootstrap({
          presenter: harden({ peerId, proven, remoteAddress }),
          find: locators.find,
          enlivenOther,
          guesses: limits.guesses,
          onGuess: hooks.onGuess,
          onTooManyGuesses: session.close,
          onSuccess: (hash) => admission.trusted(session, hash),
        }),
      makeDurable: ({ peerId }, hold) =>
        makeDurableSlots({ kernel: kernel!, peerId, table: tables!.of(peerId), hold, whyNot }),
    });
    everySession.add(session);
    void session.gone.then(() => everySession.delete(session));
    session.opened.then(
      (other) => whenOpen(session, other),
      (reason) => {
        // Whoever dials hears of it himself.
        if (dialled === undefined && codeOf(reason) === 'PROTOCOL_MISMATCH') {
          hooks.onMismatch(connection.remoteAddress, reason as Error);
        }
      },
    );
    if (closing) session.close(shutDown());
    return session;
  };

  const whenOpen = (session: Session, other: Acquaintance): void => {
    const { peerId, remoteAddress, outgoing, bothDurable, epoch: theirEpoch, software: theirs } = other;
    // Since it was admitted.
    if (bothDurable && tables?.of(peerId).forgotten === true) {
      session.close(peerForgotten());
      return;
    }
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

  kernel?.messages?.introduce(self);
  kernel?.setRouter(
    'peer',
    makePeerRouter({
      messages: kernel.messages,
      sessionWith: admission.sessionWith,
      dial: (peerId) => {
        const place = kept.get(peerId)?.place ?? tables?.of(peerId).dialled;
        return place && connect(peerId, place);
      },
    }),
  );

  // ------------------------------------------------------------------------------------------- locators

  const enliven: Peer['enliven'] = async (text) => {
    const { peerId, scheme, address, secret } = parseLocator(text);
    if (peerId === self) {
      const found = locators.find(secretHash(secret) ?? '');
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
    const leave = locators.listensAt(harden({ scheme, address: announce ?? listener.address }));
    listeners.add(listener);
    return harden({
      address: listener.address,
      close: () => {
        leave();
        listeners.delete(listener);
        return listener.close();
      },
    });
  };

  const keepConnected: Peer['keepConnected'] = (peerId, place, connectionHooks) => {
    if (kept.has(peerId)) throw TypeError(`the connection to peer ${shortId(peerId)} is kept up already`);
    const told = safely<contract.ConnectionHooks>(connectionHooks);
    const reconnector = makeReconnector<Session>({
      connect: () => connect(peerId, place),
      longest: isOwnHost(place) ? LONGEST_PAUSE_HERE : LONGEST_PAUSE,
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

  const closeSession: Peer['closeSession'] = (
    peerId,
    reason = makeError('SESSION_CLOSED', 'it was closed on purpose'),
  ) => {
    for (const [session, info] of [...open]) if (info.peerId === peerId) session.close(reason);
  };

  return harden({
    id: self,
    listen,
    locatorFor: locators.locatorFor,
    locatorWith: locators.locatorWith,
    enliven,
    keepConnected,
    sessions: () => harden([...open.values()]),
    closeSession,
    forget: (peerId) => {
      const done = tables?.forget(peerId) ?? Promise.resolve();
      closeSession(peerId, peerForgotten());
      return done;
    },
    close: async () => {
      closing = true;
      for (const { reconnector } of kept.values()) reconnector.stop();
      await Promise.all([...listeners].map((listener) => listener.close()));
      const left = [...everySession];
      for (const session of left) session.close(shutDown());
      await Promise.all(left.map((session) => session.gone));
    },
  } satisfies Peer);
};
harden(makePeer);
