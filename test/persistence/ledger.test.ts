import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';
import type { CommitWitness } from '../../src/persistence/commit-witness.ts';
import { openLedger } from '../../src/persistence/ledger.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import type { Store, StoreEntry, StoreOp } from '../../src/vats/store.ts';
import { countingStore } from '../support/counting-store.ts';

const put = (key: string, value: string): StoreOp => ({ type: 'put', key, value });
/** A row as it is on disk. */
const row = (id: string, key: string, text: string): StoreEntry => [
  key,
  `${crc32(`${id}${key}\n${text}`).toString(16).padStart(8, '0')} ${text}`,
];
const stateRow = (id: string, json: string): StoreEntry => row(id, '!state', json);
const formatRow = (json: string): StoreEntry => row('', '!format', json);

let ids = 0;
const open = (store: Store, witness?: CommitWitness) =>
  openLedger(store, {
    randomId: () => `id-${(ids += 1)}`,
    where: '/state',
    ...(witness === undefined ? {} : { witness }),
  });

/** What opening says, and that it changes nothing. */
const refusalOf = async (store: MemoryStore, witness?: CommitWitness) => {
  const before = store.entries();
  const refusal = await open(store, witness).then(
    () => 'opened',
    (error: unknown) => {
      const { code, message, hint } = describeError(error);
      return { code, message, hint };
    },
  );
  expect(store.entries()).toEqual(before);
  return refusal;
};

const format1 = formatRow('{"format":1,"store":"x"}');
const state = stateRow('x', '{"epoch":3,"commits":40}');

describe('opening', () => {
  test('begins a ledger in an empty store', async () => {
    const memory = makeMemoryStore();
    const ledger = await open(memory);
    expect([ledger.epoch, ledger.commits()]).toEqual([1, 1]);
    expect(memory.entries()).toEqual([
      formatRow(`{"format":1,"store":"${ledger.storeId}"}`),
      stateRow(ledger.storeId, '{"epoch":1,"commits":1}'),
    ]);
  });

  test('shows what is there to whoever is to examine it, before anything is written', async () => {
    const memory = makeMemoryStore();
    const { storeId, write } = await open(memory);
    await write([put('a', '1')]);
    const before = memory.entries();
    const opening = openLedger(memory, {
      randomId: () => 'unused',
      where: '/state',
      examine: async (rows, id) => {
        expect([rows.get('a'), id]).toEqual(['1', storeId]);
        throw Error('this is not for us');
      },
    });
    await expect(opening).rejects.toThrow('this is not for us');
    expect(memory.entries()).toEqual(before);
  });

  test('raises the epoch and keeps the id, durably, whatever the last life did', async () => {
    const memory = makeMemoryStore();
    const { storeId } = await open(memory);
    for (const epoch of [2, 3]) {
      // Opened from a copy too, as it is found when nobody closes it.
      const copy = await open(makeMemoryStore(memory.entries()));
      expect([copy.storeId, copy.epoch]).toEqual([storeId, epoch]);
      const ledger = await open(memory);
      expect([ledger.storeId, ledger.epoch]).toEqual([storeId, epoch]);
    }
  });

  test('that fails to write the new epoch fails', async () => {
    const memory = makeMemoryStore([format1, state]);
    const { store } = countingStore(memory, () => {
      throw Error('no room');
    });
    await expect(open(store)).rejects.toThrow('no room');
  });

  test('of a newer format is refused, naming found and known, and changes nothing', async () => {
    expect(await refusalOf(makeMemoryStore([formatRow('{"format":2,"id":7}'), ['a', '1']]))).toEqual({
      code: 'NEWER_FORMAT',
      message: '/state: the store has format 2, this gobs knows 1',
      hint: 'use the gobs that wrote it, or a newer one; nothing was changed',
    });
  });

  test('of a store with rows, but no header, is refused and changes nothing', async () => {
    for (const key of [' ', 'a', 'v/boss/!', '\u{10fffe}']) {
      expect(await refusalOf(makeMemoryStore([[key, '1']]))).toMatchObject({
        code: 'STORE_NOT_OURS',
        message: '/state: holds rows, but no !format: not a gobs store',
      });
    }
  });

  test.each<[string, StoreEntry[], string]>([
    ['no !state', [format1], '!state is missing'],
    ['no !format, but a !state', [state], '!format is missing'],
    ['an altered !format', [['!format', `${format1[1]} `], state], 'row !format: checksum '],
    ['an altered !state', [format1, ['!state', state[1].replace('40', '41')]], 'row !state: checksum '],
    ['a !state cut short', [format1, ['!state', state[1].slice(0, -1)]], 'row !state: checksum '],
    ['an empty !state', [format1, ['!state', '']], 'row !state: checksum '],
    ['another row as !state', [format1, ['!state', format1[1]]], 'row !state: checksum '],
    ['the !state of another store', [format1, stateRow('y', '{"epoch":1,"commits":1}')], 'row !state: checksum '],
    ['a format that is no number', [formatRow('{"format":"1"}'), state], 'format of 1 or more expected, "1" found'],
    ['no store id', [formatRow('{"format":1}'), state], '!format: store is missing'],
    ['no epoch', [format1, stateRow('x', '{"commits":1}')], 'epoch of 1 or more expected, none found'],
    [
      'a broken count',
      [format1, stateRow('x', '{"epoch":1,"commits":1.5}')],
      'commits of 1 or more expected, 1.5 found',
    ],
  ])('of a damaged header is refused and changes nothing: %s', async (_, content, message) => {
    const refusal = await refusalOf(makeMemoryStore(content));
    expect(refusal).toMatchObject({ code: 'STORE_DAMAGED', message: expect.stringContaining(message) as string });
    expect(refusal).toMatchObject({ message: expect.stringMatching(/^\/state: /) as string });
  });
});

