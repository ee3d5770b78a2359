/** The row of a store that says which key its secrets are sealed with, as it goes by among the others. */
import type { RowPage } from '../persistence/row-source.ts';
import { sealingRowKey } from '../sealing/key-row.ts';

/** Its text, without the checksum that it has on disk; undefined if it is not in this page. */
export const sealingRowIn = (page: RowPage): string | undefined => {
  const value = page.find(([key]) => key === sealingRowKey)?.[1];
  return value?.slice(value.indexOf(' ') + 1);
};
harden(sealingRowIn);
