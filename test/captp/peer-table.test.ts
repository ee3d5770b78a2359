import { describe, expect, test } from 'vitest';
import { makePeerTable, makePeerTables } from '../../src/captp/peer-table.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import { makeFakeKernel } from '../support/fake-kernel.ts';

const peerId = 'p'.repeat(52);

describe('what is kept of a peer', () => {
  test('is a number for each name, for ever, also for who reads it again', async () => {
    const { committer, rows } = makeFakeKernel();
    const table = makePeerTable(committer, peerId);
    expect(table.known).toBe(false);
    for (const name of ['vat:a/b/1/self', 'vat:a/b/2/self']) await table.numberOf(name).written;
    expect(table.numberOf('vat:a/b/1/self')).toEqual({ number: 1, written: undefined });
    expect([1, 2, 3].map(table.nameOf)).toEqual(['vat:a/b/1/self', 'vat:a/b/2/self', undefined]);
    expect([...rows.keys()].sort()).toEqual(
      ['!', 'n/vat:a/b/1/self', 'n/vat:a/b/2/self', 'x/1', 'x/2'].map((end) => `p/${peerId}/${end}`),
    );
    expect(JSON.parse(rows.get(`p/${peerId}/!`)!)).toEqual({ next: 3, given: 2 });
    const again = makePeerTable(makeFakeKernel(rows).committer, peerId);
    expect(again.known).toBe(true);
    expect(again.numberOf('vat:a/b/2/self')).toEqual({ number: 2, written: undefined });
    expect(again.numberOf('vat:a/b/3/self').number).toBe(3);
    expect(again.nameOf(1)).toBe('vat:a/b/1/self');
  });

  test('says of a number that is not durable yet when it is, as often as it is asked', async () => {
    const kernel = makeFakeKernel();
    const tables = makePeerTables(kernel.committer);
    kernel.holdWrites();
    const first = tables.of(peerId).numberOf('vat:a/b/1/self');
    tables.release(peerId);
    const second = tables.of(peerId).numberOf('vat:a/b/1/self');
    expect(second).toEqual(first);
    expect(second.written).toBeInstanceOf(Promise);
    kernel.release();
    await second.written;
    expect(tables.of(peerId).numberOf('vat:a/b/1/self').written).toBeUndefined();
  });

  test('is not given twice when it could not be written', async () => {
    const kernel = makeFakeKernel();
    const table = makePeerTable(kernel.committer, peerId);
    kernel.holdWrites();
    const failed = table.numberOf('vat:a/b/1/self');
    kernel.release(makeError('COMMIT_FAILED', 'the disk is full'));
    expect(codeOf(await failed.written!.catch((error: unknown) => error))).toBe('COMMIT_FAILED');
    expect(table.numberOf('vat:a/b/2/self').number).toBe(2);
    expect(table.numberOf('vat:a/b/1/self').number).toBe(3);
    expect(table.nameOf(1)).toBeUndefined();
  });

  test('goes on from a number that is asked for, and keeps those that were given', async () => {
    const { committer } = makeFakeKernel();
    await makePeerTable(committer, peerId).numberOf('vat:a/b/1/self').written;
    const table = makePeerTables(committer, 1_000).of(peerId);
    expect(['vat:a/b/1/self', 'vat:a/b/2/self', 'vat:a/b/3/self'].map((name) => table.numberOf(name).number)).toEqual([
      1, 1_000, 1_001,
    ]);
    expect(table.nameOf(2)).toBeUndefined();
    expect(makePeerTables(committer, 1_000).of('q'.repeat(52)).numberOf('vat:a/b/9/self').number).toBe(1_000);
  });

  test('has the highest epoch, once the peer is known', async () => {
    const { committer, rows } = makeFakeKernel();
    const table = makePeerTable(committer, peerId);
    await table.noteEpoch(5);
    expect(rows.size).toBe(0);
    expect(table.epoch).toBe(5);
    await table.noteDialled({ scheme: 'tls', address: { host: 'h', port: '1' } });
    await table.noteEpoch(4);
    const again = makePeerTable(committer, peerId);
    expect(again.epoch).toBe(5);
    expect(again.dialled).toEqual({ scheme: 'tls', address: { host: 'h', port: '1' } });
    await again.noteEpoch(9);
    expect(makePeerTable(committer, peerId).epoch).toBe(9);
  });
});
