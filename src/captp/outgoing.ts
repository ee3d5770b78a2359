/**
 * What @endo/captp sends, on its way out. The other side's limits are taken to be ours, so that what would cost the session is refused
 * here, where somebody can be told: a question by an answer that says why, an answer by the failure that it is.
 */
import { makeError } from '../errors/gobs-error.ts';
import { errorBody, dataIsNotCalled, isCallable, isReference, noSuchMethod } from './bodies.ts';
import { checkShape } from '../vats/json-shape.ts';
import type { Limits } from './limits.ts';
import type { Body, Message } from './message.ts';
import type { OpenAnswers, Outcome } from './open-answers.ts';
import type { SessionTables, Untold } from './session-tables.ts';
import { outsideSlot, reverseSlot, type Slot } from './slots.ts';

export type MessageLimits = Pick<Limits, 'frameBytes' | 'depth' | 'values' | 'slots'>;

export interface OutgoingOptions {
  /** Takes the JSON text of a message, in order. */
  readonly send: (text: string) => void;
  /** The same, for what nobody waits for. */
  readonly sendLazily: (text: string) => void;
  readonly tables: SessionTables;
  readonly answers: OpenAnswers;
  readonly limits: MessageLimits & Pick<Limits, 'questions'>;
  /** The id of the message that is being sent, for those who look back. */
  readonly idOfCall: () => string | undefined;
  /** A question of ours is not sent: it is to be answered with this, later. */
  readonly refuse: (question: Slot, reason: Error) => void;
  readonly serialize: (value: unknown) => Body;
}

export interface Outgoing {
  /** A message that @endo/captp sends. */
  pass(message: Message): void;
  /** @endo/captp begins to make a question: if it does not send it, the values in it could not be sent. */
  begun(question: Slot): void;
  /** Answers a question of the other side's that @endo/captp has not seen. */
  fail(question: Slot, exception: Body): void;
  /** Says again how promises were settled. */
  tell(untold: readonly Untold[]): void;
  drop(slot: Slot, mentions: number): void;
  /** Is it a question that is to be answered? */
  isOpen(question: Slot): boolean;
  /** It was. */
  answered(question: Slot): void;
  /** Nothing more is sent. */
  close(): void;
}

/** A character takes at most three bytes. */
const MOST_BYTES = 3;

const head = { CTP_RETURN: 'answerID', CTP_RESOLVE: 'promiseID' } as const;

export const makeOutgoing = (options: OutgoingOptions): Outgoing => {
  const { send, sendLazily, tables, answers, limits, idOfCall, refuse, serialize } = options;
  const questions = new Set<Slot>();
  const neverSent = new Set<Slot>();
  let begun: Slot | undefined;
  let closed = false;

  /** Throws LIMIT_EXCEEDED. */
  const check = (text: string, { body, slots }: Body): void => {
    if (slots.length > limits.slots) {
      throw makeError('LIMIT_EXCEEDED', `${slots.length} references in one message, where ${limits.slots} are allowed`);
    }
    checkShape(body, limits);
    if (text.length * MOST_BYTES > limits.frameBytes && Buffer.byteLength(text) > limits.frameBytes) {
      throw makeError(
        'LIMIT_EXCEEDED',
        `a message of ${Buffer.byteLength(text)} bytes, where ${limits.frameBytes} are allowed`,
        {
          hint: 'ask for less at a time',
        },
      );
    }
  };

  const refusalOf = (text: string, body: Body): Error | undefined => {
    try {
      check(text, body);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  };

  const post = (text: string, { slots }: Body): void => {
    send(text);
    if (slots.length === 0) return;
    for (const slot of slots) if (slot.startsWith('p+')) answers.promised(slot);
    tell(tables.mentioned(slots));
  };

  // ------------------------------------------------------------------------------------------- settlements

  const outcomeOf = ({ body }: Body): Outcome => (isReference(body) ? 'reference' : errorBody(dataIsNotCalled));

  /** A CTP_RETURN or CTP_RESOLVE for what the other side calls `slot`. */
  const settle = (type: keyof typeof head, slot: Slot, body: Body, isFailure: boolean): void => {
    const field = type === 'CTP_RETURN' ? (isFailure ? 'exception' : 'result') : isFailure ? 'rej' : 'res';
    const text = JSON.stringify({ type, [head[type]]: slot, [field]: body });
    const refusal = refusalOf(text, body);
    if (refusal !== undefined) {
      settle(type, slot, errorBody(refusal), true);
      return;
    }
    post(text, body);
    answers.settled(type === 'CTP_RETURN' ? slot : reverseSlot(slot), isFailure ? body : outcomeOf(body));
  };

  const resolve = (slot: Slot, body: Body, isFailure: boolean): void => {
    // Whoever is not told now, because he does not have it, is told when he gets it.
    if (tables.settled(reverseSlot(slot))) settle('CTP_RESOLVE', slot, body, isFailure);
  };

  const tell = (untold: readonly Untold[]): void => {
    for (const [slot, promise] of untold) {
      const say = (isFailure: boolean) => (value: unknown) => {
        if (!closed) resolve(reverseSlot(slot), serialize(harden(value)), isFailure);
      };
      promise.then(say(false), say(true)).catch(say(true));
    }
  };

  // ------------------------------------------------------------------------------------------- questions

  const refuseQuestion = (question: Slot, reason: Error): void => {
    neverSent.add(question);
    refuse(question, reason);
  };

  const ask = (message: Message): void => {
    const { type, target } = message;
    const questionID = message.questionID as Slot;
    const method = message.method as Body | undefined;
    begun = undefined;
    const full = questions.size >= limits.questions;
    questions.add(questionID);
    // A field that is undefined is not in the text.
    const text = JSON.stringify({ type, questionID, target, method, m: idOfCall() });
    if (full) {
      const hint = 'wait for some of them before making more';
      refuseQuestion(
        questionID,
        makeError('LIMIT_EXCEEDED', `${limits.questions} calls of this session wait for answers`, { hint }),
      );
      return;
    }
    const wrong = method && (isCallable(method.body) ? refusalOf(text, method) : noSuchMethod);
    if (wrong === undefined) post(text, method ?? { body: '', slots: [] });
    else refuseQuestion(questionID, wrong);
  };

  return harden({
    pass: (message) => {
      if (closed) return;
      const { type, result, exception, res, rej } = message;
      if (type === 'CTP_CALL' || type === 'CTP_BOOTSTRAP') ask(message);
      else if (type === 'CTP_RESOLVE') resolve(message.promiseID as Slot, (rej ?? res) as Body, rej !== undefined);
      else if (type === 'CTP_RETURN') {
        settle(type, outsideSlot(message.answerID as Slot), (exception ?? result) as Body, exception !== undefined);
      }
    },
    begun: (question) => {
      const before = begun;
      begun = question;
      if (before === undefined) return;
      questions.add(before);
      refuseQuestion(before, makeError('NOT_PASSABLE', 'a value in the call cannot be sent'));
    },
    fail: (question, exception) => settle('CTP_RETURN', question, exception, true),
    tell,
    drop: (slot, mentions) => {
      if (closed || neverSent.delete(slot)) return;
      sendLazily(`{"type":"CTP_DROP","slotID":"${slot}","decRefs":${mentions}}`);
    },
    isOpen: (question) => questions.has(question),
    answered: (question) => {
      questions.delete(question);
    },
    close: () => {
      closed = true;
      questions.clear();
      neverSent.clear();
    },
  } satisfies Outgoing);
};
harden(makeOutgoing);
