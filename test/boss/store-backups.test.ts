import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeStoreBackups, type StoreBackups } from '../../src/boss/store-backups.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { readBackup } from '../../src/persistence/archive-reader.ts';
import { exportRows } from '../../src/persistence/export.ts';
import type { Ledger } from '../../src/persistence/ledger.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { verify } from '../../src/persistence/verify.ts';
import type { StoreBackup } from '../../src/protocol/remotes.ts';
import type { StoreEntry, StoreSnapshot } from '../../src/vats/store.ts';
import { storePowers } from '../persistence/store-powers.ts';
import { makeFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';
import { counterKind, openWorkshop, type Counter } from '../vats/workshop.ts';

type Near = { read(): Promise<string>; rewind(): Promise<void>; close(): Promise<void> };

let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
let store: Ledger;
let clock: FakeClock;
let backups: StoreBackups;
/** Snapshots that are open. */
let open: number;
/** While it is set, no page of a snapshot is given. */
let gate: Promise<void> | undefined;

beforeEach(async () => {
  directory = await makeTemporaryDirectory();
  store = await openStore({ ...storePowers, directory: directory.path, randomId: () => 'the-store' });
  clock = makeFakeClock();
  open = 0;
  gate = undefined;
  const snapshotOnDisk = (): StoreSnapshot => {
    const snapshot = store.snapshotOnDisk();
    open += 1;
    return {
      page: async (request) => {
        await gate;
        return snapshot.page(request);
      },
      close: () => {
        open -= 1;
        return snapshot.close();
      },
    };
  };
  const { now, setTimer } = clock;
  const sign = (sha256: string) => `signed ${sha256}`;
  backups = makeStoreBackups({ store: { snapshotOnDisk }, where: '/state', gobs: '0.0.0', sign, now, setTimer });
});
afterEach(async () => {
  await backups.close();
  expect(open).toBe(0);
  await store.close();
  await directory.remove();
});

const near = (backup: StoreBackup): Near => backup as unknown as Near;

async function* bytesOf(backup: StoreBackup): AsyncGenerator<Buffer> {
  for (;;) {
    const piece = await near(backup).read();
    if (piece === '') return;
    yield Buffer.from(piece, 'base64');
  }
}

const rowsOf = async (backup: StoreBackup): Promise<readonly StoreEntry[]> => {
  const { pages } = await readBackup(bytesOf(backup), 'the boss');
  const rows: StoreEntry[] = [];
  for await (const page of pages()) rows.push(...page);
  return rows;
};

const sourceOf = (rows: readonly StoreEntry[]) => ({
  where: 'the boss',
  async *pages() {
    yield rows;
  },
  close: async () => {},
});

describe('a backup of a running kernel', () => {
  test('is of one moment, and turns go on while it is read', async () => {
    const shop = await openWorkshop(store);
    const counters = await shop.turn<Counter[]>(({ spawn, bcom }) => {
      const made = Array.from({ length: 300 }, () => spawn(counterKind, 100));
      bcom(made);
      return made;
    });
    const transfers = { made: 0, going: true };
    const transferring = (async () => {
      while (transfers.going) {
        const [from, to] = [transfers.made % 300, (transfers.made * 7 + 1) % 300];
        await shop.turn(({ portrait }) => {
          (portrait as Counter[])[from]!.add(-1);
          (portrait as Counter[])[to]!.add(1);
        });
        transfers.made += 1;
      }
    })();
    while (transfers.made < 50) await new Promise(setImmediate);

    const { promise, resolve: openGate } = Promise.withResolvers<void>();
    gate = promise;
    const backup = backups.open();
    const reading = rowsOf(backup);
    // A page is asked for and does not come; turns that begin now end.
    const before = transfers.made;
    while (transfers.made < before + 50) await new Promise(setImmediate);
    gate = undefined;
    openGate();
    const rows = await reading;
    transfers.going = false;
    await transferring;

    const all: number[] = [];
    for await (const page of exportRows(sourceOf(rows).pages())) {
      for (const record of page) if (record['kind'] === 'counter') all.push(record['portrait'] as number);
    }
    expect(all).toHaveLength(counters.length);
    expect(all.reduce((sum, count) => sum + count, 0)).toBe(300 * 100);
    expect(all.some((count) => count !== 100)).toBe(true);
    const { findings } = await verify(sourceOf(rows), { kinds: { bench: 1, counter: 1 } });
    expect(findings).toEqual([]);
    await shop.kernel.stop();
  });
});

describe('a backup', () => {
  test('comes in pieces that are far below what a frame may have, whatever the size of a row', async () => {
    const large = 'é"\\'.repeat(300_000);
    await store.write([
      { type: 'put', key: 'b/large', value: large },
      ...Array.from({ length: 3_000 }, (_, n) => ({ type: 'put' as const, key: `b/n/${n}`, value: 'x'.repeat(300) })),
    ]);
    const backup = backups.open();
    const sizes: number[] = [];
    for (let piece = await near(backup).read(); piece !== ''; piece = await near(backup).read()) {
      sizes.push(piece.length);
    }
    expect(Math.max(...sizes)).toBeLessThan(512 * 1024);
    expect(sizes.length).toBeGreaterThan(8);
    expect(await near(backup).read()).toBe('');
    await near(backup).rewind();
    expect((await rowsOf(backup)).find(([key]) => key === 'b/large')![1].slice(9)).toBe(large);
  });

  test('is signed at its end', async () => {
    const { pages, trailer } = await readBackup(bytesOf(backups.open()), 'the boss');
    for await (const _ of pages()) expect(trailer()).toBe(undefined);
    expect(trailer()!.mac).toBe(`signed ${trailer()!.sha256}`);
  });

  test('gives the same rows again, whatever was written since', async () => {
    await store.write([{ type: 'put', key: 'b/x', value: '1' }]);
    const backup = backups.open();
    const first = await rowsOf(backup);
    await store.write([{ type: 'put', key: 'b/x', value: '2' }]);
    await near(backup).rewind();
    expect(await rowsOf(backup)).toEqual(first);
  });

  test('may be asked for several pieces at once', async () => {
    const backup = backups.open();
    const pieces = await Promise.all([
      near(backup).read(),
      near(backup).read(),
      near(backup).read(),
      near(backup).read(),
    ]);
    const text = pieces.map((piece) => Buffer.from(piece, 'base64').toString('utf8')).join('');
    expect(text.startsWith('{"gobs-backup":1,')).toBe(true);
    expect(pieces.at(-1)).toBe('');
  });

  test('is given back when it is closed, and cannot be read then', async () => {
    const backup = backups.open();
    expect([open, clock.timers]).toEqual([1, 1]);
    await near(backup).close();
    await near(backup).close();
    expect([open, clock.timers]).toEqual([0, 0]);
    expect(
      await near(backup)
        .read()
        .then(() => 'read', codeOf),
    ).toBe('STORE_UNUSABLE');
    expect(
      await near(backup)
        .rewind()
        .then(() => 'begun', codeOf),
    ).toBe('STORE_UNUSABLE');
  });

  test('is given back a minute after it was last read', async () => {
    const backup = backups.open();
    await clock.advance(59_000);
    await near(backup).read();
    await clock.advance(59_000);
    expect(open).toBe(1);
    await clock.advance(2_000);
    expect(open).toBe(0);
    expect(
      await near(backup)
        .read()
        .then(() => 'read', codeOf),
    ).toBe('STORE_UNUSABLE');
  });

  test('is given back when what its holder said is settled', async () => {
    for (const end of ['resolve', 'reject'] as const) {
      const until = Promise.withResolvers<void>();
      backups.open(until.promise);
      expect(open).toBe(1);
      until[end]();
      await new Promise(setImmediate);
      expect(open).toBe(0);
    }
  });

  test('is one of four at most', async () => {
    const [first] = [1, 2, 3, 4].map(() => backups.open());
    expect(() => backups.open()).toThrow('LIMIT_EXCEEDED');
    await near(first!).close();
    backups.open();
    expect(open).toBe(4);
  });
});
