/** The store of the real world: in memory, so that a step's fate can be played to it, below the ledger of production. */
import type { MemoryStore } from '../../../src/persistence/memory-store.ts';
import type { Store } from '../../../src/vats/store.ts';
import type { Fate } from './program.ts';

/** The store's id. */
export const STORE = 'the-store';

/** What the current step wants of the store. */
export interface Fortune {
  fate: Fate | { readonly end: 'gated'; readonly well: boolean };
  writes: number;
  /** Resolves when the process is to be seen as dead. */
  died: () => void;
  /** Batches that wait at the gate. */
  waiting: (() => void)[];
}

export const never = (): Promise<never> => new Promise(() => {});

/** Lets everything that is on its way arrive: a crank is an immediate, and host promises are microtasks. */
export const rounds = async (): Promise<void> => {
  for (let round = 0; round < 6; round += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A store of one life: once that ended, nothing that is left of it reaches the rows. */
export const storeOf = (disk: MemoryStore, fortune: Fortune, life: { ended: boolean }): Store => ({
  ...disk,
  page: async (request) => (life.ended ? never() : disk.page(request)),
  write: async (ops) => {
    if (life.ended) return never();
    fortune.writes += 1;
    const { fate, writes } = fortune;
    if (fate.end === 'gated') {
      await new Promise<void>((go) => fortune.waiting.push(go));
      if (writes === 1 && !fate.well) throw Error('gated and refused');
      return disk.write(ops);
    }
    if (fate.end === 'failed' && writes === 1) throw Error('disk full');
    const isLast = fate.end === 'killed' && writes === fate.write;
    if (!(isLast && fate.moment === 'before')) await disk.write(ops);
    if (fate.end === 'lied' && writes === 1) throw Error('who knows');
    if (!isLast) return undefined;
    life.ended = true;
    fortune.died();
    return never();
  },
  close: async () => {},
});
