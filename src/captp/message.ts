/**
 * Taking a frame's text apart. What comes out has the types that it claims to have; what does not is refused with
 * PROTOCOL_ERROR or LIMIT_EXCEEDED, which cost the session.
 *
 * A frame is a flat record with a `type`. Fields that are not known are left alone: a later version may send a message id along.
 */
import { makeError } from '../errors/gobs-error.ts';
import { checkShape, type ShapeLimits } from '../vats/json-shape.ts';
import { quote, type Slot } from './slots.ts';

/** A value in Endo's capdata encoding. */
export interface Body {
  /** JSON text. */
  readonly body: string;
  readonly slots: readonly Slot[];
}

export type Message = Readonly<Record<string, unknown>> & { readonly type: string };

/** Around a body there is nothing but a frame's own fields, and slots. */
const FRAME_DEPTH = 4;
const FRAME_VALUES = 32;
const SLOT_LENGTH = 20;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const parseMessage = (text: string, slots: number): Message => {
  checkShape(text, { depth: FRAME_DEPTH, values: slots + FRAME_VALUES });
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw makeError('PROTOCOL_ERROR', `a frame that is not JSON: ${quote(text)}`);
  }
  if (!isRecord(message) || typeof message.type !== 'string') {
    throw makeError('PROTOCOL_ERROR', `a frame without a type: ${quote(text)}`);
  }
  return message as Message;
};
harden(parseMessage);

const wrong = (message: Message, field: string, expected: string): Error =>
  makeError(
    'PROTOCOL_ERROR',
    `${quote(message.type)} with ${field} ${quote(message[field])}, where ${expected} is expected`,
  );

const isSlot = (value: unknown): value is Slot => typeof value === 'string' && value.length <= SLOT_LENGTH;

/** A short text, which may or may not be a slot that means something. */
export const slotField = (message: Message, field: string): Slot => {
  const slot = message[field];
  if (!isSlot(slot)) throw wrong(message, field, 'a slot');
  return slot;
};
harden(slotField);

export const countField = (message: Message, field: string): number => {
  const count = message[field];
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) throw wrong(message, field, 'a count');
  return count;
};
harden(countField);

/** A body that is not too large to be decoded. */
export const bodyField = (message: Message, field: string, limits: ShapeLimits & { readonly slots: number }): Body => {
  const value = message[field];
  if (!isRecord(value) || typeof value.body !== 'string' || !Array.isArray(value.slots)) {
    throw wrong(message, field, 'a body');
  }
  if (value.slots.length > limits.slots) {
    throw makeError(
      'LIMIT_EXCEEDED',
      `a message has ${value.slots.length} references, where ${limits.slots} are allowed`,
    );
  }
  if (!value.slots.every(isSlot)) throw wrong(message, field, 'a body with slots');
  checkShape(value.body, limits);
  return value as unknown as Body;
};
harden(bodyField);
