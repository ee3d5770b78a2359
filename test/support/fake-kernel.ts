/**
 * A kernel for tests of peers, strictly by src/vats/kernel-contract.ts: its actors are plain methods under durable names, and its
 * store is a Map that outlives it, so that a restart is a new kernel over the same Map.
 */
import { HandledPromise } from '@endo/eventual-send';
import { Remotable } from '@endo/pass-style';
import { makeError } from '../../src/errors/gobs-error.ts';
import type { Committer, Kernel, Router } from '../../src/vats/kernel-contract.ts';
import type { RefName } from '../../src/vats/names.ts';

export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

export interface FakeKernel extends Kernel {
  /** Makes an actor, and gives the host's reference to it. */
  add(name: RefName, methods: Methods): object;
  /** What is durable. */
  readonly rows: Map<string, string>;
  /** From now on writes wait, until `release`; a reason makes them fail. */
  holdWrites(): void;
  release(reason?: Error): void;
}

export const makeFakeKernel = (rows = new Map<string, string>()): FakeKernel => {
  const actors = new Map<RefName, Methods>();
  const refs = new Map<RefName, WeakRef<object>>();
  const names = new WeakMap<object, RefName>();
  const routers = new Map<string, Router>();
  const pending = new Map<string, string>();
  let gate: PromiseWithResolvers<void> | undefined;

  const committer: Committer = {
    get: (key) => pending.get(key) ?? rows.get(key),
    page: async ({ gt, lt, limit }) =>
      [...rows]
        .filter(([key]) => key > gt && key < lt)
        .sort()
        .slice(0, limit),
    write: async (ops) => {
      for (const op of ops) if (op.type === 'put') pending.set(op.key, op.value);
      try {
        await gate?.promise;
        await new Promise((resolve) => setImmediate(resolve));
        for (const op of ops) {
          if (op.type === 'put') rows.set(op.key, op.value);
          else rows.delete(op.key);
        }
      } finally {
        for (const op of ops) pending.delete(op.key);
      }
    },
  };

  const deliver = async (name: RefName, method: string, args: readonly unknown[]): Promise<unknown> => {
    const router = routers.get(name.slice(0, name.indexOf(':')));
    if (router !== undefined) return router.deliver(name, method, args);
    const methods = actors.get(name);
    if (methods === undefined) throw makeError('NO_SUCH_ACTOR', `${name} is not there`);
    const found = methods[method];
    if (found === undefined) throw makeError('NO_SUCH_METHOD', `${name} has no method ${method}`);
    return (found as (...all: unknown[]) => unknown)(...args);
  };

  const refOf = (name: RefName): object => {
    const known = refs.get(name)?.deref();
    if (known !== undefined) return known;
    let presence: object = {};
    void new HandledPromise((_resolve, _reject, resolveWithPresence) => {
      presence = resolveWithPresence({
        applyMethod: (_target: unknown, method: PropertyKey | undefined, args: unknown[]) =>
          deliver(name, String(method), args),
      }) as object;
    });
    const ref = Remotable('Alleged: Actor', undefined, presence) as object;
    refs.set(name, new WeakRef(ref));
    names.set(ref, name);
    return ref;
  };

  return {
    committer,
    nameOf: (value) => (typeof value === 'object' && value !== null ? names.get(value) : undefined),
    refOf,
    setRouter: (scheme, router) => {
      if (routers.has(scheme)) throw TypeError(`scheme ${scheme} has a router`);
      routers.set(scheme, router);
    },
    add: (name, methods) => {
      actors.set(name, methods);
      return refOf(name);
    },
    rows,
    holdWrites: () => {
      gate = Promise.withResolvers();
      gate.promise.catch(() => {});
    },
    release: (reason) => {
      if (reason === undefined) gate?.resolve();
      else gate?.reject(reason);
      gate = undefined;
    },
  };
};
