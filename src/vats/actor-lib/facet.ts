/**
 * A facet: passes on the methods of a list to its target, and no others. What the target returns is passed on as it is, so a facet of
 * something that hands out more than its list allows is no wall.
 *
 * Callers use `invoke(method, args)`: a guard is fixed when a kind is defined, and the list is not known then.
 */
import { M } from '@endo/patterns';
import { makeError } from '../../errors/gobs-error.ts';
import { E } from '../eventual-send.ts';
import { defineKind } from '../kind.ts';

export interface Facet {
  /** → a promise for what the target answers. Throws NO_SUCH_METHOD for one that is not on the list. */
  invoke(method: string, args: readonly unknown[]): Promise<unknown>;
  methods(): readonly string[];
}

export interface FacetPortrait {
  readonly target: object;
  readonly methods: readonly string[];
}

export const FacetI = M.interface('Facet', {
  invoke: M.call(M.string(), M.array()).returns(M.promise()),
  methods: M.call().returns(M.arrayOf(M.string())),
});

export const facetKind = defineKind<FacetPortrait, Facet>({
  label: 'facet',
  guard: FacetI,
  portrait: M.splitRecord({ target: M.remotable(), methods: M.arrayOf(M.string()) }),
  behave: (_bcom, _self, { target, methods }) => ({
    methods: () => methods,
    invoke: (method, args) => {
      if (!methods.includes(method)) throw makeError('NO_SUCH_METHOD', `this facet has no method ${JSON.stringify(method)}`);
      return (E(target) as Record<string, (...all: unknown[]) => Promise<unknown>>)[method]!(...args);
    },
  }),
});
