import { M } from '@endo/patterns';
import { expect, test } from 'vitest';
import { pageThrough } from '../../src/boss/page-through.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { defineKind, type DurableMap } from '../../src/vats/kind.ts';
import { openTestKernel } from '../support/test-kernel.ts';

interface Shelf {
  fill(count: number): void;
  /** The keys, by page. */
  pages(): Promise<readonly (readonly string[])[]>;
}
const shelfKind = defineKind<DurableMap<number>, Shelf>({
  label: 'shelf',
  guard: M.interface('Shelf', { fill: M.call(M.number()).returns(), pages: M.call().returns(M.promise()) }),
  portrait: M.remotable(),
  behave: (_bcom, _self, map, tools) => ({
    fill: (count) => {
      for (let n = 0; n < count; n += 1) map.set(`key ${String(n).padStart(4, '0')}`, n);
    },
    pages: () => {
      const pages: string[][] = [];
      const done = pageThrough(map, tools, (entries) => pages.push(entries.map(([key]) => key)));
      return tools.on(done, () => pages);
    },
  }),
});

test.each([
  [0, [0]],
  [3, [3]],
  [200, [200, 0]],
  [450, [200, 200, 50]],
])('a map of %i entries comes in pages, each entry once and in order', async (count, sizes) => {
  const vat = openTestKernel(makeMemoryStore()).openVat('test');
  vat.register(shelfKind, {});
  const shelf = (await vat.makeOnce('shelf', ({ spawn, makeMap }) => spawn(shelfKind, makeMap()))) as Shelf;
  await E(shelf).fill(count);
  const pages = await E(shelf).pages();
  expect(pages.map((page) => page.length)).toEqual(sizes);
  expect(pages.flat()).toEqual(Array.from({ length: count }, (_, n) => `key ${String(n).padStart(4, '0')}`));
});
