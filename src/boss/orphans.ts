/**
 * Machines that providers have and the boss does not know: of a store that was restored from a backup, of a machine that was forgotten, of
 * somebody's own doing.
 *
 * The fleet goes on meanwhile, so one look would be wrong both ways. An orphan is in two lists, and unknown in between: what is only being
 * made is not in the first, what is only being destroyed is not in the second.
 */
import type { Orphan } from '../protocol/remotes.ts';
import { E } from '../vats/eventual-send.ts';
import type { TurnTools } from '../vats/kind.ts';
import type { BossPortrait } from './boss-portrait.ts';
import { pageThrough, stillThere } from './page-through.ts';
import type { Provider } from './provider.ts';

const placeOf = ({ provider, machineId }: Orphan): string => `${provider} ${machineId}`;

/** Rejects if one provider cannot say. */
export const findOrphans = <P>(
  { providers, machines }: Pick<BossPortrait, 'providers' | 'machines'>,
  tools: Pick<TurnTools<P>, 'on'>,
): Promise<readonly Orphan[]> => {
  const { on } = tools;
  const names: string[] = [];
  const actors: Provider[] = [];
  const known = new Set<string>();

  const learnProviders = pageThrough(providers, tools, (entries) => {
    for (const [name, { provider }] of entries) {
      names.push(name);
      actors.push(provider);
    }
  });
  const learnMachines = (): Promise<void> =>
    pageThrough(machines, tools, (entries) => {
      for (const [, admin] of stillThere(machines, entries)) known.add(admin.status().id);
    });
  const listAll = (): Promise<readonly Orphan[]> =>
    on(Promise.all(actors.map((actor) => E(actor).list())), (lists) =>
      lists.flatMap((list, at) => list.map(({ machineId, state }) => ({ provider: names[at]!, machineId, state }))),
    );

  const before = on<void, Promise<readonly Orphan[]>>(learnProviders, listAll) as Promise<readonly Orphan[]>;
  const after = on<readonly Orphan[], unknown>(before, (first) => {
    const was = new Set(first.map(placeOf));
    const second = on(learnMachines(), listAll) as Promise<readonly Orphan[]>;
    return on(second, (found) => found.filter((place) => was.has(placeOf(place)) && !known.has(place.machineId)));
  });
  return after as Promise<readonly Orphan[]>;
};
harden(findOrphans);
