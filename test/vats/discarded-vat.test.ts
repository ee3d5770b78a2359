/** A vat whose opening failed, or of which nothing is left, runs nothing any more. */
import { M } from '@endo/patterns';
import { describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { VatHandle } from '../../src/vats/kernel.ts';
import { defineKind } from '../../src/vats/kind.ts';
import { collectGarbage } from './collect-garbage.ts';
import { counterKind, openWorkshop } from './workshop.ts';

interface Inn {
  greet(): string;
}

const innKind = defineKind<null, Inn>({
  label: 'inn',
  guard: M.interface('Inn', { greet: M.call().returns(M.string()) }),
  portrait: M.null(),
  behave: () => ({ greet: () => 'welcome' }),
});

const thrown = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (error) {
    return error;
  }
};

const begin = async (onOpen: (vat: VatHandle) => void) => {
  const store = makeMemoryStore();
  const shop = await openWorkshop(store);
  const makeInn = shop.kernel.defineVatType({
    type: 'inn',
    root: innKind,
    open: (vat) => {
      for (const kind of [counterKind, innKind]) vat.register(kind, {});
      onOpen(vat);
    },
  });
  const visit = async (): Promise<string> =>
    E(await shop.turn<Inn>(() => makeInn({ name: 'inn', about: null, portrait: null }))).greet();
  const rows = (): string[] => store.entries().flatMap(([key]) => (key.startsWith('v/inn/') ? [key] : []));
  return { shop, visit, rows };
};

const makeRoot = (vat: VatHandle) => vat.makeOnce('counter', ({ spawn }) => spawn(counterKind, 1));

describe('a vat that a turn made', () => {
  test('makes no root before it is open, whether its opening then fails or not', async () => {
    const found: unknown[] = [];
    const { shop, visit, rows } = await begin((vat) => {
      found.push(thrown(() => makeRoot(vat)));
      throw Error('closed today');
    });
    await expect(visit()).rejects.toThrow('closed today');
    await shop.kernel.idle();
    expect(found.map(codeOf)).toEqual(['VAT_STOPPED']);
    expect(rows()).toEqual(['v/inn/!', 'v/inn/a/inn/1', 'v/inn/k']);
    await shop.kernel.stop();
  });

  test('makes a root when it is open, and none when nothing of it is left', async () => {
    const handles: VatHandle[] = [];
    const { shop, visit, rows } = await begin((vat) => void handles.push(vat));
    expect(await visit()).toBe('welcome');
    expect(thrown(() => void makeRoot(handles[0]!).catch(() => {}))).toBeUndefined();
    await shop.kernel.idle();
    for (let cycles = 0; cycles < 3; cycles += 1) {
      await collectGarbage();
      await shop.kernel.collector.collect();
    }
    expect(rows()).toEqual([]);
    expect(codeOf(thrown(() => makeRoot(handles[0]!)))).toBe('VAT_STOPPED');
    await shop.kernel.idle();
    expect(rows()).toEqual([]);
    await shop.kernel.stop();
  });
});
