/**
 * What the other side sends, on its way to @endo/captp: everything is looked at that could make the library wait for ever, keep
 * for ever, or call what is no reference. What makes no sense costs the session; a call that only cannot be made is answered.
 */
import { codeOf, makeError } from '../errors/gobs-error.ts';
import { errorBody, isCallable, noSuchMethod } from './bodies.ts';
import type { Limits } from './limits.ts';
import { bodyField, countField, slotField, type Body, type Message } from './message.ts';
import type { OpenAnswers } from './open-answers.ts';
import type { MessageLimits, Outgoing } from './outgoing.ts';
import type { DurableSlots, SessionTables } from './session-tables.ts';
import { insideSlot, parseSlot, quote, reverseSlot, type Slot } from './slots.ts';

export interface IncomingOptions {
  readonly tables: SessionTables;
  readonly answers: OpenAnswers;
  readonly outgoing: Outgoing;
  readonly durable: DurableSlots | undefined;
  readonly limits: MessageLimits & Pick<Limits, 'questions'>;
  /** Of @endo/captp. */
  readonly dispatch: (message: object) => boolean;
  /** The same for a call; `id` is what the other side says that the message is called, and may be anything. */
  readonly dispatchCall: (call: object, id: unknown) => boolean;
  /** A call that had to wait makes no sense after all: the session is to end. */
  readonly onError: (reason: unknown) => void;
}

export interface Incoming {
  /** Throws what costs the session: PROTOCOL_ERROR, LIMIT_EXCEEDED. */
  take(message: Message): void;
  /** Nothing more is taken. */
  close(): void;
}

/** What is wrong with a durable reference may be no fault of who names it. */
const answered: readonly string[] = harden(['NO_SUCH_EXPORT', 'RESTORE_UNCONFIRMED']);

