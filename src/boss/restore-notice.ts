/**
 * What there is to know after a restore: how many machines are held, and where what the boss has and what the providers have are not the same. The fleet
 * went on between backup and restore, so each difference is a question to somebody who remembers, and nothing is done about it here.
 */
import type { Orphan, RestoreNotice } from '../protocol/remotes.ts';
import { E } from '../vats/eventual-send.ts';
import type { TurnTools } from '../vats/kind.ts';
import type { BossPortrait } from './boss-portrait.ts';
import type { Restoration } from './boss-turn.ts';
import { pageThrough, stillThere } from './page-through.ts';
import type { Provider } from './provider.ts';

/** Of each list. */
const MOST_NAMED = 100;

const placeOf = (provider: string, machineId: string): string => `${provider} ${machineId}`;

interface Survey {
  held: number;
  /** By place: the names of held machines. */
  readonly heldAt: Map<string, string>;
  /** By place: every machine that the boss has. */
  readonly known: Set<string>;
}

const nothingYet = (): Survey => ({ held: 0, heldAt: new Map(), known: new Set() });

/**
 * null if the store never was restored. It looks at every machine, a page a turn, and asks the providers only while something is held.
 */
export const restoreNotice = <P>(
  { providers, machines }: Pick<BossPortrait, 'providers' | 'machines'>,
  { restored }: Restoration,
  tools: Pick<TurnTools<P>, 'on'>,
): Promise<RestoreNotice> | null => {
  if (restored === null) return null;
  const { on } = tools;
  let survey: Survey = nothingYet();
  const found: Orphan[] = [];
  const silent = new Set<string>();
  const actors = new Map<string, Provider>();

  const learnMachines = (): Promise<void> => {
    survey = nothingYet();
    return pageThrough(machines, tools, (entries) => {
      for (const [name, admin] of stillThere(machines, entries)) {
        const { id, provider, held } = admin.status();
        survey.known.add(placeOf(provider, id));
        if (!held) continue;
        survey.held += 1;
        survey.heldAt.set(placeOf(provider, id), name);
      }
    });
  };
  const learnProviders = (): Promise<void> =>
    pageThrough(providers, tools, (entries) => {
      for (const [name, { provider }] of entries) actors.set(name, provider);
    });
  const ask = (name: string, actor: Provider): Promise<void> =>
    on(
      E(actor).list(),
      (instances) => {
        for (const { machineId, state } of instances) found.push({ provider: name, machineId, state });
      },
      () => void silent.add(name),
    );
  const askAll = (): Promise<unknown> => Promise.all([...actors].map(([name, actor]) => ask(name, actor)));

  const compare = (): RestoreNotice => {
    const places = new Set(found.map(({ provider, machineId }) => placeOf(provider, machineId)));
    const isSilent = (place: string): boolean => silent.has(place.slice(0, place.indexOf(' ')));
    const absent = [...survey.heldAt].filter(([place]) => !places.has(place) && !isSilent(place));
    const orphans = found.filter(({ provider, machineId }) => !survey.known.has(placeOf(provider, machineId)));
    return {
      taken: restored.taken,
      restored: restored.at,
      held: survey.held,
      absent: absent.slice(0, MOST_NAMED).map(([, name]) => name),
      orphans: orphans.slice(0, MOST_NAMED),
      silent: [...silent],
    };
  };

  // Machines are looked at again after the providers: what was made meanwhile is known then. What went meanwhile is one orphan too many, until the
  // next look.
  return on<void, RestoreNotice | Promise<RestoreNotice>>(learnMachines(), () => {
    if (survey.held === 0) return compare();
    const listed = on<void, Promise<unknown>>(learnProviders(), askAll);
    return on<unknown, Promise<RestoreNotice>>(listed, () => on(learnMachines(), compare)) as Promise<RestoreNotice>;
  }) as Promise<RestoreNotice>;
};
harden(restoreNotice);
