import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { makeGroupCommit, type GroupCommit } from '../../src/vats/group-commit.ts';
import type { PageRequest, StoreEntry } from '../../src/vats/store.ts';
import { makeGatedStore, type GatedStore } from './gated-store.ts';

let memory: MemoryStore;
let store: GatedStore;
let failed: Error[];
let mistakes: unknown[];
let commits: GroupCommit;

beforeEach(() => {
  memory = makeMemoryStore();
  store = makeGatedStore(memory);
  failed = [];
  mistakes = [];
  commits = makeGroupCommit({
    store: { ...store, page: (request) => page(request) },
    onFailed: (reason) => failed.push(reason),
    onRows: () => {},
    onOutputError: (error) => mistakes.push(error),
  });
  page = store.page;
});
let page: (request: PageRequest) => Promise<readonly StoreEntry[]>;

const put = (...keys: string[]): Promise<void> =>
  commits.write(keys.map((key) => ({ type: 'put', key, value: `value of ${key}` })));
const del = (...keys: string[]): Promise<void> => commits.write(keys.map((key) => ({ type: 'del', key })));
const everything = { gt: '\u0000', lt: '\u{10ffff}', limit: 100 };
const keysOf = (entries: readonly StoreEntry[]): string[] => entries.map(([key]) => key);

describe('what is read', () => {
  test('is what is open over what is being written over what is stored', async () => {
    await put('a', 'b', 'c', 'd');
    store.shut();
    const writing = commits.write([
      { type: 'put', key: 'a', value: 'writing' },
      { type: 'del', key: 'b' },
      { type: 'put', key: 'c', value: 'writing' },
    ]);
    const open = commits.write([
      { type: 'put', key: 'c', value: 'open' },
      { type: 'del', key: 'a' },
      { type: 'put', key: 'e', value: 'open' },
    ]);
    expect(['a', 'b', 'c', 'd', 'e'].map(commits.get)).toEqual([undefined, undefined, 'open', 'value of d', 'open']);
    expect(await commits.page(everything)).toEqual([
      ['c', 'open'],
      ['d', 'value of d'],
      ['e', 'open'],
    ]);
    store.open();
    await Promise.all([writing, open]);
    expect(await store.page(everything)).toEqual([
      ['c', 'open'],
      ['d', 'value of d'],
      ['e', 'open'],
    ]);
  });

  test('in pages has what is pending in its place, in byte order', async () => {
    await put('a\uffff', 'a\u{10000}');
    store.shut();
    const pending = put('a\u{10001}', 'a', 'a\ue000');
    expect(keysOf(await commits.page({ gt: 'a\uffff', lt: 'b', limit: 9 }))).toEqual(['a\u{10000}', 'a\u{10001}']);
    expect(keysOf(await commits.page({ gt: 'a', lt: 'a\u{10001}', limit: 9 }))).toEqual([
      'a\ue000',
      'a\uffff',
      'a\u{10000}',
    ]);
    store.open();
    await pending;
  });

  test('in pages is as much as was asked for, though much of it is about to go', async () => {
    const keys = Array.from({ length: 50 }, (_, n) => `k${String(n).padStart(2, '0')}`);
    await put(...keys);
    store.shut();
    const pending = del(...keys.slice(0, 40));
    expect(keysOf(await commits.page({ ...everything, limit: 5 }))).toEqual(keys.slice(40, 45));
    expect(keysOf(await commits.page({ ...everything, gt: 'k44', limit: 10 }))).toEqual(keys.slice(45));
    store.open();
    await pending;
  });

  test('in pages has a row that is being written while the page is on its way', async () => {
    await put('a', 'z');
    store.shut();
    let letPageGo = (): void => {};
    const gate = new Promise<void>((resolve) => (letPageGo = resolve));
    // As of the moment of the call, and arriving late: what the port allows.
    page = async (request) => {
      const entries = await store.page(request);
      await gate;
      return entries;
    };
    const pending = put('m');
    const asked = commits.page(everything);
    await store.letOneThrough();
    await pending;
    letPageGo();
    expect(keysOf(await asked)).toEqual(['a', 'm', 'z']);
  });
});

describe('outputs', () => {
  const note = (said: string[], what: string) => ({
    release: () => void said.push(what),
    fail: () => void said.push(`not ${what}`),
  });
  const rows = (key: string) => new Map([[key, 'x']]);
  const none = new Map<string, string>();

  test('leave with their group, in the order of their turns; those of turns that wrote nothing wait for what was pending', async () => {
    const said: string[] = [];
    commits.commit(none, [note(said, 'nothing pending')]);
    expect(said).toEqual(['nothing pending']);
    store.shut();
    commits.commit(rows('a'), [note(said, '1')]);
    commits.commit(none, [note(said, '2')]);
    commits.flush();
    commits.commit(none, [note(said, '3')]);
    commits.commit(rows('b'), [note(said, '4')]);
    commits.commit(none, [note(said, '5')]);
    expect(said).toEqual(['nothing pending']);
    await store.letOneThrough();
    expect(said.slice(1)).toEqual(['1', '2', '3']);
    await store.letOneThrough();
    expect(said.slice(1)).toEqual(['1', '2', '3', '4', '5']);
  });

  test('that throw do not keep others from leaving', async () => {
    const said: string[] = [];
    const broken = {
      release: () => {
        throw Error('mistake');
      },
      fail: () => {},
    };
    commits.commit(rows('a'), [broken, note(said, 'left')]);
    await commits.idle();
    expect([said, mistakes]).toEqual([['left'], [Error('mistake')]]);
  });

  test('of a failed group, and of what was open beside it, fail after everybody was told to forget; later ones leave', async () => {
    const said: string[] = [];
    failed.push = (reason) => said.push(reason.message);
    store.shut();
    commits.commit(rows('a'), [note(said, '1')]);
    commits.flush();
    commits.commit(rows('b'), [note(said, '2')]);
    await store.refuseOne(Error('disk full'));
    await commits.idle();
    expect(said).toEqual(['COMMIT_FAILED: the turn could not be written: disk full', 'not 1', 'not 2']);
    expect([commits.get('a'), commits.get('b')]).toEqual([undefined, undefined]);
    store.open();
    commits.commit(rows('c'), [note(said, '3')]);
    await commits.idle();
    expect(said.slice(3)).toEqual(['3']);
    expect(memory.entries()).toEqual([['c', 'x']]);
  });
});
