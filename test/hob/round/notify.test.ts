import * as fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeError } from '../../../src/errors/gobs-error.ts';
import { reconcile } from '../../../src/hob/reconcile.ts';
import type { Host } from '../../../src/hob/resources/contract.ts';
import type { Findings, Resource } from '../../../src/protocol/shapes.ts';
import { hostForEach } from '../each-host.ts';
import { openOwed, type TemporaryRoot } from '../temporary-root.ts';
import { watchedFs } from '../watched-fs.ts';
import { makeBellTower, type BellTower } from './bells.ts';

let place: TemporaryRoot;
let host: Host;
hostForEach((...made) => ([place, host] = made));

const owedFile = (): string => path.join(path.dirname(place.root), 'owed');
const owedNow = (): unknown => (JSON.parse(fs.readFileSync(owedFile(), 'utf8')) as { owed: unknown }).owed;

type RoundPowers = { readonly mode?: 'check' | 'converge'; readonly watched?: typeof fs };

/** As a hob does that has just been started. */
const round = async (
  { types }: BellTower,
  resources: readonly Resource[],
  { mode = 'converge', watched = fs }: RoundPowers = {},
): Promise<Findings> =>
  reconcile({
    desired: { generation: 1, policy: 'correct', resources },
    mode,
    reason: 'interval',
    types,
    host,
    owed: await openOwed(place.root, { fs: watched }),
    now: () => 5,
  });

const states = ({ resources }: Findings) => resources.map(({ id, state }) => `${id} ${state}`);
const page = (id: string, more: object = {}): Resource => ({
  id,
  type: 'page',
  text: 'new',
  notify: ['bell'],
  ...more,
});
const bell: Resource = { id: 'bell', type: 'bell' };
const effect = (...ids: readonly string[]) => ({
  what: 'ring',
  from: `due since a change of ${ids.map((id) => `"${id}"`).join(', ')}`,
  to: 'done',
});

