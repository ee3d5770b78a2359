/**
 * Slots: how the two sides of a session name what they share. A name is written as its sender sees it: `+` is the
 * sender's own, `-` the receiver's.
 *
 *   o+5   object 5 of the sender, as long as the session lives      o+d5   the sender's durable number 5 for the receiver
 *   p+5   promise 5 of the sender                                   q-5    the answer to question 5 of the sender
 */
import { makeError } from '../errors/gobs-error.ts';

export type Slot = string;

const SHAPE = /^(?:([op])([+-])|o([+-])d)([1-9][0-9]{0,14})$/;
const QUESTION = /^q-([1-9][0-9]{0,14})$/;
const QUOTED = 40;

export interface ParsedSlot {
  readonly kind: 'object' | 'promise' | 'durable';
  /** Is it the sender's own? */
  readonly sendersOwn: boolean;
  readonly number: number;
}

/** Something of the other side's, in a message for people: bounded, and on one line. */
export const quote = (text: unknown): string => {
  const quoted = typeof text === 'string' ? JSON.stringify(text) : typeof text;
  return quoted.length > QUOTED ? `${quoted.slice(0, QUOTED)}…` : quoted;
};
harden(quote);

/** Throws PROTOCOL_ERROR. */
export const parseSlot = (slot: Slot): ParsedSlot => {
  const match = SHAPE.exec(slot);
  if (match === null) throw makeError('PROTOCOL_ERROR', `${quote(slot)} is not a slot`);
  const [, kind, sign, durableSign, number] = match;
  return {
    kind: durableSign !== undefined ? 'durable' : kind === 'p' ? 'promise' : 'object',
    sendersOwn: (sign ?? durableSign) === '+',
    number: Number(number),
  };
};
harden(parseSlot);

/** The name that the one side has for what the other calls so: `o+5` and `o-5`. */
export const reverseSlot = (slot: Slot): Slot =>
  `${slot.charAt(0)}${slot.charAt(1) === '+' ? '-' : '+'}${slot.slice(2)}`;
harden(reverseSlot);

/** What a question of the other side's is called inside @endo/captp, and back; see captp.ts. Other slots stay as they are. */
export const insideSlot = (slot: Slot): Slot => (slot.startsWith('q-') ? `q+${slot.slice(2)}` : slot);
harden(insideSlot);

export const outsideSlot = (slot: Slot): Slot => (slot.startsWith('q+') ? `q-${slot.slice(2)}` : slot);
harden(outsideSlot);

/** The number of a question. Throws PROTOCOL_ERROR. */
export const parseQuestion = (slot: Slot): number => {
  const match = QUESTION.exec(slot);
  if (match === null) throw makeError('PROTOCOL_ERROR', `${quote(slot)} is not a question`);
  return Number(match[1]);
};
harden(parseQuestion);
