/**
 * Messages have ids, by which what happened in one vat, process or host is joined with what it caused in another. How an id goes along
 * with its message, see docs/explanation/trace.md:
 *
 *   send ──carry──▶ … promises, @endo/captp … ──take──▶ frame ──arrive──▶ … @endo/captp … ──take──▶ turn
 *
 * Between the two ends there is code that knows nothing of ids, so the message lies in the async context of whoever passes it on. A context
 * outlives that (timers and sockets keep the one that they were made in), so a message is taken out of it once.
 *
 * Ids are information: nothing is allowed or refused because of one.
 */

/** On its way: it may not have an id yet. */
export interface Message {
  readonly id: string | undefined;
  /** `vat:<name>`, `peer:<id>`, `client` for a peer that proves no key, or `host`. */
  readonly from: string;
}

/** Of a turn. */
export interface TurnMessage extends Message {
  readonly id: string;
  /** Of a continuation: the message of the turn that asked for it; if that left no record, what asked for that, and so on. */
  readonly cause?: string | undefined;
  /** What the process does from time to time, and what follows it: no record, if nothing comes of it. */
  readonly routine?: boolean | undefined;
}

export interface Carried {
  message: Message | undefined;
}

/** Node's `AsyncLocalStorage`, which an entry point gives. */
export interface MessageContext {
  /** Runs `body`, and whatever follows from it asynchronously, in this context. */
  run<R>(carried: Carried, body: () => R): R;
  current(): Carried | undefined;
}

export interface Messages {
  /** Called by the process's peer, before there is any message: whose ids these are. */
  introduce(peerId: string): void;
  newId(): string;
  /** Runs `body`, which passes the message on. */
  carry<R>(message: Message, body: () => R): R;
  /** The message that is passed on here; undefined if there is none, or it was taken already. */
  take(): Message | undefined;
  /** Runs `body`, which passes on what came from elsewhere with this as its id. Anything may be there. */
  arrive<R>(id: unknown, from: string, body: () => R): R;
}

export interface MessagesOptions {
  /** See `messageEpoch`. */
  readonly epoch: number;
  /** Without it nothing is joined. */
  readonly context?: MessageContext | undefined;
}

/** A 15th digit has room for it. */
const MOST_EPOCHS = 10 ** 15;

/**
 * What tells the ids of one opening of a store from those of every other. A store that was restored counts its openings from the backup's, which
 * the lost store did too; but its numbers go on above all that were given, and no two restores let them go on at the same.
 */
export const messageEpoch = (opened: {
  readonly epoch: number;
  readonly restored: { readonly numbers: number } | undefined;
}): number => (opened.epoch + (opened.restored?.numbers ?? 0)) % MOST_EPOCHS;
harden(messageEpoch);

const PEER_LENGTH = 8;
const ID = /^[a-z2-7]{8}-[0-9]{1,15}-[0-9]{1,15}$/;

/** Of a process that has no ids. */
export const noMessages: Pick<Messages, 'carry' | 'take' | 'arrive'> = harden({
  carry: <R>(_message: Message, body: () => R) => body(),
  take: () => undefined,
  arrive: <R>(_id: unknown, _from: string, body: () => R) => body(),
});
harden(noMessages);

const noContext: MessageContext = harden({
  run: <R>(_carried: Carried, body: () => R) => body(),
  current: () => undefined,
});

export const makeMessages = ({ epoch, context = noContext }: MessagesOptions): Messages => {
  let prefix = 'nameless-';
  let given = 0;

  /** What another peer says of one of our own would be taken for ours. */
  const isAnothers = (id: unknown): id is string => typeof id === 'string' && ID.test(id) && !id.startsWith(prefix);

  return harden({
    introduce: (peerId) => {
      prefix = `${peerId.slice(0, PEER_LENGTH)}-`;
    },
    newId: () => {
      given += 1;
      return `${prefix}${epoch}-${given}`;
    },
    carry: (message, body) => context.run({ message }, body),
    take: () => {
      const carried = context.current();
      const message = carried?.message;
      if (message !== undefined) carried!.message = undefined;
      return message;
    },
    arrive: (id, from, body) => context.run({ message: { id: isAnothers(id) ? id : undefined, from } }, body),
  } satisfies Messages);
};
harden(makeMessages);
