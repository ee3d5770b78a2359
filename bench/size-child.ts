/**
 * A boss with many machines in this process (`size-child.ts boss <state directory>`), or LevelDB alone with the same rows
 * (`size-child.ts bare <database>`): what it costs to change any one of them.
 */
import '../src/lockdown.ts';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import process from 'node:process';
import { Far } from '@endo/far';
import { Level } from 'level';
import { makeMint } from '../src/boss/enrolment-secrets.ts';
import { openBoss } from '../src/boss/open-boss.ts';
import { openStore } from '../src/persistence/open-store.ts';
import type { MachineAdmin } from '../src/protocol/remotes.ts';
import { E } from '../src/vats/eventual-send.ts';
import { makeKernel } from '../src/vats/kernel.ts';
import type { Carried, MessageContext } from '../src/vats/messages.ts';
import type { Store, StoreOp } from '../src/vats/store.ts';
import { answerParent } from './answer-parent.ts';
import { machineName, obligingDriver } from './fleet-template.ts';
import { cpuSeconds, runLoad, type Load, type Slice } from './load.ts';

export interface SizeLoad extends Load {
  /** Of the fleet. */
  readonly machines: number;
  /** For LevelDB alone: in each batch, and bytes of each. */
  readonly rows: number;
  readonly rowBytes: number;
}

export interface SizeSlice extends Slice {
  /** Of one change, in microseconds. */
  readonly median: number;
  readonly rowsPerBatch: number;
  readonly bytesPerRow: number;
}

const any = (machines: number): number => 1 + Math.floor(Math.random() * machines);

/** The load, with how long each took. */
const runTimed = async (once: () => Promise<unknown>, load: Load): Promise<Slice & { readonly median: number }> => {
  const times: number[] = [];
  const timed = async (): Promise<void> => {
    const begun = process.hrtime.bigint();
    await once();
    times.push(Number(process.hrtime.bigint() - begun) / 1e3);
  };
  const slice = await runLoad(timed, load);
  times.sort((a, b) => a - b);
  return { ...slice, median: times[times.length >> 1] ?? NaN };
};

const watch = (store: Store) => {
  const seen = { batches: 0, rows: 0, bytes: 0 };
  const bytesOf = (op: StoreOp): number => op.key.length + (op.type === 'put' ? op.value.length : 0);
  const watched: Store = {
    ...store,
    write: (ops) => {
      seen.batches += 1;
      seen.rows += ops.length;
      for (const op of ops) seen.bytes += bytesOf(op);
      return store.write(ops);
    },
  };
  return { seen, watched };
};

const bossOn = async (directory: string) => {
  const now = (): number => Date.now();
  const store = await openStore({ Level, fs, process, directory, now, randomId: () => randomUUID() });
  const { seen, watched } = watch(store);
  // As a boss has it.
  const storage = new AsyncLocalStorage<Carried>();
  const context: MessageContext = {
    run: (carried, body) => storage.run(carried, body),
    current: () => storage.getStore(),
  };
  const trace = { epoch: store.epoch, context };
  const kernel = makeKernel({ store: watched, now, schedule: (crank) => void setImmediate(crank), trace });
  const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
  const { boss } = await openBoss({
    kernel,
    house: Far('House', {}) as never,
    openSecret: (_name, sealed) => sealed,
    newNonce: () => randomUUID(),
    mint: makeMint({ key: new Uint8Array(32).fill(7), hashOf, locatorOf: (secret) => secret }),
    enrolmentLife: 3_600_000,
    connected: () => false,
    seal: (_context, text) => text,
    makeDriver: () => obligingDriver as never,
    firstProviders: [],
  });
  let changes = 0;
  let created = 0;
  const machine = (number: number): Promise<MachineAdmin> =>
    E(boss).machine(machineName(number)) as Promise<MachineAdmin>;
  const change = (machines: number) => (): Promise<unknown> => {
    changes += 1;
    const resource = { id: 'motd', type: 'file', path: '/etc/motd', content: `line ${changes}\n` };
    return E(machine(any(machines))).setDesired(harden({ resources: [resource] }));
  };
  return {
    run: async ({ machines, ...load }: SizeLoad): Promise<SizeSlice> => {
      const before = { ...seen };
      const slice = await runTimed(change(machines), load);
      const rows = seen.rows - before.rows;
      return {
        ...slice,
        rowsPerBatch: rows / (seen.batches - before.batches),
        bytesPerRow: (seen.bytes - before.bytes) / rows,
      };
    },
    /** Makes machines, one after the other. */
    create: (load: SizeLoad) =>
      runTimed(() => {
        created += 1;
        return E(boss).createMachine(`new-${process.pid}-${created}`, harden({ provider: 'local' }));
      }, load),
    /** Asks so many machines for their status; then, resident bytes. */
    touch: async ({ machines, touched }: { readonly machines: number; readonly touched: number }): Promise<number> => {
      for (let number = 0; number < touched; number += 1) await E(machine(any(machines))).status();
      return process.memoryUsage.rss();
    },
  };
};

const bareOn = async (directory: string) => {
  const db = new Level(directory, { createIfMissing: false });
  await db.open();
  const value = 'x'.repeat(10_000);
  let written = 0;
  return {
    run: async ({ machines, rows, rowBytes, ...load }: SizeLoad): Promise<SizeSlice> => {
      const once = (): Promise<void> => {
        const batch: { type: 'put'; key: string; value: string }[] = [];
        while (batch.length < rows) {
          // As the boss's rows are spread: of every machine two.
          const instance = 7 + 5 * any(machines);
          for (const key of [`v/boss/a/machine/${instance}`, `v/boss/a/cell/${instance - 4}`]) {
            written += 1;
            const head = String(written);
            batch.push({
              type: 'put',
              key,
              value: head + value.slice(0, Math.max(0, rowBytes - key.length - head.length)),
            });
          }
        }
        return db.batch(batch, { sync: true } as never);
      };
      const slice = await runTimed(once, { ...load, inFlight: 1 });
      return { ...slice, rowsPerBatch: rows, bytesPerRow: rowBytes };
    },
    create: () => undefined,
    touch: () => undefined,
  };
};

const [contender, directory] = process.argv.slice(2) as ['boss' | 'bare', string];
const opened = contender === 'boss' ? await bossOn(directory) : await bareOn(directory);
answerParent({ ...opened, cpu: cpuSeconds });
