/** The kernel's inspector, as admins see it: names and texts, never a reference. A `Far`, for the boss to hand out. */
import { Far } from '@endo/far';
import { makeError } from '../errors/gobs-error.ts';
import type { Inspector } from '../protocol/remotes.ts';
import type { Kernel } from '../vats/kernel.ts';

const PAGE = 1_000;

export const makeInspectorView = ({ inspector, nameOf }: Pick<Kernel, 'inspector' | 'nameOf'>): Inspector => {
  const nameFrom = (target: string | object): string => {
    const name = typeof target === 'string' ? target : nameOf(target);
    if (name !== undefined) return name;
    throw makeError('NO_SUCH_ACTOR', 'that is no reference to an actor of this boss');
  };

  const countActors = async (vat: string): Promise<number> => {
    let count = 0;
    let after: string | null | undefined;
    do {
      const page = await inspector.actors(vat, { limit: PAGE, ...(typeof after === 'string' ? { after } : {}) });
      count += page.actors.length;
      after = page.next;
    } while (after !== null);
    return count;
  };

  const view = {
    vats: async () =>
      harden(
        await Promise.all(
          (await inspector.vats()).map(async (vat) => ({ ...vat, actors: await countActors(vat.name) })),
        ),
      ),
    actors: async (vat: string, { after, limit = 100 }: { after?: string; limit?: number } = {}) =>
      inspector.actors(vat, { limit: Math.max(1, Math.min(limit, PAGE)), ...(after === undefined ? {} : { after }) }),
    portrait: async (target: string | object) => inspector.portrait(nameFrom(target)),
    referrers: async (target: string | object) => inspector.referrers(nameFrom(target)),
  };
  return Far('Inspector', view as never) as unknown as Inspector;
};
harden(makeInspectorView);
