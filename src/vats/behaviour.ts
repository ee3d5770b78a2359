/**
 * Behaviours: the methods that a kind makes from one portrait, by facet. What a guard promises must be there, nothing else, and nothing
 * asynchronous: what goes on after an `await` would be outside the turn.
 */
import { makeError } from '../errors/gobs-error.ts';
import { otherwise, type AnyKind, type Otherwise } from './kind.ts';

type Method = (...args: unknown[]) => unknown;
type Methods = Readonly<Record<string, Method>> & { readonly [otherwise]?: Otherwise };

export type Behaviour = Readonly<Record<string, Methods>>;

const AsyncFunction = Object.getPrototypeOf(async () => {}) as object;

const requireSynchronous = (where: string, code: Method): void => {
  if (Object.getPrototypeOf(code) === AsyncFunction) {
    throw TypeError(`${where}: methods are synchronous; use on(promise, handler)`);
  }
};

/** Throws TypeError if the methods are not those of the guards, or one is asynchronous. Called once for a kind: a mistake is in all. */
export const checkBehaviour = (kind: AnyKind, behaviour: Behaviour): void => {
  for (const [facet, { methods, open }] of kind.facets) {
    const where = `${kind.label}.${facet}`;
    const made = behaviour[facet] ?? ({} as Methods);
    for (const [method, code] of Object.entries(made)) {
      if (!methods.has(method)) throw TypeError(`${where}: method ${method} is not in the guard`);
      requireSynchronous(`${where}.${method}`, code);
    }
    for (const method of methods.keys()) {
      if (!Object.hasOwn(made, method)) throw TypeError(`${where}: method ${method} is missing`);
    }
    if (open !== Object.hasOwn(made, otherwise)) {
      throw TypeError(`${where}: [otherwise] goes with defaultGuards 'passable', and only with it`);
    }
  }
};
harden(checkBehaviour);

/** Runs a method that is in the guard, or if the facet is open any other. Throws NO_SUCH_METHOD, or what the method throws. */
export const callMethod = (
  kind: AnyKind,
  facet: string,
  behaviour: Behaviour,
  method: string,
  args: readonly unknown[],
): unknown => {
  const where = `${kind.label}.${facet}`;
  const guard = kind.facets.get(facet);
  const made = behaviour[facet];
  if (guard === undefined || made === undefined) throw makeError('NO_SUCH_ACTOR', `there is no facet ${where}`);
  if (guard.methods.has(method) && Object.hasOwn(made, method)) {
    const code = made[method]!;
    requireSynchronous(`${where}.${method}`, code);
    return code(...args);
  }
  const other = made[otherwise];
  if (other === undefined) throw makeError('NO_SUCH_METHOD', `${where} has no method ${JSON.stringify(method)}`);
  requireSynchronous(`${where}[otherwise]`, other as Method);
  return other(method, args);
};
harden(callMethod);