describe('who is named in notify', () => {
  it('is told once of all that were changed, after them, and reports what it did and because of whom', async () => {
    const tower = makeBellTower();
    const report = await round(tower, [bell, page('a'), page('b'), page('c', { text: '', notify: ['bell'] })]);
    expect(report.resources).toEqual([
      { id: 'bell', type: 'bell', state: 'corrected', changes: [effect('a', 'b')], at: 5 },
      { id: 'a', type: 'page', state: 'corrected', changes: [{ what: 'text', from: '', to: 'new' }], at: 5 },
      { id: 'b', type: 'page', state: 'corrected', changes: [{ what: 'text', from: '', to: 'new' }], at: 5 },
      { id: 'c', type: 'page', state: 'ok' },
    ]);
    expect(tower.steps.filter((step) => !step.startsWith('look'))).toEqual(['change a', 'change b', 'ring bell']);
    expect(owedNow()).toEqual({});
  });

  it('is not told again, and a round in which nothing differs writes nothing', async () => {
    const tower = makeBellTower();
    const resources = [page('a'), bell];
    await round(tower, resources);
    const { ino, ctimeMs } = fs.statSync(owedFile());
    expect(states(await round(tower, resources))).toEqual(['a ok', 'bell ok']);
    expect(tower.steps.filter((step) => step === 'ring bell')).toHaveLength(1);
    expect(fs.statSync(owedFile())).toMatchObject({ ino, ctimeMs });
    tower.pages.set('a', 'drift');
    expect(states(await round(tower, resources))).toEqual(['a corrected', 'bell corrected']);
    expect(tower.steps.filter((step) => step === 'ring bell')).toHaveLength(2);
  });

  it('is not told in a check, of what would change', async () => {
    const tower = makeBellTower();
    expect(states(await round(tower, [page('a'), bell], { mode: 'check' }))).toEqual(['a drifted', 'bell ok']);
    expect(tower.steps).toEqual(['look a', 'look bell']);
    expect(fs.existsSync(owedFile())).toBe(false);
  });

  it('stays owed what it could not do, which a check says, and the next round that mends tries again', async () => {
    const tower = makeBellTower();
    const resources = [page('a'), bell];
    tower.failing.set('ring bell', makeError('CANNOT_CHANGE', 'bell: it hangs'));
    expect(states(await round(tower, resources))).toEqual(['a corrected', 'bell failed']);
    expect(owedNow()).toEqual({ bell: ['a'] });
    const check = await round(tower, resources, { mode: 'check' });
    expect(check.resources[1]).toEqual({ id: 'bell', type: 'bell', state: 'drifted', changes: [effect('a')] });
    expect(states(await round(tower, resources))).toEqual(['a ok', 'bell failed']);
    tower.failing.clear();
    expect((await round(tower, resources)).resources).toEqual([
      { id: 'a', type: 'page', state: 'ok' },
      { id: 'bell', type: 'bell', state: 'corrected', changes: [effect('a')], at: 5 },
    ]);
    expect(owedNow()).toEqual({});
  });

  it('waits for all that tell it; what was changed by then is not forgotten', async () => {
    const tower = makeBellTower();
    const resources = [page('a'), page('b'), bell];
    tower.failing.set('change b', makeError('CANNOT_CHANGE', 'b: it is stone'));
    expect(states(await round(tower, resources))).toEqual(['a corrected', 'b failed', 'bell unknown']);
    tower.failing.clear();
    tower.pages.set('b', 'new');
    const { resources: reports } = await round(tower, resources);
    // Of what became of b nobody can be certain.
    expect(reports[2]).toMatchObject({ state: 'corrected', changes: [effect('a', 'b')] });
  });

  it('is told nothing of what was certainly not touched', async () => {
    const tower = makeBellTower();
    tower.failing.set('change a', makeError('VALIDATION_FAILED', 'a: nginx -t says no'));
    expect(states(await round(tower, [page('a'), bell]))).toEqual(['a failed', 'bell unknown']);
    expect(owedNow()).toEqual({});
  });

  it('tells on, if it does something itself', async () => {
    const tower = makeBellTower();
    const resources = [
      page('a', { notify: ['one'] }),
      { id: 'one', type: 'bell', notify: ['two'] },
      { id: 'two', type: 'bell' },
    ];
    expect(states(await round(tower, resources))).toEqual(['a corrected', 'one corrected', 'two corrected']);
    expect(tower.steps.filter((step) => step.startsWith('ring'))).toEqual(['ring one', 'ring two']);
    expect(owedNow()).toEqual({});
  });

  it('is owed nothing any more once it left the document', async () => {
    const tower = makeBellTower();
    tower.failing.set('ring bell', makeError('CANNOT_CHANGE', 'bell: it hangs'));
    await round(tower, [page('a'), bell]);
    tower.failing.clear();
    await round(tower, [page('a', { notify: [] })]);
    expect(owedNow()).toEqual({});
    expect(states(await round(tower, [page('a'), bell]))).toEqual(['a ok', 'bell ok']);
  });

  it('is told all the same when the document has no notify any more, of what had changed before', async () => {
    const tower = makeBellTower();
    tower.failing.set('ring bell', makeError('CANNOT_CHANGE', 'bell: it hangs'));
    await round(tower, [page('a'), bell]);
    tower.failing.clear();
    expect(states(await round(tower, [page('a', { notify: [] }), bell]))).toEqual(['a ok', 'bell corrected']);
  });

  it('is told by each of many that are converged together', async () => {
    const tower = makeBellTower();
    const many = (id: string, more: object = {}) => page(id, { type: 'many', ...more });
    const resources = [
      many('a'),
      many('b', { notify: [] }),
      many('c', { text: '' }),
      many('d', { after: ['a'] }),
      bell,
    ];
    const report = await round(tower, resources);
    expect(states(report)).toEqual(['a corrected', 'b corrected', 'c ok', 'd corrected', 'bell corrected']);
    expect(report.resources[4]!.changes).toEqual([effect('a', 'd')]);
    expect(tower.steps.filter((step) => /^(check|apply)/.test(step))).toEqual([
      'check a c',
      'apply a b',
      'check d',
      'apply d',
    ]);
  });
});

