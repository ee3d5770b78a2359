/**
 * When the boss starts, providers take up what must go on as long as it runs. And: after a host was restarted, nothing of what a provider like `local` had there runs, and nobody but the boss knows that it should. What
 * was stopped on purpose stays so.
 */
import type { TurnTools } from '../vats/kind.ts';
import { E } from '../vats/eventual-send.ts';
import type { BossPortrait } from './boss-portrait.ts';
import { pageThrough, stillThere } from './page-through.ts';
import type { Provider } from './provider.ts';

/** A provider that cannot say what it has keeps no other from being asked. */
export const reviveMachines = <P>(
  { providers, machines }: Pick<BossPortrait, 'providers' | 'machines'>,
  tools: Pick<TurnTools<P>, 'on'>,
): Promise<void> => {
  const { on } = tools;
  const actors: Provider[] = [];
  const stopped = new Set<string>();

  const askProviders = (): Promise<unknown> =>
    Promise.all(
      actors.map((actor) =>
        on(
          E(actor).list(),
          (instances) => {
            for (const { machineId, state } of instances) if (state === 'stopped') stopped.add(machineId);
          },
          () => {},
        ),
      ),
    );
  const startStopped = (): Promise<void> =>
    pageThrough(machines, tools, (entries) => {
      for (const [, admin] of stillThere(machines, entries)) {
        const { id, state, online, held } = admin.status();
        const shouldRun = !held && (state === 'ready' || state === 'enrolled');
        if (shouldRun && !online && stopped.has(id)) admin.start();
      }
    });

  const learned = pageThrough(providers, tools, (entries) => {
    for (const [, { provider }] of entries) {
      // What it cannot take up, its driver has told the log.
      void on(
        E(provider).resume(),
        () => {},
        () => {},
      );
      actors.push(provider);
    }
  });
  // There may be a million machines, and mostly there is nothing to do.
  const startAny = (): Promise<void> | undefined => (stopped.size === 0 ? undefined : startStopped());
  return on<unknown, Promise<void> | undefined>(on(learned, askProviders), startAny) as Promise<void>;
};
harden(reviveMachines);
