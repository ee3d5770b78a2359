import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePeerTables } from '../../src/captp/peer-table.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import type { Store, StoreEntry } from '../../src/vats/store.ts';
import { makePeerWorld, on, type PeerWorld } from '../support/peer-world.ts';
import { openTestKernel } from '../support/test-kernel.ts';
import { until } from '../support/until.ts';
import { findingsInTexts } from '../vats/model/row-findings.ts';

const gone = 'p'.repeat(52);
const other = 'q'.repeat(52);
/** Several batches. */
const GIVEN = 600;

const nameOf = (number: number) => `vat:a/b/${number}/self`;

/** A store in which both peers have been given much, and what it holds after each write from then on. */
const makeScene = async () => {
  const memory = makeMemoryStore();
  const states: (readonly StoreEntry[])[] = [];
  const store: Store = {
    ...memory,
    write: async (ops) => {
      await memory.write(ops);
      states.push(memory.entries());
    },
  };
  const kernel = openTestKernel(store);
  const tables = makePeerTables(kernel.committer);
  const give = async (peerId: string, number: number) => tables.of(peerId).numberOf(nameOf(number)).written;
  for (const peerId of [gone, other]) {
    await Promise.all(Array.from({ length: GIVEN }, (_, at) => give(peerId, at + 1)));
  }
  states.length = 0;
  return { tables, states, kernel };
};

const rowsOf = (peerId: string, rows: readonly StoreEntry[]) => rows.filter(([key]) => key.startsWith(`p/${peerId}/`));
/** What peers are given here is not there. */
const findingsIn = (rows: readonly StoreEntry[]) =>
  findingsInTexts(rows).filter(({ code }) => code !== 'DANGLING_REFERENCE');
const storeOf = async (rows: readonly StoreEntry[]) => {
  const store = makeMemoryStore();
  await store.write(rows.map(([key, value]) => ({ type: 'put', key, value })));
  return store;
};

describe('what is kept of a peer that is forgotten', () => {
  test('goes, in batches, and nothing of any other peer', async () => {
    const { tables, states, kernel } = await makeScene();
    const before = tables.of(gone);
    await tables.forget(gone);
    await kernel.stop();
    expect(states.length).toBeGreaterThan(4);
    const rows = states.at(-1)!;
    expect(rowsOf(gone, rows)).toEqual([]);
    expect(rowsOf(other, rows).length).toBe(2 * GIVEN + 1);
    expect(before.nameOf(1)).toBeUndefined();
    expect(() => before.numberOf(nameOf(1))).toThrow('is being forgotten');
  });

  test('is a stranger afterwards, and is given no number that any forgotten one had', async () => {
    const { tables, kernel } = await makeScene();
    await tables.forget(gone);
    const table = tables.of(gone);
    expect([table.known, table.forgotten, table.nameOf(1)]).toEqual([false, false, undefined]);
    expect(table.numberOf(nameOf(7)).number).toBe(GIVEN + 1);
    expect(tables.of(other).numberOf(nameOf(7)).number).toBe(7);
    await kernel.stop();
  });

  test('is, wherever the process is killed, no damage, gives nothing, and goes when it is forgotten again', async () => {
    const { tables, states, kernel } = await makeScene();
    await tables.forget(gone);
    await kernel.stop();
    for (const [at, rows] of states.entries()) {
      expect(findingsIn(rows), `after write ${at}`).toEqual([]);
      const store = await storeOf(rows);
      const again = openTestKernel(store);
      const revived = makePeerTables(again.committer);
      const left = rowsOf(gone, rows).length > 0;
      expect(revived.of(gone).forgotten, `after write ${at}`).toBe(left);
      expect(revived.of(gone).nameOf(GIVEN)).toBeUndefined();
      await revived.forget(gone);
      expect(rowsOf(gone, store.entries())).toEqual([]);
      expect(revived.of(gone).numberOf(nameOf(1)).number).toBe(GIVEN + 1);
      await again.stop();
    }
  });
});

describe('a peer that is forgotten', () => {
  let world: PeerWorld;
  beforeEach(() => {
    world = makePeerWorld();
  });
  afterEach(async () => {
    await world.end();
  });

  const makePair = async () => {
    const boss = world.add(1);
    const counter = boss.kernel.add('vat:boss/counter/1/self', { read: () => 5 });
    await boss.peer.listen('loopback', { name: 'boss' });
    const locator = await boss.peer.locatorFor(counter);
    const hob = world.add(2);
    const found = await hob.peer.enliven(locator);
    return { boss, hob, locator, found };
  };
  const failure = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'no failure', codeOf);

  test('loses its session, and comes back as a stranger to whom what it had names nothing', async () => {
    const { boss, hob, locator, found } = await makePair();
    expect(await on(found).read!()).toBe(5);
    await boss.peer.forget(hob.peer.id);
    await until(() => hob.peer.sessions().length === 0);
    expect([...boss.kernel.rows.keys()].filter((key) => key.startsWith('p/'))).toEqual(['p/!']);
    expect(await failure(on(found).read!())).toBe('NO_SUCH_EXPORT');
    // The locator is as good as for anybody.
    const again = await hob.peer.enliven(locator);
    expect(hob.kernel.nameOf(again)).toBe(`peer:${boss.peer.id}/2`);
    expect(await on(again).read!()).toBe(5);
  });

  test('is refused while it is being forgotten, also after that was not done to the end', async () => {
    const { boss, hob, locator } = await makePair();
    boss.kernel.holdWrites();
    const forgotten = boss.peer.forget(hob.peer.id);
    await until(() => hob.peer.sessions().length === 0);
    expect(await failure(hob.peer.enliven(locator))).toBe('SESSION_CLOSED');
    boss.kernel.release();
    await forgotten;
    await hob.peer.enliven(locator);
    boss.kernel.rows.set(`p/${hob.peer.id}/!`, '{"next":3,"given":1,"forgotten":true}');
    await Promise.all([boss.peer.close(), world.clock.advance(10_000)]);
    const restarted = boss.again();
    restarted.kernel.add('vat:boss/counter/1/self', { read: () => 5 });
    await restarted.peer.listen('loopback', { name: 'boss' });
    expect(await failure(hob.peer.enliven(locator))).toBe('SESSION_CLOSED');
    await restarted.peer.forget(hob.peer.id);
    expect(await on(await hob.peer.enliven(locator)).read!()).toBe(5);
  });

  test('stays known if that cannot be written', async () => {
    const { boss, hob, found } = await makePair();
    boss.kernel.holdWrites();
    const forgotten = failure(boss.peer.forget(hob.peer.id));
    boss.kernel.release(makeError('COMMIT_FAILED', 'the disk is full'));
    expect(await forgotten).toBe('COMMIT_FAILED');
    await until(() => hob.peer.sessions().length === 0);
    expect(await on(found).read!()).toBe(5);
  });
});
