/**
 * A facet: passes on the methods of a list to its target, and refuses all others. Its holder calls them as if it were the target:
 * `E(facet).read()`. What the target returns is passed on as it is, so a facet of something that hands out more than its list allows is no
 * wall.
 */
import { M } from '@endo/patterns';
import { makeError } from '../../errors/gobs-error.ts';
import { defineKind, otherwise, type TurnTools } from '../kind.ts';
import { forward } from './forward.ts';

export interface FacetPortrait {
  readonly target: object;
  readonly methods: readonly string[];
}

/** The target's own guard checks the arguments. */
export const FacetI = M.interface('Facet', {}, { defaultGuards: 'passable' });

export const facetKind = defineKind<FacetPortrait, object>({
  label: 'facet',
  guard: FacetI,
  portrait: M.splitRecord({ target: M.remotable(), methods: M.arrayOf(M.string()) }),
  behave: (_bcom, _self, { target, methods }) => ({
    [otherwise]: (method, args) => {
      if (method === '__getMethodNames__') return methods;
      if (methods.includes(method)) return forward(target, method, args);
      throw makeError('NO_SUCH_METHOD', `this facet has no method ${JSON.stringify(method)}`);
    },
  }),
});
harden(facetKind);

/** Throws NOT_DURABLE if the target is no durable actor. */
export const spawnFacet = <T extends object, M extends keyof T & string>(
  spawn: TurnTools['spawn'],
  target: T,
  methods: readonly M[],
): Pick<T, M> => spawn(facetKind, harden({ target, methods: [...methods] })) as Pick<T, M>;
harden(spawnFacet);