describe('what is owed', () => {
  it('is noted before anything is touched: where that cannot be, nothing is', async () => {
    const tower = makeBellTower();
    const full = watchedFs(({ name }) => {
      if (name === 'handle.sync') throw Object.assign(Error('no space'), { code: 'ENOSPC' });
    });
    const { resources } = await round(tower, [page('a'), bell, page('b', { notify: [] })], { watched: full });
    expect(resources[0]).toMatchObject({
      state: 'failed',
      why: 'CANNOT_CHANGE: not touched: what will be owed to bell cannot be noted (ENOSPC)',
    });
    expect(resources.slice(1)).toMatchObject([{ state: 'unknown' }, { state: 'corrected' }]);
    expect(tower.pages.get('a')).toBeUndefined();
  });

  it('is not done twice by one hob that cannot strike it off', async () => {
    const tower = makeBellTower();
    let writes = 0;
    const filling = watchedFs(({ name }) => {
      if (name === 'handle.writeFile') writes += 1;
      if (writes > 1) throw Object.assign(Error('no space'), { code: 'ENOSPC' });
    });
    const owed = await openOwed(place.root, { fs: filling });
    const again = () =>
      reconcile({
        desired: { generation: 1, policy: 'correct', resources: [page('a'), bell] },
        ...{ mode: 'converge', reason: 'interval', types: tower.types, host, owed, now: () => 5 },
      } as const);
    expect(states(await again())).toEqual(['a corrected', 'bell corrected']);
    expect(states(await again())).toEqual(['a ok', 'bell ok']);
    expect(owedNow()).toEqual({ bell: ['a'] });
  });

  it('that cannot be read fails whoever notifies or is told, and nobody else', async () => {
    for (const text of ['', '{', '[]', '{"owed":{"bell":"a"}}', '{"owed":{"bell":[1]}}', 'null']) {
      fs.writeFileSync(owedFile(), text);
      const tower = makeBellTower();
      const { resources } = await round(tower, [page('a'), bell, page('b', { notify: [] }), { id: 'c', type: 'bell' }]);
      expect(resources.map(({ state }) => state)).toEqual(['failed', 'failed', 'corrected', 'ok']);
      expect(resources[0]!.why).toBe(
        `OWED_DAMAGED: ${owedFile()}: it does not say what is owed to whom (remove it, and do by hand what would follow from a change, such as a restart)`,
      );
      expect(fs.readFileSync(owedFile(), 'utf8')).toBe(text);
    }
  });
});

describe('a hob that is killed', () => {
  const resources = [page('a'), page('b'), bell];

  type Die = (step: string) => Promise<void>;
  const mortal = (target: object, prefix: string, die: Die, opened: FileHandle[]): object =>
    new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          await die(`${prefix}${String(key)}`);
          const result: unknown = await (value as (...all: unknown[]) => unknown).apply(target, args);
          if (key !== 'open') return result;
          opened.push(result as FileHandle);
          return mortal(result as object, 'handle.', die, opened);
        };
      },
    });

  /** Ends for ever at the step where `die` never resolves: what is on the disk, and in the tower, is what the next hob finds. */
  const mortalRound = async (tower: BellTower, die: Die, opened: FileHandle[] = []): Promise<void> => {
    const promises = mortal(fs.promises, '', die, opened) as typeof fs.promises;
    await round(tower, resources, { watched: { ...fs, promises } });
  };

  it('at any step loses no effect: who was to be told is told after the last change, at most once too often', async () => {
    const all: string[] = [];
    const record = async (step: string): Promise<void> => void all.push(step);
    await mortalRound(makeBellTower(record), record);
    fs.rmSync(owedFile());
    expect(all.filter((step) => /^(change|ring|rename)/.test(step))).toEqual([
      'rename',
      'change a',
      'rename',
      'change b',
      'ring bell',
      'rename',
    ]);

    const timesRung = new Set<number>();
    for (const killAt of all.keys()) {
      let [count, dead] = [0, false];
      let died = (): void => {};
      const death = new Promise<void>((resolve) => (died = resolve));
      const die = async (): Promise<void> => {
        count += 1;
        if (count - 1 < killAt) return;
        dead = true;
        died();
        await new Promise(() => {});
      };
      const tower = makeBellTower(die);
      const opened: FileHandle[] = [];
      await Promise.race([mortalRound(tower, die, opened), death]);
      expect(dead).toBe(true);
      for (const handle of opened) await handle.close().catch(() => {});

      const next = makeBellTower();
      for (const [id, text] of tower.pages) next.pages.set(id, text);
      const name = `killed before step ${killAt}, ${all[killAt]}`;
      expect(states(await round(next, resources)), name).not.toContain('bell failed');
      const steps = [...tower.steps, ...next.steps];
      expect([...next.pages.values()], name).toEqual(['new', 'new']);
      expect(steps.lastIndexOf('ring bell'), name).toBeGreaterThan(steps.findLastIndex((step) => /^change/.test(step)));
      const rung = steps.filter((step) => step === 'ring bell').length;
      timesRung.add(rung);
      expect(rung, name).toBeLessThanOrEqual(2);
      if (rung === 2) expect(tower.steps, name).toContain('ring bell');
      expect(fs.existsSync(owedFile()) ? owedNow() : {}, name).toEqual({});
      expect(states(await round(next, resources)), name).toEqual(['a ok', 'b ok', 'bell ok']);
      fs.rmSync(owedFile(), { force: true });
    }
    // Both happen: told twice where it was not struck off, once elsewhere.
    expect([...timesRung].toSorted()).toEqual([1, 2]);
  });
});
