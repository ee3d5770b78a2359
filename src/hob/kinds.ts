/**
 * Every kind that a hob's vat has, the retired ones too: what is not in this list is refused when the store is opened again. Whoever adds a
 * kind to the vat adds it here.
 */
import type { Definition } from '../vats/retired-kind.ts';
import { hobKind } from './hob-kind.ts';

export const hobKinds: readonly Definition[] = [hobKind];
harden(hobKinds);
