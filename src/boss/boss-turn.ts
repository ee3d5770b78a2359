/** What the facets of the boss share in one turn. */
import type { Inspector } from '../protocol/remotes.ts';
import type { Become, TurnTools } from '../vats/kind.ts';
import type { BossPortrait } from './boss-portrait.ts';
import type { Registry } from './boss-registry.ts';

/** What the process does for its boss, behind a `Far`. */
export interface House {
  locatorFor(reference: object): string;
  inspector(): Inspector;
}

export interface BossTurn {
  readonly bcom: Become<BossPortrait>;
  readonly portrait: BossPortrait;
  /** The boss's own facet for machines. */
  readonly registry: Registry;
  readonly house: House;
  readonly tools: TurnTools<BossPortrait>;
}