describe('the count of commits', () => {
  test('rises by one with each batch, inside the batch', async () => {
    const memory = makeMemoryStore();
    const counting = countingStore(memory);
    const ledger = await open(counting.store);
    await Promise.all([ledger.write([put('a', '1')]), ledger.write([put('b', '2'), put('a', '3')])]);
    await ledger.write([{ type: 'del', key: 'c' }]);
    expect(ledger.commits()).toBe(4);
    const written = counting.steps.filter(({ moment }) => moment === 'before').map(({ ops }) => ops);
    expect(written.map((ops) => ops.at(-1))).toEqual(
      [1, 2, 3, 4].map((commits) => put(...stateRow(ledger.storeId, `{"epoch":1,"commits":${commits}}`))),
    );
    expect((await open(memory)).commits()).toBe(5);
  });

  test('does not rise for an empty batch', async () => {
    const ledger = await open(makeMemoryStore());
    await ledger.write([]);
    expect(ledger.commits()).toBe(1);
  });

  test.each([
    ['was not written', 'before', 2],
    ['was written all the same', 'after', 3],
  ])('goes on from what the store says after a failed write that %s', async (_, failing, commits) => {
    const memory = makeMemoryStore();
    const { store } = countingStore(memory, ({ moment, ops }) => {
      if (moment === failing && ops[0]?.key === 'bad') throw Error('failed');
    });
    const ledger = await open(store);
    const [first, bad, next] = await Promise.allSettled([
      ledger.write([put('a', '1')]),
      ledger.write([put('bad', '1')]),
      ledger.write([put('b', '1')]),
    ]);
    expect([first.status, bad.status, next.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(ledger.commits()).toBe(commits + 1);
    expect((await open(memory)).commits()).toBe(commits + 2);
  });

  test('is what a witness is told, after the batch is written and before anybody else', async () => {
    const memory = makeMemoryStore();
    const told: number[] = [];
    const witness = {
      where: '/state/commits',
      seen: 0,
      note: (commits: number) => {
        expect(memory.get('!state')).toContain(`"commits":${commits}}`);
        told.push(commits);
      },
      close: () => undefined,
    };
    const ledger = await open(memory, witness);
    await ledger.write([put('a', '1')]);
    expect(told).toEqual([1, 2]);
  });

  test('that is lower than the witness says is STORE_DAMAGED, and changes nothing', async () => {
    const witness = (seen: number) => ({
      where: '/state/commits',
      seen,
      note: () => undefined,
      close: () => undefined,
    });
    expect(await refusalOf(makeMemoryStore([format1, state]), witness(43))).toEqual({
      code: 'STORE_DAMAGED',
      message: '/state: 43 commits were acknowledged, 40 are there: the last 3 are lost',
      hint: 'restore a backup, or remove /state/commits to go on with what is left',
    });
    expect(await refusalOf(makeMemoryStore(), witness(1))).toMatchObject({ code: 'STORE_DAMAGED' });
    expect((await open(makeMemoryStore([format1, state]), witness(40))).commits()).toBe(41);
    expect((await open(makeMemoryStore([format1, state]), witness(12))).commits()).toBe(41);
  });
});

describe('a row', () => {
  const everything = { gt: '!~', lt: '~', limit: 99 };
  const damages: [string, (value: string) => string][] = [
    ['altered in its text', (value) => value.replace('one', 'two')],
    ['altered in its checksum', (value) => `${value.startsWith('0') ? '1' : '0'}${value.slice(1)}`],
    ['altered between them', (value) => `${value.slice(0, 8)}_${value.slice(9)}`],
    ['cut short', (value) => value.slice(0, -1)],
    ['grown', (value) => `${value} `],
    ['empty', () => ''],
    ['that of another key', () => row('x', 'b', 'one')[1]],
    ['that of another store', () => row('y', 'a', 'one')[1]],
  ];

  test('is on disk with a checksum of store, key and text, and is read without it', async () => {
    const memory = makeMemoryStore([format1, state]);
    const ledger = await open(memory);
    await ledger.write([put('a', 'one'), put('é', '\u{1f600}'), put('empty', '')]);
    expect(memory.entries().slice(2)).toEqual([
      row('x', 'a', 'one'),
      row('x', 'empty', ''),
      row('x', 'é', '\u{1f600}'),
    ]);
    expect([ledger.get('a'), ledger.get('é'), ledger.get('empty')]).toEqual(['one', '\u{1f600}', '']);
    const texts = [
      ['a', 'one'],
      ['empty', ''],
      ['é', '\u{1f600}'],
    ];
    const page = await ledger.page({ ...everything, lt: '\uffff' });
    expect(page).toEqual(texts);
    expect(Object.isFrozen(page) && Object.isFrozen(page[0])).toBe(true);
    expect(await ledger.snapshot().page({ ...everything, lt: '\uffff' })).toEqual(texts);
    expect(await ledger.snapshotOnDisk().page({ gt: '!', lt: '\uffff', limit: 99 })).toEqual(memory.entries());
  });

  test.each(damages)('that is %s is refused wherever it is read, and nothing is overwritten', async (_, damage) => {
    const [, sound] = row('x', 'a', 'one');
    const memory = makeMemoryStore([format1, state, ['a', damage(sound)], row('x', 'b', 'other')]);
    const ledger = await open(memory);
    const before = memory.entries();
    const found = JSON.stringify(damage(sound).slice(0, 8));
    const refusal = RegExp(
      `^ROW_DAMAGED: row a: checksum ${found}, expected [0-9a-f]{8}\nhint: nothing was overwritten`,
    );
    expect(() => ledger.get('a')).toThrow(refusal);
    await expect(ledger.page(everything)).rejects.toThrow(refusal);
    const snapshot = ledger.snapshot();
    await expect(snapshot.page(everything)).rejects.toThrow(refusal);
    await snapshot.close();
    expect(ledger.get('b')).toBe('other');
    expect(await ledger.page({ ...everything, gt: 'a' })).toEqual([['b', 'other']]);
    const onDisk = ledger.snapshotOnDisk();
    expect(await onDisk.page({ gt: '!', lt: '~', limit: 99 })).toEqual(before);
    await onDisk.close();
    expect(memory.entries()).toEqual(before);
  });
});

test('callers may not write the rows of the header', async () => {
  const memory = makeMemoryStore();
  const ledger = await open(memory);
  const before = memory.entries();
  for (const key of ['!state', '!format', '!', '!other']) {
    await expect(ledger.write([put('a', '1'), { type: 'del', key }])).rejects.toThrow(TypeError);
  }
  expect(memory.entries()).toEqual(before);
});

test('closing closes the store and the witness, when the writes under way are done', async () => {
  const events: string[] = [];
  const memory = makeMemoryStore();
  const witness = {
    where: '',
    seen: 0,
    note: (commits: number) => events.push(`noted ${commits}`),
    close: () => events.push('witness closed'),
  };
  const ledger = await open(memory, witness);
  const writing = ledger.write([put('a', '1')]);
  await ledger.close();
  await writing;
  expect(events).toEqual(['noted 1', 'noted 2', 'witness closed']);
  expect(() => memory.get('a')).toThrow('STORE_UNUSABLE');
  expect(codeOf(await ledger.write([put('b', '1')]).catch((error: unknown) => error))).toBe('STORE_UNUSABLE');
});
