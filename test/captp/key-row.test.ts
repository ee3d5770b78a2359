import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { openPeerKey } from '../../src/captp/key-row.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { makeSeal } from '../../src/sealing/seal.ts';

const seal = makeSeal(new Uint8Array(32).fill(1));
const newRow = { type: 'put', key: 'k/!', value: `{"key":"${seal.keyId}"}` } as const;
const rowsIn = (store: MemoryStore) => store.page({ gt: '', lt: '\u{10ffff}', limit: 100 });

let store: MemoryStore;
beforeEach(() => {
  store = makeMemoryStore();
});

describe("a peer's key", () => {
  test('is made once, sealed, in one batch with the row that says with which key', async () => {
    const batches: number[] = [];
    const watched = {
      get: store.get,
      write: (ops: Parameters<typeof store.write>[0]) => {
        batches.push(ops.length);
        return store.write(ops);
      },
    };
    const made = await openPeerKey({ store: watched, seal, newRow, randomBytes });
    expect(batches).toEqual([2]);
    expect((await openPeerKey({ store: watched, seal, randomBytes })).peerId).toBe(made.peerId);
    expect(batches).toEqual([2]);
    const text = JSON.stringify(await rowsIn(store));
    expect(text).toContain(`sealed:1:${seal.keyId}:`);
    for (const line of made.privateKeyPem.trim().split('\n')) expect(text).not.toContain(line);
  });

  test('is not there before it is written', async () => {
    const failing = { get: store.get, write: () => Promise.reject(Error('the disk is full')) };
    await expect(openPeerKey({ store: failing, seal, newRow, randomBytes })).rejects.toThrow('the disk is full');
    expect(await rowsIn(store)).toEqual([]);
  });

  test('of which one row is lost, or which is another text, is not made anew', async () => {
    await openPeerKey({ store, seal, newRow, randomBytes });
    const before = await rowsIn(store);
    await expect(openPeerKey({ store, seal, newRow, randomBytes })).rejects.toThrow(
      'STORE_DAMAGED: row k/! is missing',
    );
    const other = makeSeal(new Uint8Array(32).fill(2));
    expect(await openPeerKey({ store, seal: other, randomBytes }).catch(codeOf)).toBe('SEALING_KEY_WRONG');
    expect(await rowsIn(store)).toEqual(before);
    await store.write([{ type: 'put', key: 'k/peer', value: seal.seal('k/peer', 'nonsense') }]);
    expect(await openPeerKey({ store, seal, randomBytes }).catch(codeOf)).toBe('KEY_UNUSABLE');
    await store.write([{ type: 'put', key: 'k/peer', value: seal.seal('secret/x', 'nonsense') }]);
    expect(await openPeerKey({ store, seal, randomBytes }).catch(codeOf)).toBe('SEAL_BROKEN');
    await store.write([{ type: 'del', key: 'k/peer' }]);
    await expect(openPeerKey({ store, seal, randomBytes })).rejects.toThrow('STORE_DAMAGED: row k/peer is missing');
  });
});
