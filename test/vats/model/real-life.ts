/** One life of the real world: a process, from its beginning to its end. */
import { Far } from '@endo/pass-style';
import { openLedger, type Ledger } from '../../../src/persistence/ledger.ts';
import type { MemoryStore } from '../../../src/persistence/memory-store.ts';
import { makeKernel, type Kernel } from '../../../src/vats/kernel.ts';
import { requireKnownKinds } from '../../../src/vats/known-kinds.ts';
import type { Listener, Node } from './actors.ts';
import { generations, registerAll, type MakeColony } from './kinds.ts';
import { VATS, type Program, type VatName } from './program.ts';
import { STORE, storeOf, type Fortune } from './real-store.ts';

export interface Life {
  readonly kernel: Kernel;
  readonly ledger: Ledger;
  readonly listener: Listener;
  tells: Record<VatName, number[]>;
  ended: boolean;
}

interface LifeOptions extends Pick<Program, 'cacheLimit' | 'pace' | 'generation'> {
  readonly disk: MemoryStore;
  readonly fortune: Fortune;
}

/** Rejects if the kinds of that generation are not enough for what is stored. */
export const openLedgerOf = (
  disk: MemoryStore,
  fortune: Fortune,
  generation: number,
  life: { ended: boolean },
): Promise<Ledger> =>
  openLedger(storeOf(disk, fortune, life), {
    randomId: () => STORE,
    where: 'the store',
    examine: (rows) => requireKnownKinds(rows, generations[generation]!.definitions),
  });

const makeKernelOf = (store: Ledger, pace: number, life: { ended: boolean }): Kernel =>
  makeKernel({
    store,
    ...(store.restored === undefined ? {} : { firstInstance: store.restored.instances }),
    now: () => 0,
    schedule: (crank) => void setImmediate(() => life.ended || crank()),
    collectorPace: pace,
    onHostError: (error) => {
      throw error;
    },
  });

/** Opens the vats that are there from the start; → their roots. */
const openVats = async (kernel: Kernel, { cacheLimit, generation: number }: LifeOptions): Promise<object[]> => {
  const generation = generations[number]!;
  const makeMemory = () => ({ leaked: [] as Node[], kept: [] as ((n: number) => void)[] });
  const makeColony: MakeColony = kernel.defineVatType({
    type: 'colony',
    root: generation.root,
    options: { cacheLimit },
    open: (vat) => registerAll(vat, generation, makeMemory(), makeColony),
  });
  const roots: object[] = [];
  for (const name of VATS) {
    const vat = kernel.openVat(name, { cacheLimit });
    registerAll(vat, generation, makeMemory(), makeColony);
    const made = vat.makeOnce('root', ({ spawn, makeMap }) =>
      spawn(generation.root, { n: 0, refs: generation.refs, map: makeMap<number>() }),
    );
    roots.push(await made);
  }
  return roots;
};

export const openLife = async (options: LifeOptions): Promise<{ readonly life: Life; readonly roots: object[] }> => {
  const { disk, fortune, generation, pace } = options;
  const life = { ended: false, tells: {} } as { -readonly [K in keyof Life]: Life[K] };
  life.listener = Far('Listener', { hear: (vat: VatName, n: number) => void (life.tells[vat] ??= []).push(n) });
  life.ledger = await openLedgerOf(disk, fortune, generation, life);
  life.kernel = makeKernelOf(life.ledger, pace, life);
  return { life, roots: await openVats(life.kernel, options) };
};
