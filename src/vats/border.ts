/**
 * A vat's border: what crosses it, either way, is translated by name. The host's objects have names while somebody holds them, and the
 * vat's reference holds the object.
 */
import { makeError } from '../errors/gobs-error.ts';
import { isDurableName, type RefName } from './names.ts';
import type { PromiseBridge } from './promise-bridge.ts';
import { translate } from './translate.ts';

export interface Border {
  /** A host's value in the vat. Hardens it. Throws NOT_PASSABLE. */
  toVat(value: unknown): unknown;
  /** A vat's value in the host world; called after the turn is durable. */
  toHost(value: unknown): unknown;
  /** Hardens; throws NOT_PASSABLE for what `toHost` would refuse. Gives the value. */
  requireSendable<T>(value: T): T;
  /** The object behind a reference of the vat to something that is not durable. */
  hostObject(ref: object): object | undefined;
}

export interface BorderOptions {
  readonly nameOf: (ref: object) => RefName | undefined;
  readonly refFor: (name: RefName) => object;
  /** The host's reference for a name; `keepAlive` must live as long as it. */
  readonly hostRef: (name: RefName, keepAlive: object) => object;
  /** The name of a host object, given one if it has none. */
  readonly hostName: (object: object) => RefName;
  readonly bridge: Pick<PromiseBridge, 'toVat' | 'toHost'>;
}

export const makeBorder = ({ nameOf, refFor, hostRef, hostName, bridge }: BorderOptions): Border => {
  /** By reference of the vat; held as long as it, since what is not durable is gone when nobody holds it. */
  const hostObjects = new WeakMap<object, object>();

  const referenceToVat = (object: object): object => {
    if (typeof object === 'function') {
      throw makeError('NOT_PASSABLE', 'a function cannot be called from a vat', {
        hint: 'pass an object with methods',
      });
    }
    const name = hostName(object);
    const ref = refFor(name);
    if (!isDurableName(name)) hostObjects.set(ref, object);
    return ref;
  };

  const requireName = (ref: object): RefName => {
    const name = nameOf(ref);
    if (name !== undefined) return name;
    throw makeError('NOT_PASSABLE', 'an object that is no actor cannot leave its vat', {
      hint: 'spawn an ephemeral actor',
    });
  };

  const intoVat = { reference: referenceToVat, promise: bridge.toVat };
  const intoHost = {
    reference: (ref: object) => hostObjects.get(ref) ?? hostRef(requireName(ref), ref),
    promise: bridge.toHost,
  };
  const asItIs = {
    reference: (ref: object) => {
      requireName(ref);
      return ref;
    },
    promise: (promise: Promise<unknown>) => promise,
  };

  return harden({
    toVat: (value: unknown) => translate(value, intoVat),
    toHost: (value: unknown) => translate(value, intoHost),
    requireSendable: <T>(value: T): T => {
      translate(value, asItIs);
      return value;
    },
    hostObject: (ref: object) => hostObjects.get(ref),
  });
};
harden(makeBorder);
