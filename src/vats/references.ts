/**
 * One vat's references: one object for one name, and back. An object lives as long as somebody in the vat holds it; made again
 * for the same name it is indistinguishable, since nothing can have kept the old one. It inherits from one prototype
 * per facet, so a reference costs no more than an empty object.
 */
import { Far } from '@endo/pass-style';
import type { FacetGuard } from './guards.ts';
import type { RefName } from './names.ts';

export interface References {
  /** Undefined for what is not a reference of this vat. */
  nameOf(value: object): RefName | undefined;
  refFor(name: RefName): object;
  /** The names of all that there are when it is first asked, and perhaps of others; undefined in the place of one that nobody holds any more. */
  living(): Iterable<RefName | undefined>;
}

/** Those that come while it goes on are behind those that were there, so it need not go on for ever. */
export const livingIn = function* livingIn(
  objects: ReadonlyMap<RefName, WeakRef<object>>,
): Generator<RefName | undefined, void> {
  let left = objects.size;
  for (const [name, ref] of objects) {
    if (left === 0) return;
    left -= 1;
    yield ref.deref() === undefined ? undefined : name;
  }
};
harden(livingIn);

type NearCall = (ref: object, method: string, args: unknown[]) => unknown;

const makePrototype = ({ interfaceName, methods }: FacetGuard, nearCall: NearCall): object =>
  Far(
    interfaceName,
    Object.fromEntries(
      [...methods.keys()].map((method) => [
        method,
        // Concise, so that it is not a constructor; `this` tells which reference it is called on.
        {
          [method](this: object, ...args: unknown[]): unknown {
            return nearCall(this, method, args);
          },
        }[method]!,
      ]),
    ) as Record<string, never>,
  );

/**
 * `facetOf` gives the guard where the actor lives in this vat, so that it can be called near; all others only answer to `E()`. `onMade` is
 * told of each object that is made.
 */
export const makeReferences = (
  nearCall: NearCall,
  facetOf: (name: RefName) => FacetGuard | undefined,
  onMade: (name: RefName) => void,
): References => {
  const names = new WeakMap<object, RefName>();
  const objects = new Map<RefName, WeakRef<object>>();
  const collected = new FinalizationRegistry<RefName>((name) => {
    if (objects.get(name)?.deref() === undefined) objects.delete(name);
  });
  const prototypes = new Map<FacetGuard, object>();
  const farPrototype = Far('Reference', {});

  const prototypeFor = (facet: FacetGuard | undefined): object => {
    if (facet === undefined) return farPrototype;
    const known = prototypes.get(facet);
    if (known !== undefined) return known;
    const made = makePrototype(facet, nearCall);
    prototypes.set(facet, made);
    return made;
  };

  return harden({
    nameOf: (value: object) => names.get(value),
    refFor: (name: RefName) => {
      const known = objects.get(name)?.deref();
      if (known !== undefined) return known;
      onMade(name);
      const ref = harden(Object.create(prototypeFor(facetOf(name))) as object);
      names.set(ref, name);
      objects.set(name, new WeakRef(ref));
      collected.register(ref, name);
      return ref;
    },
    living: () => livingIn(objects),
  });
};
harden(makeReferences);
