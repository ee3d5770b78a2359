/** What the facets of the boss share in one turn. */
import type { Inspector } from '../protocol/remotes.ts';
import type { Become, TurnTools } from '../vats/kind.ts';
import type { BossPortrait } from './boss-portrait.ts';
import type { ConfiguredProvider } from './boss-process.ts';
import type { Registry } from './boss-registry.ts';
import type { Provider } from './provider.ts';

/** What the process does for its boss, behind a `Far`. */
export interface House {
  locatorFor(reference: object): string;
  inspector(): Inspector;
}

/** Makes the vat of a configured provider, in a turn of the boss. */
export type MakeProvider = (configured: ConfiguredProvider) => Provider;

export interface BossKindPowers {
  readonly house: House;
  readonly makeProvider: MakeProvider;
}

export interface BossTurn extends BossKindPowers {
  readonly bcom: Become<BossPortrait>;
  readonly portrait: BossPortrait;
  /** The boss's own facet for machines. */
  readonly registry: Registry;
  readonly tools: TurnTools<BossPortrait>;
}
