/**
 * Turns that change an actor of about 500 bytes, and what they are compared with: `node turns-child.ts level|memory|batches <directory>`.
 *
 *   level     a vat on the store of a boss: LevelDB, with header and commit count
 *   memory    the same vat on the memory store
 *   batches   no vat: LevelDB alone is given batches of as many rows, as long, each synced, one after the other
 *
 * A caller of the host world makes each call and waits for its answer, which comes when the turn is durable.
 */
import '../src/lockdown.ts';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import process from 'node:process';
import { HandledPromise } from '@endo/eventual-send';
import { M } from '@endo/patterns';
import { Level } from 'level';
import { makeMemoryStore } from '../src/persistence/memory-store.ts';
import { openStore } from '../src/persistence/open-store.ts';
import { makeKernel } from '../src/vats/kernel.ts';
import { defineKind } from '../src/vats/kind.ts';
import type { Carried, MessageContext } from '../src/vats/messages.ts';
import type { Store, StoreOp } from '../src/vats/store.ts';
import { answerParent } from './answer-parent.ts';
import { cpuSeconds, runLoad, type Load, type Slice } from './load.ts';

export type TurnContender = 'level' | 'memory' | 'batches';

export interface TurnSlice extends Slice {
  /** Rows in a batch, on average. */
  readonly rowsPerBatch: number;
}

export interface TurnLoad extends Load {
  /** For `batches`: how many rows each has. */
  readonly rows: number;
}

/** Actors, or rows, that take turns. */
const ACTORS = 1_000;

interface Record {
  set(changed: number): void;
}

/** Like the row of a machine: some words, some numbers, one long text. */
interface RecordPortrait {
  readonly changed: number;
  readonly generation: number;
  readonly name: string;
  readonly state: string;
  readonly policy: string;
  readonly key: string;
  readonly note: string;
}

const recordKind = defineKind<RecordPortrait, Record>({
  label: 'record',
  guard: M.interface('Record', { set: M.call(M.number()).returns() }),
  portrait: M.splitRecord({
    changed: M.number(),
    generation: M.number(),
    name: M.string(),
    state: M.string(),
    policy: M.string(),
    key: M.string(),
    note: M.string(),
  }),
  behave: (bcom, _self, portrait) => ({ set: (changed) => bcom({ ...portrait, changed }) }),
});

const firstPortrait = (number: number): RecordPortrait => ({
  changed: 0,
  generation: 3,
  name: `machine-${number}`,
  state: 'ready',
  policy: 'report',
  key: 'k'.repeat(52),
  note: 'what happened to it last, '.repeat(10),
});

/** Each name of a root is in the vat's header, so the actors are held by name of reference instead. */
const openRecords = async (store: Store): Promise<readonly Record[]> => {
  // As a boss has it.
  const storage = new AsyncLocalStorage<Carried>();
  const context: MessageContext = {
    run: (carried, body) => storage.run(carried, body),
    current: () => storage.getStore(),
  };
  const trace = { epoch: 1, context };
  const kernel = makeKernel({ store, now: () => Date.now(), schedule: (crank) => void setImmediate(crank), trace });
  const vat = kernel.openVat('bench');
  vat.register(recordKind, {});
  await vat.makeOnce('first', ({ spawn }) => {
    const all = Array.from({ length: ACTORS }, (_, number) => spawn(recordKind, firstPortrait(number)));
    return all[0]!;
  });
  return Array.from({ length: ACTORS }, (_, number) => kernel.refOf(`vat:bench/record/${number + 1}/self`) as Record);
};

/** Counts what is written, and keeps the last batch. */
const watch = (store: Store) => {
  const seen = { batches: 0, rows: 0, last: [] as readonly StoreOp[] };
  const watched: Store = {
    ...store,
    write: (ops) => {
      seen.batches += 1;
      seen.rows += ops.length;
      seen.last = ops;
      return store.write(ops);
    },
  };
  return { seen, watched };
};

const vatOn = async (store: Store) => {
  const { seen, watched } = watch(store);
  const records = await openRecords(watched);
  let next = 0;
  const once = (): Promise<void> => {
    next += 1;
    // As a session delivers what came over the wire; `E` would add a proxy for each call.
    return HandledPromise.applyMethod(records[next % ACTORS]!, 'set', [next]) as Promise<void>;
  };
  return {
    run: async (load: TurnLoad): Promise<TurnSlice> => {
      const before = { ...seen };
      const slice = await runLoad(once, load);
      return { ...slice, rowsPerBatch: (seen.rows - before.rows) / (seen.batches - before.batches) };
    },
    /** A row as it is written. */
    row: () => seen.last.find(({ key }) => key.includes('/record/'))!,
  };
};

const batchesOn = async (directory: string) => {
  const db = new Level(`${directory}/bare`);
  await db.open();
  const sample = (await vatOn(makeMemoryStore())).row();
  const value = sample.type === 'put' ? sample.value : '';
  let next = 0;
  return {
    run: async ({ rows, milliseconds }: TurnLoad): Promise<TurnSlice> => {
      const once = (): Promise<void> => {
        const ops = Array.from({ length: rows }, () => {
          next += 1;
          const digits = String(next).padStart(10, '0');
          return {
            type: 'put',
            key: `v/bench/a/record/${(next % ACTORS) + 1}`,
            value: digits + value.slice(10),
          } as const;
        });
        return db.batch(ops, { sync: true });
      };
      const slice = await runLoad(once, { inFlight: 1, milliseconds });
      return { ...slice, count: slice.count * rows, rowsPerBatch: rows };
    },
    row: () => sample,
  };
};

const [contender, directory] = process.argv.slice(2) as [TurnContender, string];
const open = async () => {
  if (contender === 'batches') return batchesOn(directory);
  if (contender === 'memory') return vatOn(makeMemoryStore());
  const options = {
    Level,
    fs,
    process,
    directory: `${directory}/vat`,
    now: () => Date.now(),
    randomId: () => randomUUID(),
  };
  return vatOn(await openStore(options));
};

const opened = await open();
answerParent({
  run: opened.run,
  cpu: cpuSeconds,
  rowBytes: () => {
    const row = opened.row();
    return row.type === 'put' ? row.value.length : 0;
  },
});
