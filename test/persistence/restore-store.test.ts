import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { codeOf, describeError, makeError } from '../../src/errors/gobs-error.ts';
import { openLevelStore } from '../../src/persistence/level-store.ts';
import { openRestorePlace } from '../../src/persistence/restore-place.ts';
import { restoreStore } from '../../src/persistence/restore-store.ts';
import type { StoreEntry, StoreOp } from '../../src/vats/store.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { contentOf, makeBackup, openAt, restoreOptions, someRows, taken } from './backup-scene.ts';
import { storePowers } from './store-powers.ts';

vi.setConfig({ testTimeout: 240_000 });

let temporary: TemporaryDirectory;
let backup: string;
let content: readonly StoreEntry[];
let state: string;
const later: readonly StoreOp[] = [{ type: 'put', key: 'v/boss/a/x/later', value: 'not in the backup' }];

beforeAll(async () => {
  temporary = await makeTemporaryDirectory();
  backup = join(temporary.path, 'backup');
  const origin = join(temporary.path, 'origin');
  // Several batches.
  await makeBackup(origin, backup, someRows(4_000));
  content = await contentOf(origin);
  const old = await openAt(origin);
  await old.write(later);
  await old.close();
});
afterAll(() => temporary.remove());

beforeEach(async () => {
  state = join(temporary.path, 'state');
  await rm(state, { recursive: true, force: true });
});

const withOldStore = (): Promise<void> => cp(join(temporary.path, 'origin'), state, { recursive: true });
const restore = async (more: Partial<Parameters<typeof restoreStore>[0]> = {}) =>
  restoreStore({ ...(await restoreOptions(state, backup)), ...more });
const refusal = async (asked: Promise<unknown>): Promise<string> => {
  const { code, message, hint } = describeError(await asked.catch((error: unknown) => error));
  return `${code} ${message} ${hint ?? ''}`;
};
const namesIn = async (): Promise<readonly string[]> => (await readdir(state)).sort();

