/**
 * Guards: which methods a facet has, and what arguments each takes. They are read once, when a kind is defined, and checked once per
 * message, where it enters the vat. Near calls are not checked.
 */
import {
  getInterfaceGuardPayload,
  getMethodGuardPayload,
  isAwaitArgGuard,
  isRawGuard,
  M,
  mustMatch,
  type InterfaceGuard,
  type MethodGuard,
  type Pattern,
} from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import { quickMatch } from './quick-match.ts';

interface ArgumentsGuard {
  readonly pattern: Pattern;
  /** How many arguments it takes at most. */
  readonly most: number;
}

export interface FacetGuard {
  /** As in `M.interface(name, …)`: what a holder of the reference sees it called. */
  readonly interfaceName: string;
  readonly guard: InterfaceGuard;
  readonly methods: ReadonlyMap<string, ArgumentsGuard>;
  /** Takes every other method too, with any arguments: `defaultGuards: 'passable'`. */
  readonly open: boolean;
}

/** What `E()` cannot call, or what would make a reference look like a promise. */
const UNCALLABLE = new Set(['name', 'length', 'then', 'constructor', 'toString', 'valueOf', '__proto__']);

const isCallable = (method: string): boolean => method !== '' && !UNCALLABLE.has(method) && !method.startsWith('__');

const readArguments = (where: string, methodGuard: MethodGuard): ArgumentsGuard => {
  const { callKind, argGuards, optionalArgGuards = [], restArgGuard } = getMethodGuardPayload(methodGuard);
  if (callKind !== 'sync') throw TypeError(`${where}: methods are synchronous; use M.call, not M.callWhen`);
  const all = [...argGuards, ...optionalArgGuards, ...(restArgGuard === undefined ? [] : [restArgGuard])];
  if (all.some((guard) => isAwaitArgGuard(guard) || isRawGuard(guard))) {
    throw TypeError(`${where}: M.await and M.raw are not supported in guards`);
  }
  const [required, optional] = [argGuards, optionalArgGuards] as [Pattern[], Pattern[]];
  return {
    pattern: M.splitArray(required, optional, restArgGuard as Pattern | undefined),
    most: restArgGuard === undefined ? argGuards.length + optionalArgGuards.length : Infinity,
  };
};

export const readFacetGuard = (where: string, guard: InterfaceGuard): FacetGuard => {
  const { interfaceName, methodGuards, symbolMethodGuards, defaultGuards } = getInterfaceGuardPayload(guard);
  if (defaultGuards === 'raw') throw TypeError(`${where}: defaultGuards must be 'passable' or none`);
  if (symbolMethodGuards !== undefined) throw TypeError(`${where}: methods have names, not symbols`);
  const methods = new Map<string, ArgumentsGuard>();
  for (const [method, methodGuard] of Object.entries(methodGuards as Record<string, MethodGuard>)) {
    if (!isCallable(method)) {
      throw TypeError(`${where}: a method cannot be called ${JSON.stringify(method)}`);
    }
    methods.set(method, readArguments(`${where}.${method}`, methodGuard));
  }
  return harden({ interfaceName, guard, methods, open: defaultGuards === 'passable' });
};
harden(readFacetGuard);

/** For a reference to what may be one of several: it has the methods of all. Arguments are checked by the guard of what it is. */
export const joinFacetGuards = (guards: readonly FacetGuard[]): FacetGuard => {
  const [first, ...others] = guards;
  if (others.every((guard) => guard === first)) return first!;
  return harden({
    interfaceName: [...new Set(guards.map(({ interfaceName }) => interfaceName))].join(' or '),
    guard: first!.guard,
    methods: new Map(guards.flatMap(({ methods }) => [...methods])),
    open: guards.some(({ open }) => open),
  });
};
harden(joinFacetGuards);

/** Throws NO_SUCH_METHOD or BAD_ARGUMENTS, which names method and argument. */
export const checkArguments = (facet: FacetGuard, method: string, args: readonly unknown[]): void => {
  const takes = facet.methods.get(method);
  if (takes === undefined) {
    if (facet.open && isCallable(method)) return;
    throw makeError('NO_SUCH_METHOD', `${facet.interfaceName} has no method ${JSON.stringify(method)}`);
  }
  if (args.length > takes.most) {
    throw makeError('BAD_ARGUMENTS', `${facet.interfaceName}.${method}: ${args.length} arguments, takes ${takes.most}`);
  }
  if (quickMatch(takes.pattern)(args)) return;
  try {
    mustMatch(args, takes.pattern, 'arguments');
  } catch (error) {
    throw makeError('BAD_ARGUMENTS', `${facet.interfaceName}.${method}: ${(error as Error).message}`);
  }
};
harden(checkArguments);
