/** The kernel's inspector, as admins see it: names and texts, never a reference. A `Far`, for the boss to hand out. */
import { Far } from '@endo/far';
import { makeError } from '../errors/gobs-error.ts';
import type { Inspector } from '../protocol/remotes.ts';
import { boundedRequest, type TraceRequest } from '../protocol/trace.ts';
import type { Kernel } from '../vats/kernel.ts';
import { parseActorName, parsePeerName } from '../vats/names.ts';
import { isAbout, type AcceptRecord } from '../vats/trace-reader.ts';

const PAGE = 1_000;
/** Of a graph. */
const MOST_NODES = 2_000;
const MOST_DEPTH = 50;
/** Kinds of which each machine has actors of its own. */
const partKinds: readonly string[] = harden(['cell', 'machine-log']);

const within = (value: number, least: number, most: number): number =>
  Math.min(Math.max(Math.trunc(value) || least, least), most);

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

  /** A machine is also what it alone holds, and its hob. */
  const about = (name: string): AcceptRecord => {
    const { kind, references } = inspector.portrait(name);
    if (kind !== 'machine') return isAbout([name]);
    const parts = references.filter((held) => partKinds.includes(parseActorName(held)?.kind ?? ''));
    const hobs = references.flatMap((held) => parsePeerName(held)?.peer ?? []).map((peer) => `peer:${peer}`);
    return isAbout([name, ...parts], hobs);
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
    trace: async ({ of, ...request }: TraceRequest & { of?: string | object } = {}) =>
      inspector.trace(boundedRequest(request), of === undefined ? undefined : about(nameFrom(of))),
    graph: async ({
      from,
      // From an actor of a machine it is two steps to the boss, and three to all other machines.
      depth = from === undefined ? 3 : 1,
      limit = 200,
    }: { from?: string | object; depth?: number; limit?: number } = {}) =>
      inspector.graph({
        depth: within(depth, 0, MOST_DEPTH),
        limit: within(limit, 1, MOST_NODES),
        ...(from === undefined ? {} : { from: nameFrom(from) }),
      }),
    referrers: async (target: string | object) => inspector.referrers(nameFrom(target)),
  };
  return Far('Inspector', view as never) as unknown as Inspector;
};
harden(makeInspectorView);
