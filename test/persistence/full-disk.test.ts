import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { storePowers } from './store-powers.ts';

test('a full disk fails the write, loses nothing that was acknowledged, and is forgotten once there is room', async (context) => {
  const disk = await mountSmallDisk({ size: '16m' });
  if ('reason' in disk) return context.skip(disk.reason);
  const directory = join(disk.path, 'state');
  const open = () => openStore({ ...storePowers, directory, randomId: () => 'id' });
  const full = (path: string) => ({
    code: 'STORE_UNUSABLE',
    message: expect.stringMatching(new RegExp(`^${path}.*[Nn]o space left on device \\(ENOSPC\\)$`)) as string,
    hint: 'make room on that file system, then try again: every acknowledged change is kept',
  });
  const refusalOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 'done',
      (error: unknown) => describeError(error),
    );
  const batch = (n: number) =>
    ['a', 'b'].map((half) => ({
      type: 'put' as const,
      key: `n/${String(n).padStart(5, '0')}/${half}`,
      value: String(n).repeat(3_000),
    }));

  try {
    const store = await open();
    await store.write(batch(0));
    disk.fill();
    // LevelDB's log may have room left in its last page.
    let acknowledged = 0;
    let refusal: unknown = 'done';
    for (let n = 1; refusal === 'done'; n += 1) {
      refusal = await refusalOf(store.write(batch(n)));
      if (refusal === 'done') acknowledged = n;
    }
    expect(refusal).toEqual(full(directory));

    // What was acknowledged can be read, and nothing more is written.
    expect(store.get(`n/${String(acknowledged).padStart(5, '0')}/b`)).toBeDefined();
    expect(store.get(`n/${String(acknowledged + 1).padStart(5, '0')}/a`)).toBeUndefined();
    expect(await refusalOf(store.write(batch(9_999)))).toEqual(full(directory));
    expect(store.get(`n/${String(acknowledged).padStart(5, '0')}/b`)).toBeDefined();

    // With room again, the store is opened anew by the next write, which is refused once more; then all is well.
    disk.makeRoom();
    const once = (await refusalOf(store.write(batch(9_999)))) as { message: string };
    expect(once.message).toContain('opened anew');
    const late = store.get(`n/${String(acknowledged + 1).padStart(5, '0')}/a`) !== undefined;
    if (late) acknowledged += 1;
    await store.write(batch(acknowledged + 1));
    acknowledged += 1;
    expect(store.get(`n/${String(acknowledged).padStart(5, '0')}/b`)).toBeDefined();
    const commits = store.commits();
    await store.close();

    disk.fill();
    expect(await refusalOf(open())).toEqual(full(directory));
    disk.makeRoom();

    const again = await open();
    const found = (await again.page({ gt: 'n/', lt: 'n0', limit: 10_000 })).map(([key]) => key);
    const expected = Array.from({ length: found.length / 2 }, (_, n) => batch(n).map(({ key }) => key)).flat();
    expect(found).toEqual(expected);
    expect(expected.length / 2 - 1).toBe(acknowledged);
    expect(again.commits()).toBe(commits + 1);
    await again.write(batch(10_000));
    await again.close();
  } finally {
    await disk.unmount();
  }
});
