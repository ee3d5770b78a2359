import { describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import type { StoreOp } from '../../src/vats/store.ts';
import { describeStore } from '../contracts/store.ts';
import { countingStore, type CountingStore } from './counting-store.ts';

describeStore('a counted store', async () => {
  let memory: MemoryStore | undefined;
  return {
    open: async () => {
      memory = makeMemoryStore(memory?.entries());
      return countingStore(memory).store;
    },
    dispose: () => Promise.resolve(),
  };
});

const put = (key: string): StoreOp[] => [{ type: 'put', key, value: key }];

/** What the three writes of a life leave, and which of them it was told of, if it ends at a step. */
const lifeEndingAt = async (at: number) => {
  const memory = makeMemoryStore();
  const counting: CountingStore = countingStore(memory, ({ number }) => {
    if (number === at) counting.crash();
  });
  const told: string[] = [];
  const life = Promise.all(
    ['a', 'b', 'c'].map(async (key) => {
      await counting.store.write(put(key));
      told.push(key);
    }),
  );
  await Promise.race([life, counting.crashed]);
  // Whatever is still on its way in memory arrives before this does.
  await makeMemoryStore().write(put('z'));
  return {
    left: memory
      .entries()
      .map(([key]) => key)
      .join(''),
    told: told.join(''),
    counting,
  };
};

describe('a crash', () => {
  test('leaves the writes before its step, and nobody is told of the one that it follows', async () => {
    const steps = (await lifeEndingAt(0)).counting.steps;
    expect(steps.map(({ number, moment, ops }) => `${number} ${moment} ${ops[0]!.key}`)).toEqual([
      '1 before a',
      '2 after a',
      '3 before b',
      '4 after b',
      '5 before c',
      '6 after c',
    ]);
    const outcomes = [];
    for (const { number } of steps) {
      const { left, told } = await lifeEndingAt(number);
      outcomes.push([left, told]);
    }
    expect(outcomes).toEqual([
      ['', ''],
      ['a', ''],
      ['a', 'a'],
      ['ab', 'a'],
      ['ab', 'ab'],
      ['abc', 'ab'],
    ]);
  });

  test('makes reads fail, and lets nothing more through', async () => {
    const { counting } = await lifeEndingAt(2);
    expect(() => counting.store.get('a')).toThrow('killed');
    const settled = await Promise.race([
      counting.store.write(put('d')).then(() => 'written'),
      counting.store.page({ gt: 'a', lt: 'z', limit: 1 }).then(() => 'read'),
      new Promise((resolve) => {
        setImmediate(resolve, 'neither');
      }),
    ]);
    expect(settled).toBe('neither');
    expect(counting.steps.length).toBe(2);
    await counting.store.close();
  });
});

test('a hook that throws fails that write, before or after it is made, and no other', async () => {
  const memory = makeMemoryStore();
  const { store } = countingStore(memory, ({ number, moment }) => {
    if (number === 1 || number === 3) throw Error(`refused ${moment}`);
  });
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((key) => store.write(put(key))));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(memory.entries().map(([key]) => key)).toEqual(['b', 'c']);
});
