/**
 * Every kind that a boss's vats have, whichever vat it is in, the retired ones too: what is not in this list is refused when the store is
 * opened again. Whoever adds a kind to a vat adds it here.
 */
import { cellKind } from '../vats/actor-lib/cell.ts';
import type { Definition } from '../vats/retired-kind.ts';
import { bossKind } from './boss.ts';
import { machineLogKind } from './machine-log.ts';
import { machineKind } from './machine.ts';
import { providerKind } from './provider.ts';

export const bossKinds: readonly Definition[] = [cellKind, machineLogKind, machineKind, bossKind, providerKind];
harden(bossKinds);
