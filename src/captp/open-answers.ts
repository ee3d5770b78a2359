/**
 * The other side's questions, from their arrival until it lets go of their answers; and the calls of what is not there yet.
 *
 *   q-7 asked ──▶ open ──answered──▶ kept ──dropped──▶ gone
 *                  └─ calls of it wait here (pipelining), and go on once it is known what they meet
 *
 * @endo/captp would pass a call of an answer on to whatever the answer becomes, and with it the methods of strings and arrays: `repeat` of
 * an answered text makes gigabytes of it. So such a call waits here, which costs the caller no round trip, until the answer is sent, and
 * goes on only if that is a reference.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Limits } from './limits.ts';
import type { Body } from './message.ts';
import { parseQuestion, quote, type Slot } from './slots.ts';

/** What an answer or promise turned into: something to call, or why it cannot be called, as it was or would be sent. */
export type Outcome = 'reference' | Body;

/** Goes on with a call, once it is known what it meets. */
export type Waiting = (outcome: Outcome) => void;

export interface OpenAnswers {
  /** Throws PROTOCOL_ERROR for a number that was used, LIMIT_EXCEEDED. */
  ask(slot: Slot): void;
  /** A call of an answer, or of a promise: now, or when it is settled. Throws PROTOCOL_ERROR for an answer that is not kept. */
  call(target: Slot, go: Waiting): void;
  /** An answer, or the settlement of a promise of ours, was sent. */
  settled(slot: Slot, outcome: Outcome): void;
  /** A promise of ours was given to the other side. */
  promised(slot: Slot): void;
  /** Throws PROTOCOL_ERROR for an answer that was not given yet. */
  drop(slot: Slot): void;
  /** A promise of ours that the other side let go of. Throws PROTOCOL_ERROR if it was not told how that was settled. */
  forget(slot: Slot): void;
  readonly size: number;
  clear(): void;
}

interface Entry {
  outcome: Outcome | undefined;
  readonly waiting: Waiting[];
}

export const makeOpenAnswers = (limits: Pick<Limits, 'questions'>): OpenAnswers => {
  const entries = new Map<Slot, Entry>();
  let questions = 0;
  let lastNumber = 0;

  const open = (slot: Slot): void => {
    entries.set(slot, { outcome: undefined, waiting: [] });
  };

  return harden({
    ask: (slot) => {
      const number = parseQuestion(slot);
      if (number <= lastNumber) throw makeError('PROTOCOL_ERROR', `question ${slot} comes after q-${lastNumber}`);
      if (questions >= limits.questions) {
        throw makeError('LIMIT_EXCEEDED', `more than ${limits.questions} questions are open`);
      }
      lastNumber = number;
      questions += 1;
      open(slot);
    },
    call: (target, go) => {
      const entry = entries.get(target);
      if (entry === undefined) throw makeError('PROTOCOL_ERROR', `${quote(target)} was called, which is not there`);
      if (entry.outcome === undefined) entry.waiting.push(go);
      else go(entry.outcome);
    },
    settled: (slot, outcome) => {
      const entry = entries.get(slot);
      if (entry === undefined || entry.outcome !== undefined) return;
      entry.outcome = outcome;
      for (const go of entry.waiting.splice(0)) go(outcome);
    },
    promised: (slot) => {
      if (!entries.has(slot)) open(slot);
    },
    drop: (slot) => {
      if (entries.get(slot)?.outcome === undefined) {
        throw makeError('PROTOCOL_ERROR', `the answer to ${quote(slot)} was dropped, which was not given yet`);
      }
      entries.delete(slot);
      questions -= 1;
    },
    forget: (slot) => {
      const entry = entries.get(slot);
      if (entry !== undefined && entry.outcome === undefined) {
        throw makeError('PROTOCOL_ERROR', `promise ${quote(slot)} was dropped before it was settled`);
      }
      entries.delete(slot);
    },
    get size() {
      return questions;
    },
    clear: () => {
      entries.clear();
      questions = 0;
    },
  } satisfies OpenAnswers);
};
harden(makeOpenAnswers);
