/**
 * CapTP: calls between two sides that share nothing but a stream of messages.
 *
 *      asks                                                       answers
 *      ──── CTP_CALL   q-7: target.method(args) ───────────────▶   runs it; q-7 can be a target at once (pipelining)
 *      ◀─── CTP_RETURN q-7: result | exception ────────────────
 *      ──── CTP_DROP   q-7 ────────────────────────────────────▶   forgets the answer
 *
 * This is @endo/captp, with a guard on each side of it and tables of our own inside:
 *
 *   message ──▶ incoming: does it make sense? is it allowed? ──▶ @endo/captp ──▶ references
 *   message ◀── outgoing: is it within the limits?           ◀──             ◀── settlements
 *                        session-tables: what each side holds of the other's; open-answers: what is asked and kept
 *
 * What the library gets wrong, and how that is mended, is in docs/decisions/0020-endo-captp-mended.md. One thing is
 * everywhere: inside the library the other side's questions are called `q+7`, so that its CTP_DROP, which reverses the name, finds
 * the answer; on the wire they are `q-7`, as ever.
 *
 * Nothing here knows of streams, clocks and peers. `dispatch` throws for a message that makes no sense or goes over a limit: the
 * session must end then, for what the other side meant, and who waits for it, cannot be known.
 */
import { HandledPromise } from '@endo/eventual-send';
import { errorBody } from './bodies.ts';
import { noMessages, type Messages } from '../vats/messages.ts';
import { makeEndoCapTP } from './endo-captp.ts';
import { makeIncoming } from './incoming.ts';
import type { Limits } from './limits.ts';
import type { Message } from './message.ts';
import { makeOpenAnswers } from './open-answers.ts';
import { makeOutgoing, type MessageLimits } from './outgoing.ts';
import { makeSessionTables, type DurableSlots } from './session-tables.ts';
import type { Slot } from './slots.ts';

export interface CapTPOptions {
  /** Takes the JSON text of a message, in order. */
  readonly send: (text: string) => void;
  /** The same, for what nobody waits for. Default: `send`. */
  readonly sendLazily?: (text: string) => void;
  /** How ids of messages go along with calls; `from` is who the other side is. */
  readonly messages?: Pick<Messages, 'take' | 'arrive'>;
  readonly from?: string;
  /** What the other side gets for nothing. */
  readonly bootstrap: object;
  /** Undefined in a session that has only references of its own. */
  readonly durable: DurableSlots | undefined;
  /** A message that had to wait turned out to make no sense: the session must be closed. */
  readonly onError: (reason: unknown) => void;
  /** Looked at when they are needed: they may rise. */
  readonly limits: MessageLimits & Pick<Limits, 'questions' | 'references'>;
}

/** All zero once the session is closed: what is left then is leaked. */
export interface Counts {
  readonly questions: number;
  readonly answers: number;
  readonly exports: number;
  readonly imports: number;
}

export interface CapTP {
  /** One message from the other side. Throws PROTOCOL_ERROR or LIMIT_EXCEEDED: then the session must be closed. */
  dispatch(message: Message): void;
  /** Calls what the slot names (as we write it: `o-5`, `o-d5`). The promise can be called before it is settled. Never throws. */
  ask(target: Slot, method: string, args: readonly unknown[]): Promise<unknown>;
  /** A promise for what the other side gives for nothing. */
  bootstrap(): Promise<unknown>;
  /** Rejects all that is outstanding, and all that is asked later, and empties the tables. Idempotent. */
  close(reason: Error): void;
  counts(): Counts;
}

/** Presences that were made to call by name, kept for the next call. */
const KEPT_PRESENCES = 1_000;

export const makeCapTP = (options: CapTPOptions): CapTP => {
  const { send, sendLazily = send, bootstrap, durable, limits, onError } = options;
  const { messages = noMessages, from = 'client' } = options;
  const presences = new Map<Slot, object>();
  let closed = false;

  const answers = makeOpenAnswers(limits);
  const tables = makeSessionTables({
    durable,
    limits,
    onQuestion: (slot) => outgoing.begun(slot),
    onRelease: (slot, mentions) => outgoing.drop(slot, mentions),
  });
  const outgoing = makeOutgoing({
    send,
    sendLazily,
    tables,
    answers,
    limits,
    idOfCall: () => messages.take()?.id,
    refuse: (answerID, reason) =>
      queueMicrotask(() => {
        if (!closed) incoming.take({ type: 'CTP_RETURN', answerID, exception: errorBody(reason) });
      }),
    serialize: (value) => endo.serialize(value),
  });
  const endo = makeEndoCapTP('gobs', outgoing.pass, bootstrap, {
    gcImports: true,
    onReject: () => {},
    makeCapTPImportExportTables: tables.make,
  });
  const incoming = makeIncoming({
    tables,
    answers,
    outgoing,
    durable,
    limits,
    dispatch: endo.dispatch,
    dispatchCall: (call, id) => messages.arrive(id, from, () => endo.dispatch(call)),
    onError,
  });

  /** Something of the other side's that we know by name only. */
  const presenceOf = (slot: Slot): object => {
    const known = presences.get(slot);
    if (known !== undefined) return known;
    if (presences.size >= KEPT_PRESENCES) presences.clear();
    const presence = endo.makeRemoteKit(slot).settler.resolveWithPresence();
    presences.set(slot, presence);
    return presence;
  };

  return harden({
    dispatch: incoming.take,
    ask: (target, method, args) =>
      HandledPromise.applyMethod(presenceOf(target), method, args as unknown[]) as Promise<unknown>,
    bootstrap: endo.getBootstrap,
    close: (reason) => {
      if (closed) return;
      closed = true;
      outgoing.close();
      incoming.close();
      endo.abort(reason);
      tables.clear();
      answers.clear();
      presences.clear();
    },
    counts: () =>
      harden({
        questions: tables.questions,
        answers: answers.size,
        exports: tables.exports,
        imports: tables.imports,
      }),
  } satisfies CapTP);
};
harden(makeCapTP);