describe('a restore', () => {
  test("makes nothing in somebody else's directory, where a link may lead elsewhere", async () => {
    const elsewhere = join(temporary.path, 'elsewhere');
    await mkdir(elsewhere, { recursive: true });
    await mkdir(state);
    await symlink(elsewhere, join(state, 'restoring'));
    expect(await refusal(restore({ uid: process.getuid!() + 1 }))).toMatch(/^STORE_UNUSABLE .* belongs to user/);
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test('makes the store that the backup is of, one restore on, where numbers were never given', async () => {
    const now = Date.UTC(2026, 10, 20, 8, 30);
    const restored = await restore({ now: () => now });
    expect(restored).toMatchObject({ taken, rows: content.length + 2, restores: 1, replaced: null });
    expect(await namesIn()).toEqual(['store']);
    const store = await openAt(state);
    expect(store).toMatchObject({
      storeId: 'the-store',
      epoch: 2,
      restores: 1,
      restored: { at: now, taken: Date.parse(taken), epoch: 1, numbers: 59_473_800_001, instances: 1_000_041 },
    });
    await store.close();
    expect(await contentOf(state)).toEqual(content);
  });

  test('of a store that was restored counts on', async () => {
    await restore({ now: () => 0 });
    const second = join(temporary.path, 'second');
    await makeBackup(state, second, later);
    const other = join(temporary.path, 'other');
    await rm(other, { recursive: true, force: true });
    await restoreStore({ ...(await restoreOptions(other, second)), now: () => 0 });
    const store = await openAt(other);
    expect([store.restores, store.restored]).toMatchObject([2, { numbers: 2_000_070, instances: 2_000_041 }]);
    await store.close();
  });

  test('leaves a store that is there alone, unless it is to be replaced; then says where it is', async () => {
    await withOldStore();
    const before = await readFile(join(state, 'commits'), 'utf8');
    expect(await refusal(restore())).toMatch(/^STORE_EXISTS .*--replace/);
    expect(await namesIn()).toEqual(['commits', 'store']);

    const { replaced } = await restore({ replace: true, now: () => Date.UTC(2026, 10, 20, 8, 30) });
    expect(replaced).toBe(join(state, 'replaced-20261120T083000Z'));
    expect(await namesIn()).toEqual(['replaced-20261120T083000Z', 'store']);
    expect(await readFile(join(replaced!, 'commits'), 'utf8')).toBe(before);
    expect((await contentOf(replaced!)).length).toBe(content.length + 1);
    expect(await contentOf(state)).toEqual(content);
    expect((await restore({ replace: true, now: () => Date.UTC(2026, 10, 20, 8, 30) })).replaced).toBe(`${replaced}-2`);
  });

  test('does not touch the files of what it replaces, damaged ones neither', async () => {
    await withOldStore();
    const names = (await readdir(join(state, 'store'))).filter((name) => name !== 'LOCK');
    for (const name of names) await writeFile(join(state, 'store', name), 'damaged');
    const { replaced } = await restore({ replace: true });
    expect((await readdir(join(replaced!, 'store'))).filter((name) => name !== 'LOCK')).toEqual(names);
    for (const name of names) expect(await readFile(join(replaced!, 'store', name), 'utf8')).toBe('damaged');
    expect(await contentOf(state)).toEqual(content);
  });

  test('is not misled by the count of commits of a store that was lost', async () => {
    await mkdir(state, { mode: 0o700 });
    const digits = '9'.padStart(20, '0');
    await writeFile(join(state, 'commits'), `${digits} ${digits}\n`);
    await restore();
    expect(await contentOf(state)).toEqual(content);
  });

  test.each([
    ['is not whole', { check: () => Promise.reject(makeError('BACKUP_DAMAGED', 'it is not')) }, 'BACKUP_DAMAGED'],
    ['cannot be used', { examine: () => Promise.reject(makeError('SEALING_KEY_WRONG', 'no')) }, 'SEALING_KEY_WRONG'],
  ] as const)('of a backup that %s makes nothing, and leaves what is there', async (_what, options, code) => {
    expect(codeOf(await restore(options).catch((error: unknown) => error))).toBe(code);
    await expect(readdir(state)).rejects.toThrow('ENOENT');
    await withOldStore();
    expect(codeOf(await restore({ ...options, replace: true }).catch((error: unknown) => error))).toBe(code);
    expect(await namesIn()).toEqual(['commits', 'store']);
    expect((await contentOf(state)).length).toBe(content.length + 1);
  });

  test('of a backup whose file is changed while it is read makes nothing', async () => {
    const changing = join(temporary.path, 'changing');
    await cp(backup, changing);
    const options = await restoreOptions(state, changing);
    const change = async (): Promise<void> =>
      writeFile(changing, (await readFile(changing, 'utf8')).replace('7 xxx', '7 yxx'));
    expect(await refusal(restoreStore({ ...options, examine: change }))).toMatch(/^BACKUP_DAMAGED /);
    expect(await namesIn()).toEqual([]);
  });

  test('of a backup that is read again as another whole one makes nothing', async () => {
    const options = await restoreOptions(state, backup);
    const ends = options.backup.backup;
    let last = 0;
    const trailer = () => ({ ...ends.trailer()!, sha256: String((last += 1)) });
    expect(
      await refusal(restoreStore({ ...options, backup: { ...options.backup, backup: { ...ends, trailer } } })),
    ).toContain('it was changed while it was read');
    expect(await namesIn()).toEqual([]);
    const header = { ...options.backup.header, epoch: 1_000 };
    expect(await refusal(restoreStore({ ...options, backup: { ...options.backup, header } }))).toContain(
      'it was changed while it was read',
    );
    expect(await namesIn()).toEqual([]);
  });

  test('shows what says whether the backup can be used here, and nothing else', async () => {
    const seen: (string | undefined)[] = [];
    await restore({
      examine: async (rows, trailer) => {
        seen.push(trailer.mac, rows.get('k/!'), rows.get('v/boss/a/x/1'));
        expect((await rows.page({ gt: 'v/', lt: 'v0', limit: 9 })).map(([key]) => key)).toEqual(['v/boss/!']);
      },
    });
    expect(seen).toEqual(['a mac', '{"key":"0123456789abcdef"}', undefined]);
  });
});

const holdIn = (directory: string) => {
  const program = fileURLToPath(new URL('hold-store.ts', import.meta.url));
  return spawn(process.execPath, [program, directory], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
};

describe('a store that a process has open', () => {
  test('is not replaced, and stays with its process', async () => {
    await withOldStore();
    const holder = holdIn(state);
    const ended = once(holder, 'exit');
    try {
      await once(holder, 'message');
      expect(await refusal(restore({ replace: true }))).toMatch(
        new RegExp(`^STORE_IN_USE ${state}: process ${holder.pid} .*gobs down`),
      );
      expect(await namesIn()).toEqual(['commits', 'holder.json', 'store']);
      expect(codeOf(await openLevelStore({ ...storePowers, directory: state }).catch((error: unknown) => error))).toBe(
        'STORE_IN_USE',
      );
    } finally {
      holder.kill('SIGKILL');
      await ended;
    }
  });

  test('is no other process', async () => {
    await withOldStore();
    const place = await openRestorePlace({ ...storePowers, directory: state });
    try {
      expect(place.found).toBe('store');
      const other = holdIn(state);
      let said = '';
      other.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
      expect(await once(other, 'exit')).not.toEqual([0, null]);
      expect(said).toContain('STORE_IN_USE');
    } finally {
      await place.close();
    }
    expect(await namesIn()).toEqual(['commits', 'store']);
  });

  test('may be that of a restore', async () => {
    const place = await openRestorePlace({ ...storePowers, directory: state });
    try {
      expect(await refusal(restore())).toMatch(/^STORE_IN_USE .*another restore/);
    } finally {
      await place.close();
    }
    await restore();
  });
});

describe('a restore that is killed anywhere', () => {
  const program = fileURLToPath(new URL('restore-in-child.ts', import.meta.url));
  const runTo = async (point: number): Promise<readonly string[]> => {
    const child = spawn(process.execPath, [program, state, backup, String(point)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect([code, signal]).toEqual(point === 0 ? [0, null] : [null, 'SIGKILL']);
    return said.trim().split('\n');
  };
  /** What is found by who opens a copy of the directory as it was left. */
  const found = async (): Promise<'old' | 'new' | 'none'> => {
    const copy = join(temporary.path, 'copy');
    await rm(copy, { recursive: true, force: true });
    await cp(state, copy, { recursive: true });
    const rows = await contentOf(copy);
    if (rows.length === 0) return 'none';
    if (rows.length === content.length + 1) return 'old';
    expect(rows).toEqual(content);
    return 'new';
  };

  test.each(['with', 'without'])(
    'leaves the old store or the new one, %s an old one, and can be tried again',
    async (old) => {
      const prepare = async (): Promise<void> => {
        await rm(state, { recursive: true, force: true });
        if (old === 'with') await withOldStore();
        else await mkdir(state, { mode: 0o700 });
      };
      await prepare();
      const points = (await runTo(0)).length - 1;
      expect(points).toBeGreaterThan(20);
      const outcomes = new Set<string>();
      for (let point = 1; point <= points; point += 1) {
        await prepare();
        const steps = await runTo(point);
        expect(steps).toHaveLength(point);
        const outcome = await found();
        expect(outcome, steps.at(-1)).not.toBe(old === 'with' ? 'none' : 'old');
        outcomes.add(outcome);
        // Once it is done, the next try finds a store.
        const isDone = (await readdir(state)).includes('store') && outcome === 'new';
        await restore({ replace: isDone || old === 'with' });
        expect(await contentOf(state)).toEqual(content);
        expect((await namesIn()).filter((name) => !name.startsWith('replaced-') && name !== 'commits')).toEqual([
          'store',
        ]);
      }
      expect([...outcomes].sort()).toEqual(old === 'with' ? ['new', 'old'] : ['new', 'none']);
    },
  );
});
