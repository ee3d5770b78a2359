/** What the facets of the boss share in one turn. */
import type { Inspector, StoreBackup } from '../protocol/remotes.ts';
import type { Become, TurnTools } from '../vats/kind.ts';
import type { BossPortrait } from './boss-portrait.ts';
import type { Remembrance } from './clear-gone.ts';
import type { ConfiguredProvider } from './boss-process.ts';
import type { Registry } from './boss-registry.ts';
import type { Seal } from '../sealing/seal.ts';
import type { Provider } from './provider.ts';

/** What the process does for its boss, behind a `Far`. */
export interface House {
  locatorFor(reference: object): string;
  inspector(): Inspector;
  backup(until: Promise<unknown> | undefined): StoreBackup;
  /** When it resolves, nothing is kept of that peer, and its sessions have ended. */
  forgetPeer(peerId: string): Promise<void>;
}

/** Of the boss's store, as its ledger says. */
export interface Restoration {
  /** How often it was restored from a backup. */
  readonly restores: number;
  /** By the clocks of who took the last one, and who restored it; null if there was none. */
  readonly restored: { readonly taken: number; readonly at: number } | null;
  /** No number below it is given to a machine: it may have been given after the backup. */
  readonly firstNumber: number;
}

/** Of a store that never was restored. */
export const neverRestored: Restoration = harden({ restores: 0, restored: null, firstNumber: 1 });
harden(neverRestored);

/** Makes the vat of a configured provider, in a turn of the boss. */
export type MakeProvider = (configured: ConfiguredProvider) => Provider;

export interface BossKindPowers {
  readonly house: House;
  readonly makeProvider: MakeProvider;
  /** Throws BAD_SPEC for a type that there is none of, or settings that it does not take. Pure. */
  readonly checkProvider: (configured: ConfiguredProvider) => void;
  /** Names of providers that are there from the start. */
  readonly firstProviders: readonly string[];
  readonly restoration: Restoration;
  readonly remembrance: Remembrance;
  /** Of src/sealing. */
  readonly seal: Seal['seal'];
}

export interface BossTurn extends BossKindPowers {
  readonly bcom: Become<BossPortrait>;
  readonly portrait: BossPortrait;
  /** The boss's own facet for machines. */
  readonly registry: Registry;
  readonly tools: TurnTools<BossPortrait>;
}
