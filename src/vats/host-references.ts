/**
 * References of the host world: one object for one name, and a name for every object of the host that was sent to a vat.
 *
 * A reference to an actor is a presence: it answers only to `E()`. Both tables are weak: what nobody holds is forgotten, and made again
 * for the same name it is indistinguishable. (A host object that was forgotten gets another name.)
 */
import { HandledPromise } from '@endo/eventual-send';
import { Remotable } from '@endo/pass-style';
import { makeError } from '../errors/gobs-error.ts';
import type { RefName } from './names.ts';
import { livingIn } from './references.ts';

export interface HostReferences {
  /** `keepAlive`, if given, lives as long as the reference. */
  refFor(name: RefName, keepAlive?: object): object;
  /** Undefined for an object that has none. */
  nameOf(object: object): RefName | undefined;
  /** Gives a host object a name if it has none. */
  nameFor(object: object): RefName;
  /** As in references.ts. */
  living(): Iterable<RefName | undefined>;
}

export interface HostReferencesOptions {
  readonly deliver: (name: RefName, method: string, args: readonly unknown[]) => Promise<unknown>;
  /** What a reference is called when it is shown; a mistake in it does no harm. */
  readonly interfaceName: (name: RefName) => string | undefined;
  /** Told of each reference that is made. */
  readonly onMade: (name: RefName) => void;
}

const refuse = (what: string): Promise<never> =>
  Promise.reject(makeError('NO_SUCH_METHOD', `a reference answers method calls only, not ${what}`));

const makePresence = (name: RefName, { deliver, interfaceName }: HostReferencesOptions): object => {
  let presence: object = {};
  const handler = {
    applyMethod: (_ref: object, method: PropertyKey, args: unknown[]) => deliver(name, String(method), args),
    get: (_ref: object, property: PropertyKey) => refuse(`reading property ${String(property)}`),
    applyFunction: () => refuse('calling it as a function'),
  };
  void new HandledPromise((_resolve, _reject, resolveWithPresence) => {
    presence = resolveWithPresence(handler) as object;
  });
  return Remotable(`Alleged: ${interfaceName(name) ?? 'Reference'}`, undefined, presence as never) as object;
};

export const makeHostReferences = (options: HostReferencesOptions): HostReferences => {
  const objects = new Map<RefName, WeakRef<object>>();
  const names = new WeakMap<object, RefName>();
  const keptAlive = new WeakMap<object, object>();
  const collected = new FinalizationRegistry<RefName>((name) => {
    if (objects.get(name)?.deref() === undefined) objects.delete(name);
  });
  let given = 0;

  const join = (name: RefName, object: object): void => {
    names.set(object, name);
    objects.set(name, new WeakRef(object));
    collected.register(object, name);
  };

  const refFor = (name: RefName): object => {
    const known = objects.get(name)?.deref();
    if (known !== undefined) return known;
    options.onMade(name);
    const ref = makePresence(name, options);
    // The name of a host object that is gone may be some other's one day.
    if (!name.startsWith('host:')) join(name, ref);
    return ref;
  };

  return harden({
    refFor: (name, keepAlive) => {
      const ref = refFor(name);
      if (keepAlive !== undefined) keptAlive.set(ref, keepAlive);
      return ref;
    },
    nameOf: (object) => names.get(object),
    nameFor: (object) => {
      const known = names.get(object);
      if (known !== undefined) return known;
      given += 1;
      const name = `host:${given}`;
      join(name, object);
      return name;
    },
    living: () => livingIn(objects),
  } satisfies HostReferences);
};
harden(makeHostReferences);
