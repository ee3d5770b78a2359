/** What statements find by name, beside the language and `harden`, which lockdown put there. */
import { E, Far } from '@endo/far';
import type { Boss } from '../../protocol/remotes.ts';

/** What the REPL is about: the boss, or, where a locator of something else was given, that. */
export type Subject =
  { readonly name: 'boss'; readonly reference: object } | { readonly name: 'shared'; readonly reference: object };

export interface ScopePowers {
  readonly subject: Subject;
  /** Gives what a locator names. */
  readonly enliven: (locator: string) => Promise<unknown>;
}

const bossFunctions = (reference: object) => {
  const boss = reference as Boss;
  return {
    machine: (name: string) => E(boss).machine(name),
    // The guard wants the reference itself, people write promises for one.
    locatorFor: async (reference: unknown) => E(boss).locatorFor((await reference) as object),
  };
};

export const scopeFor = ({ subject, enliven }: ScopePowers): Readonly<Record<string, unknown>> =>
  harden({
    E,
    Far,
    enliven,
    [subject.name]: subject.reference,
    ...(subject.name === 'boss' ? bossFunctions(subject.reference) : {}),
  });
harden(scopeFor);

/** Puts the names there; the result takes them away and brings back what they hid. */
export const enterScope = (scope: object, names: Readonly<Record<string, unknown>>): (() => void) => {
  const hidden = Object.keys(names).map((name) => [name, Object.getOwnPropertyDescriptor(scope, name)] as const);
  for (const [name, value] of Object.entries(names)) {
    Object.defineProperty(scope, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return () => {
    for (const [name, descriptor] of hidden) {
      if (descriptor === undefined) Reflect.deleteProperty(scope, name);
      else Object.defineProperty(scope, name, descriptor);
    }
  };
};
harden(enterScope);
