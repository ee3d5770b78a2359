import { Far } from '@endo/far';
import { expect, test } from 'vitest';
import { openRunningStore } from '../../src/cli/running-store.ts';
import type { Boss } from '../../src/protocol/remotes.ts';

test('who breaks off does not wait for a boss that hangs, and tells it', async () => {
  const asked: string[] = [];
  const hang = (what: string) => () => {
    asked.push(what);
    return new Promise<never>(() => {});
  };
  let ended: Promise<unknown> | undefined;
  const boss = Far('Boss', {
    backup: (until: Promise<unknown>) => {
      ended = until;
      return Far('StoreBackup', { read: hang('read'), rewind: hang('rewind'), close: hang('close') });
    },
  });
  const source = await openRunningStore(boss as unknown as Boss, 'the boss');
  const pages = source.pages()[Symbol.asyncIterator]();
  void pages.next();
  await source.close();
  await ended;
  expect(asked.filter((what) => what !== 'read')).toEqual(['close']);
});
