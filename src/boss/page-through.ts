/** Goes through a whole durable map, a page a turn, so that a large one starves nobody. */
import type { DurableMap, TurnTools } from '../vats/kind.ts';

const PAGE = 200;

/** `each` is called in turns of their own. The promise is fulfilled when it was called with the last entries. */
export const pageThrough = <V, P>(
  map: DurableMap<V>,
  { on }: Pick<TurnTools<P>, 'on'>,
  each: (entries: readonly (readonly [key: string, value: V])[]) => void,
): Promise<void> => {
  const from = (after: string | undefined): Promise<void> =>
    on<Awaited<ReturnType<typeof map.page>>, void | Promise<void>>(
      map.page({ limit: PAGE, ...(after === undefined ? {} : { after }) }),
      ({ entries, next }) => {
        each(entries);
        return next === null ? undefined : from(next);
      },
    );
  return from(undefined);
};
harden(pageThrough);

/**
 * Of a page, what is in the map still: between a page and the turn that is handed it there are others, and what was there may be gone. For
 * maps of references.
 */
export const stillThere = <V>(
  map: DurableMap<V>,
  entries: readonly (readonly [key: string, value: V])[],
): readonly (readonly [key: string, value: V])[] => entries.filter(([key, value]) => map.get(key) === value);
harden(stillThere);