export const makeIncoming = ({
  tables,
  answers,
  outgoing,
  durable,
  limits,
  dispatch,
  dispatchCall,
  onError,
}: IncomingOptions): Incoming => {
  let closed = false;

  const pass = (message: object, slots: readonly Slot[] = [], take = dispatch): void => {
    if (closed) return;
    tables.takeRefusal();
    if (!take(message)) {
      throw (
        tables.takeRefusal() ??
        makeError('PROTOCOL_ERROR', `a message that makes no sense: ${quote(JSON.stringify(message))}`)
      );
    }
    tables.received(slots);
  };

  // ------------------------------------------------------------------------------------------- references

  const neverGiven = (slot: Slot): Error =>
    makeError('PROTOCOL_ERROR', `${quote(slot)} was named, which was never given`);

  /** Throws PROTOCOL_ERROR, and what is answered. */
  const checkSlot = (slot: Slot): void => {
    const { kind, sendersOwn } = parseSlot(slot);
    if (kind !== 'durable') {
      if (!sendersOwn && !tables.isExported(reverseSlot(slot))) throw neverGiven(slot);
    } else if (durable === undefined) {
      throw makeError('PROTOCOL_ERROR', `${quote(slot)} in a session without durable references`);
    } else if (!sendersOwn) durable.valueOf(slot);
  };

  /** What is wrong with the references of a message, and costs no more than the message. Throws what costs the session. */
  const wrongAmong = (slots: readonly Slot[]): Error | undefined => {
    try {
      slots.forEach(checkSlot);
      return undefined;
    } catch (error) {
      if (!answered.includes(codeOf(error))) throw error;
      return error as Error;
    }
  };

  /** Of something of ours. Throws PROTOCOL_ERROR. */
  const letGo = (slotID: Slot, mentions: number): void => {
    const slot = reverseSlot(slotID);
    outgoing.tell(tables.dropped(slot, mentions));
    if (tables.isExported(slot)) return;
    answers.forget(slot);
    pass({ type: 'CTP_DROP', slotID, decRefs: Number.MAX_SAFE_INTEGER });
  };

  // ------------------------------------------------------------------------------------------- questions of theirs

  const receiveBootstrap = (message: Message): void => {
    const questionID = slotField(message, 'questionID');
    answers.ask(questionID);
    pass({ type: 'CTP_BOOTSTRAP', questionID: insideSlot(questionID) });
  };

  /** Why it cannot be made, if it cannot. Throws what costs the session. */
  const wrongWith = (target: Slot, { body, slots }: Body): Error | undefined => {
    if (!target.startsWith('q')) {
      const wrong = wrongAmong([target]);
      if (parseSlot(target).sendersOwn) {
        throw makeError('PROTOCOL_ERROR', `${quote(target)} was called, which is the caller's`);
      }
      if (wrong !== undefined) return wrong;
    }
    return wrongAmong(slots) ?? (isCallable(body) ? undefined : noSuchMethod);
  };

  const receiveCall = (message: Message): void => {
    if (message.trap !== undefined) throw makeError('PROTOCOL_ERROR', 'synchronous calls (trap) are not spoken here');
    const questionID = slotField(message, 'questionID');
    const target = slotField(message, 'target');
    const method = bodyField(message, 'method', limits);
    answers.ask(questionID);
    const wrong = wrongWith(target, method);
    if (wrong !== undefined) {
      outgoing.fail(questionID, errorBody(wrong));
      return;
    }
    const { m } = message;
    const take = (given: object): boolean => dispatchCall(given, m);
    const call = { type: 'CTP_CALL', questionID: insideSlot(questionID), target: insideSlot(target), method };
    if (target.startsWith('o')) {
      pass(call, method.slots, take);
      return;
    }
    // The caller may let go of what it mentions while the call waits here.
    tables.keep(method.slots);
    answers.call(target.startsWith('p') ? reverseSlot(target) : target, (outcome) => {
      if (closed) return;
      try {
        if (outcome === 'reference') pass(call, method.slots, take);
        else outgoing.fail(questionID, outcome);
        for (const slot of method.slots) if (tables.isExported(reverseSlot(slot))) letGo(slot, 1);
      } catch (error) {
        onError(error);
      }
    });
  };

  // ------------------------------------------------------------------------------------------- answers to ours

  /** Passes a settlement on; one that names what is not there becomes the failure that it is. */
  const receiveSettlement = (
    message: Message,
    head: 'answerID' | 'promiseID',
    fulfilled: string,
    rejected: string,
  ): void => {
    const slot = slotField(message, head);
    const field = rejected in message ? rejected : fulfilled;
    const body = bodyField(message, field, limits);
    const wrong = wrongAmong(body.slots);
    if (wrong === undefined) pass({ type: message.type, [head]: slot, [field]: body }, body.slots);
    else pass({ type: message.type, [head]: slot, [rejected]: errorBody(wrong) });
  };

  const receiveReturn = (message: Message): void => {
    const question = slotField(message, 'answerID');
    if (!outgoing.isOpen(question)) {
      throw makeError('PROTOCOL_ERROR', `an answer to ${quote(question)}, which was not asked`);
    }
    receiveSettlement(message, 'answerID', 'result', 'exception');
    outgoing.answered(question);
    tables.releaseQuestion(question);
  };

  const receiveResolve = (message: Message): void => {
    const promise = slotField(message, 'promiseID');
    // @endo/captp would take a question for a promise here.
    if (!promise.startsWith('p')) {
      throw makeError('PROTOCOL_ERROR', `${quote(promise)} was settled, which is no promise`);
    }
    receiveSettlement(message, 'promiseID', 'res', 'rej');
  };

  // ------------------------------------------------------------------------------------------- drops

  const receiveDrop = (message: Message): void => {
    const slotID = slotField(message, 'slotID');
    const mentions = countField(message, 'decRefs');
    if (slotID.startsWith('q')) {
      answers.drop(slotID);
      pass({ type: 'CTP_DROP', slotID, decRefs: 1 });
      return;
    }
    if (parseSlot(slotID).sendersOwn) throw neverGiven(slotID);
    letGo(slotID, mentions);
  };

  const receivers: ReadonlyMap<string, (message: Message) => void> = new Map([
    ['CTP_BOOTSTRAP', receiveBootstrap],
    ['CTP_CALL', receiveCall],
    ['CTP_DROP', receiveDrop],
    ['CTP_RETURN', receiveReturn],
    ['CTP_RESOLVE', receiveResolve],
  ]);

  return harden({
    take: (message) => {
      if (closed) return;
      const receive = receivers.get(message.type);
      if (receive === undefined) throw makeError('PROTOCOL_ERROR', `a message of type ${quote(message.type)}`);
      receive(message);
    },
    close: () => {
      closed = true;
    },
  } satisfies Incoming);
};
harden(makeIncoming);
