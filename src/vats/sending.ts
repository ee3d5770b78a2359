/**
 * Sends of one vat: what `E(target).method(…)` in a turn does. The call is an output of the turn, and its answer a promise of the vat.
 *
 *   to a name ──────────────▶ whoever has it                              at once, when the turn is durable
 *   to an answer that is on its way ──▶ the host's promise for it         at once: the call travels after the one it depends on
 *   to a promise of the vat itself ───▶ what it is fulfilled with         when it is, and that is durable
 *
 * So messages to one reference arrive in the order in which they were sent, and those to a promise before those to what it became.
 */
import { E as hostE } from '@endo/eventual-send';
import { makeError } from '../errors/gobs-error.ts';
import type { Border } from './border.ts';
import type { Messages } from './messages.ts';
import type { RefName } from './names.ts';
import { makeQuietKit, type Kit, type PromiseBridge } from './promise-bridge.ts';
import { translateReason } from './translate.ts';
import type { Output, Turn } from './turn.ts';

export interface SendingOptions {
  readonly nameOf: (ref: object) => RefName | undefined;
  readonly border: Border;
  readonly bridge: PromiseBridge;
  /** Delivers to a name of any scheme but `host`. Host values. */
  readonly deliver: (name: RefName, method: string, args: readonly unknown[]) => Promise<unknown>;
  /** Releases an output once all is durable that is not yet. */
  readonly whenDurable: (output: Output) => void;
  /** Undefined if nothing is traced. */
  readonly messages: Messages | undefined;
  readonly vat: string;
  /** The running turn; throws OUTSIDE_TURN. */
  readonly turnFor: (what: string) => Turn;
}

/** Called by `E()` in a turn. Throws OUTSIDE_TURN, NOT_PASSABLE. */
export type Send = (target: unknown, method: string, args: readonly unknown[]) => Promise<unknown>;

const callHost = (object: unknown, method: string, args: readonly unknown[]): Promise<unknown> =>
  (hostE(object as never) as Record<string, (...args: readonly unknown[]) => Promise<unknown>>)[method]!(...args);

export const makeSend = (options: SendingOptions): Send => {
  const { nameOf, border, bridge, deliver, whenDurable, messages, turnFor } = options;
  const from = `vat:${options.vat}`;

  const requireTarget = (target: unknown, method: string): void => {
    const isReference = typeof target === 'object' && target !== null && nameOf(target) !== undefined;
    if (isReference || target instanceof Promise) return;
    throw makeError('NOT_PASSABLE', `send of ${method} to something that is neither reference nor promise`);
  };

  const dispatch = (target: object, method: string, args: readonly unknown[]): Promise<unknown> => {
    requireTarget(target, method);
    const name = nameOf(target);
    const hostArgs = border.toHost(args) as readonly unknown[];
    if (name?.startsWith('host:') === false) return deliver(name, method, hostArgs);
    return callHost(border.hostObject(target) ?? bridge.followed(target as Promise<unknown>), method, hostArgs);
  };

  const targetName = (target: unknown): string => nameOf(target as object) ?? 'promise';

  /** An object of the host passes nothing on: what it calls are messages of its own. */
  const carry = <R>(id: string | undefined, target: object, body: () => R): R =>
    id === undefined || nameOf(target)?.startsWith('host:') === true ? body() : messages!.carry({ id, from }, body);

  /** Answers through the kit, whatever happens. */
  const attempt = (kit: Kit, send: () => Promise<unknown>): void => {
    try {
      bridge.follow(kit, send());
    } catch (error) {
      kit.reject(translateReason(error));
    }
  };

  return (target, method, args) => {
    const { outputs } = turnFor(`send of ${method}`);
    requireTarget(target, method);
    border.requireSendable(args);
    const kit = makeQuietKit();
    const fail = kit.reject;
    const sent = messages && { id: messages.newId(), target: targetName(target), method };
    const sendTo = (object: object): Output => ({
      release: () => attempt(kit, () => carry(sent?.id, object, () => dispatch(object, method, args))),
      fail,
    });
    const sendLater = (promise: Promise<unknown>): void => {
      promise.then((value) => whenDurable(sendTo(value as object)), fail);
    };
    const release = (): void => {
      const isOwnPromise = target instanceof Promise && bridge.followed(target) === undefined;
      if (isOwnPromise) sendLater(target);
      else sendTo(target as object).release();
    };
    outputs.push(sent === undefined ? { release, fail } : { release, fail, sent });
    return kit.promise;
  };
};
harden(makeSend);
