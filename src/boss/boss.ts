/**
 * The boss: the fleet's inventory, in a vat of its own.
 *
 *   admins ──▶ admin ──▶ machines by name ──▶ machine ──▶ provider (another vat)
 *   process ─▶ process: start, sessions, enrolment     machine ──▶ registry: names, intents, enrolments
 *
 * Every entry of its maps is a row of its own. docs/explanation/machines.md tells what becomes of a machine.
 */
import { BossI } from '../protocol/interfaces.ts';
import { defineKindKit } from '../vats/kind.ts';
import { bossAdminMethods, type BossAdmin } from './boss-admin.ts';
import { BossPortraitShape, type BossPortrait } from './boss-portrait.ts';
import { BossProcessI, bossProcessMethods, type NearProcess } from './boss-process.ts';
import { RegistryI, registryMethods, type Registry } from './boss-registry.ts';
import type { BossKindPowers, BossTurn } from './boss-turn.ts';

export interface BossFacets extends Record<string, object> {
  readonly admin: BossAdmin;
  readonly process: NearProcess;
  readonly registry: Registry;
}

export const bossKind = defineKindKit<BossPortrait, BossFacets, BossKindPowers>({
  label: 'boss',
  facets: { admin: BossI, process: BossProcessI, registry: RegistryI },
  portrait: BossPortraitShape,
  behave: (bcom, self, portrait, powers) => {
    const { house, makeProvider, checkProvider, firstProviders, remembrance, restoration, seal, ...tools } = powers;
    const { registry } = self;
    const given = { house, makeProvider, checkProvider, firstProviders, remembrance, restoration, seal };
    const turn: BossTurn = { bcom, portrait, registry, ...given, tools };
    return {
      admin: bossAdminMethods(turn),
      process: bossProcessMethods(turn, self),
      registry: registryMethods(portrait, tools),
    };
  },
});
harden(bossKind);
