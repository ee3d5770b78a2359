/**
 * Promises on the two sides of a vat's border. Each promise of one side has one on the other; a settlement crosses as a message: it
 * is enqueued, and settles its twin when the vat comes to it.
 */
import { makePromiseKit } from '@endo/promise-kit';

export interface PromiseBridge {
  /** The host's twin of a vat's promise. */
  toHost(promise: Promise<unknown>): Promise<unknown>;
  /** The vat's twin of a host's promise. */
  toVat(promise: Promise<unknown>): Promise<unknown>;
  /** Makes the two twins: what happens to the host's will happen to the vat's. */
  follow(kit: Kit, hostPromise: Promise<unknown>): void;
}

export interface Kit {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export interface PromiseBridgeOptions {
  readonly enqueue: (step: () => void) => void;
  readonly valueToVat: (value: unknown) => unknown;
  readonly valueToHost: (value: unknown) => unknown;
  readonly reason: (reason: unknown) => Error;
}

const ignore = (): void => {};

/** A promise whose rejection nobody need handle: who wants to know asks. */
export const makeQuietKit = (): Kit => {
  const { promise, resolve, reject } = makePromiseKit<unknown>();
  promise.catch(ignore);
  return { promise: harden(promise), resolve, reject };
};

export const makePromiseBridge = ({ enqueue, valueToVat, valueToHost, reason }: PromiseBridgeOptions): PromiseBridge => {
  const hostOf = new WeakMap<Promise<unknown>, Promise<unknown>>();
  const vatOf = new WeakMap<Promise<unknown>, Promise<unknown>>();

  const join = (vatPromise: Promise<unknown>, hostPromise: Promise<unknown>): void => {
    hostOf.set(vatPromise, hostPromise);
    vatOf.set(hostPromise, vatPromise);
  };

  const settle = (kit: Kit, act: () => unknown): void => {
    try {
      kit.resolve(act());
    } catch (error) {
      kit.reject(reason(error));
    }
  };

  const follow = (kit: Kit, hostPromise: Promise<unknown>): void => {
    join(kit.promise, hostPromise);
    hostPromise.then(
      (value) => enqueue(() => settle(kit, () => valueToVat(harden(value)))),
      (error: unknown) => enqueue(() => kit.reject(reason(error))),
    );
  };

  return harden({
    follow,
    toVat: (hostPromise) => {
      const known = vatOf.get(hostPromise);
      if (known !== undefined) return known;
      const kit = makeQuietKit();
      follow(kit, hostPromise);
      return kit.promise;
    },
    toHost: (vatPromise) => {
      const known = hostOf.get(vatPromise);
      if (known !== undefined) return known;
      const kit = makeQuietKit();
      join(vatPromise, kit.promise);
      vatPromise.then(
        (value) => settle(kit, () => valueToHost(harden(value))),
        (error: unknown) => kit.reject(reason(error)),
      );
      return kit.promise;
    },
  });
};
