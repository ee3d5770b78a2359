/** A cell: one durable value that is read and replaced. */
import { M } from '@endo/patterns';
import { defineKind } from '../kind.ts';

export interface Cell<T = unknown> {
  get(): T;
  set(value: T): void;
}

export const CellI = M.interface('Cell', {
  get: M.call().returns(M.any()),
  set: M.call(M.any()).returns(M.undefined()),
});

export const cellKind = defineKind<{ readonly value: unknown }, Cell>({
  label: 'cell',
  guard: CellI,
  portrait: M.splitRecord({ value: M.any() }),
  behave: (bcom, _self, { value }) => ({
    get: () => value,
    set: (next) => bcom(() => ({ value: next })),
  }),
});
harden(cellKind);
