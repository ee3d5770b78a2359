/**
 * Promises on the two sides of a vat's border. Each promise of one side has one on the other. A settlement enters as a message: it
 * is enqueued, and settles its twin when the vat comes to it. It leaves when everything is durable that it may tell of.
 */
import { HandledPromise } from '@endo/eventual-send';
import type { Output } from './turn.ts';

export interface PromiseBridge {
  /** The host's twin of a vat's promise. */
  toHost(promise: Promise<unknown>): Promise<unknown>;
  /** The vat's twin of a host's promise. */
  toVat(promise: Promise<unknown>): Promise<unknown>;
  /** Makes the two twins: what happens to the host's will happen to the vat's. */
  follow(kit: Kit, hostPromise: Promise<unknown>): void;
  /** The host's promise that one of the vat follows: what is sent to it need not wait. Undefined for the vat's own. */
  followed(promise: Promise<unknown>): Promise<unknown> | undefined;
}

export interface Kit {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export interface PromiseBridgeOptions {
  readonly enqueue: (step: () => void) => void;
  /** Releases an output once all is durable that is not yet. */
  readonly whenDurable: (output: Output) => void;
  readonly valueToVat: (value: unknown) => unknown;
  readonly valueToHost: (value: unknown) => unknown;
  readonly reason: (reason: unknown) => Error;
}

const ignore = (): void => {};

/**
 * A promise whose rejection nobody need handle: who wants to know asks. There is one for each message, so it is not the kit
 * of @endo/promise-kit: hardening that takes seven times as long as all that is done here.
 */
export const makeQuietKit = (): Kit => {
  let [resolve, reject]: [Kit['resolve'], Kit['reject']] = [ignore, ignore];
  const promise = new HandledPromise<unknown>((fulfil, fail) => {
    [resolve, reject] = [fulfil, fail];
  });
  promise.catch(ignore);
  return { promise: harden(promise), resolve, reject };
};
harden(makeQuietKit);

export const makePromiseBridge = (options: PromiseBridgeOptions): PromiseBridge => {
  const { enqueue, whenDurable, valueToVat, valueToHost, reason } = options;
  const followedBy = new WeakMap<Promise<unknown>, Promise<unknown>>();
  const ledBy = new WeakMap<Promise<unknown>, Promise<unknown>>();
  const vatOf = new WeakMap<Promise<unknown>, Promise<unknown>>();

  const settle = (kit: Kit, act: () => unknown): void => {
    try {
      kit.resolve(act());
    } catch (error) {
      kit.reject(reason(error));
    }
  };

  const follow = (kit: Kit, hostPromise: Promise<unknown>): void => {
    followedBy.set(kit.promise, hostPromise);
    vatOf.set(hostPromise, kit.promise);
    hostPromise.then(
      (value) => enqueue(() => settle(kit, () => valueToVat(value))),
      (error: unknown) => enqueue(() => kit.reject(reason(error))),
    );
  };

  const lead = (kit: Kit, vatPromise: Promise<unknown>): void => {
    ledBy.set(vatPromise, kit.promise);
    vatOf.set(kit.promise, vatPromise);
    const fail = kit.reject;
    vatPromise.then(
      (value) => whenDurable({ release: () => settle(kit, () => valueToHost(value)), fail }),
      (error: unknown) => whenDurable({ release: () => kit.reject(reason(error)), fail }),
    );
  };

  const twin = (connect: (kit: Kit, promise: Promise<unknown>) => void, promise: Promise<unknown>) => {
    const kit = makeQuietKit();
    connect(kit, promise);
    return kit.promise;
  };

  return harden({
    follow,
    toVat: (hostPromise) => vatOf.get(hostPromise) ?? twin(follow, hostPromise),
    toHost: (vatPromise) => followedBy.get(vatPromise) ?? ledBy.get(vatPromise) ?? twin(lead, vatPromise),
    followed: (vatPromise) => followedBy.get(vatPromise),
  });
};
harden(makePromiseBridge);
