import { describe, expect, test } from 'vitest';
import { chooseAddress, keepAddress, keptAddress, parseAddress, textOfAddress } from '../../src/boss/listen-address.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';

const kept = { host: '127.0.0.1', port: '4000' };

describe('where a boss listens', () => {
  test('is what was asked for, or what was kept, or any port of the loopback interface', () => {
    expect(chooseAddress(undefined, undefined)).toEqual({ host: '127.0.0.1', port: '0' });
    expect(chooseAddress(undefined, kept)).toEqual(kept);
    expect(chooseAddress('0.0.0.0:5000', kept)).toEqual({ host: '0.0.0.0', port: '5000' });
  });
  test('stays where hobs know it when any port will do', () => {
    expect(chooseAddress('127.0.0.1:0', kept)).toEqual(kept);
    expect(chooseAddress('0.0.0.0:0', kept)).toEqual({ host: '0.0.0.0', port: '0' });
  });
  test('is kept over restarts', async () => {
    const store = makeMemoryStore();
    const committer = { get: store.get, page: store.page, write: store.write };
    await keepAddress({ host: '::1', port: '4000' }, committer);
    expect(keptAddress(committer)).toEqual({ host: '::1', port: '4000' });
  });
  test('is read and written with brackets around colons', () => {
    expect(textOfAddress(parseAddress('[::1]:4000'))).toBe('[::1]:4000');
    for (const wrong of ['4000', 'host:', ':4000', '::1:4000', 'host:99999', 'host:x']) {
      expect(() => parseAddress(wrong), wrong).toThrow(/^BAD_USAGE: /);
    }
  });
});
