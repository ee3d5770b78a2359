import { expect, test } from 'vitest';
import { makeMemoryStore } from '../../../src/persistence/memory-store.ts';
import { cellKind, type Cell } from '../../../src/vats/actor-lib/cell.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import { openWorkshop } from '../workshop.ts';

const store = makeMemoryStore();

const open = async () => {
  const shop = await openWorkshop(store);
  shop.vat.register(cellKind, {});
  const cell = (await shop.vat.makeOnce('cell', ({ spawn }) => spawn(cellKind, { value: 'first' }))) as Cell;
  return { shop, cell };
};

test('a cell holds the value that was set last, over a restart', async () => {
  const { shop, cell } = await open();
  expect(await E(cell).get()).toBe('first');
  await E(cell).set({ deep: ['second', cell] });
  expect(await E(cell).get()).toEqual({ deep: ['second', cell] });
  await Promise.all([E(cell).set(1), E(cell).set(2)]);
  expect(await E(cell).get()).toBe(2);
  await expect(E(cell).set(Promise.resolve())).rejects.toThrow(/^NOT_DURABLE/);
  await shop.kernel.stop();

  const again = await open();
  expect(await E(again.cell).get()).toBe(2);
  await E(again.cell).set({ self: again.cell });
  expect(await E(again.cell).get()).toEqual({ self: again.cell });
});
