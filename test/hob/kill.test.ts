/**
 * A hob is killed in the middle of its work, before each call of the file system that one round makes, and in the middle of each write. The points
 * come from counting a round that was not killed.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reconcile } from '../../src/hob/reconcile.ts';
import { shippedTypes } from '../../src/hob/resources/shipped.ts';
import type { Findings, Resource } from '../../src/protocol/shapes.ts';
import { convergeInChild } from './run-child.ts';
import { makeTemporaryRoot, openHost, openOwed, type TemporaryRoot } from './temporary-root.ts';

// Each point is a process of its own.
vi.setConfig({ testTimeout: 180_000 });

const old = 'old content\n'.repeat(1_000);
const wanted = 'new content\n'.repeat(1_000);
const resource = { id: 'f', type: 'file', path: '/etc/app/f', content: wanted, mode: '0640' } as const;

let place: TemporaryRoot;
beforeEach(() => {
  place = makeTemporaryRoot();
});
afterEach(() => place.remove());

const directory = () => path.join(place.root, 'etc/app');
const arrange = (content: string | undefined): void => {
  fs.rmSync(place.root, { recursive: true, force: true });
  fs.mkdirSync(content === undefined ? place.root : directory(), { recursive: true });
  if (content !== undefined) fs.writeFileSync(path.join(directory(), 'f'), content, { mode: 0o640 });
};
const contentNow = (): string | undefined => {
  const file = path.join(directory(), 'f');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
};
const order = () => ({ root: place.root, resources: [resource], mode: 'converge' as const });

/** The hob that is started after the one that was killed. */
const converge = async (wantedResource: Resource = resource): Promise<Findings> => {
  const host = await openHost(place.root);
  const owed = await openOwed(place.root);
  const request = { mode: 'converge', reason: 'interval', types: shippedTypes, host, owed, now: () => 0 } as const;
  const desired = { generation: 1, policy: 'correct', resources: [wantedResource] } as const;
  return reconcile({ ...request, desired }).finally(() => host.files.close());
};

describe('a hob that is killed at any point of a write', () => {
  for (const [name, before] of [
    ['an old file', old],
    ['nothing, not even the directory', undefined],
  ] as const) {
    it(`leaves ${name} or the new file, and the next round leaves nothing else`, async () => {
      arrange(before);
      const { calls } = (await convergeInChild(order())).answer!;
      expect(calls).toEqual(expect.arrayContaining(['handle.writeFile', 'handle.sync', 'rename']));
      const points = calls.flatMap((call, killAt) =>
        call === 'handle.writeFile' ? [{ killAt }, { killAt, half: true }] : [{ killAt }],
      );
      const found = new Set<string>();
      for (const point of points) {
        arrange(before);
        expect((await convergeInChild({ ...order(), ...point })).signal).toBe('SIGKILL');
        const content = contentNow();
        expect([before, wanted], `killed at ${JSON.stringify(point)} ${calls[point.killAt]}`).toContain(content);
        found.add(content === wanted ? 'new' : 'old');
        const entries = fs.existsSync(directory()) ? fs.readdirSync(directory()) : [];
        if (entries.some((entry) => entry !== 'f')) found.add('leftover');

        expect((await converge()).resources).toMatchObject([
          { id: 'f', state: content === wanted ? 'ok' : 'corrected' },
        ]);
        expect(contentNow()).toBe(wanted);
        expect(fs.readdirSync(directory())).toEqual(['f']);
        expect((fs.statSync(directory()).mode & 0o777).toString(8)).toBe('755');
      }
      // The kills came before, in the middle and after.
      expect([...found].toSorted()).toEqual(['leftover', 'new', 'old']);
    });
  }
});

describe('a hob that is killed at any point of making a symlink', () => {
  const link = { id: 'l', type: 'symlink', path: '/etc/app/l', target: 'new' } as const;
  const entry = () => path.join(directory(), 'l');
  for (const [name, before] of [
    ['the old one', 'old'],
    ['nothing', undefined],
  ] as const) {
    it(`leaves ${name} or the new one, and the next round leaves nothing else`, async () => {
      const arrangeLink = () => {
        fs.rmSync(place.root, { recursive: true, force: true });
        fs.mkdirSync(directory(), { recursive: true });
        if (before !== undefined) fs.symlinkSync(before, entry());
      };
      const targetNow = () => (fs.readdirSync(directory()).includes('l') ? fs.readlinkSync(entry()) : undefined);
      const linkOrder = { ...order(), resources: [link] };
      arrangeLink();
      const { calls } = (await convergeInChild(linkOrder)).answer!;
      expect(calls).toEqual(expect.arrayContaining(['symlink', before === undefined ? 'link' : 'rename']));
      const found = new Set<string>();
      for (const killAt of calls.keys()) {
        arrangeLink();
        expect((await convergeInChild({ ...linkOrder, killAt })).signal).toBe('SIGKILL');
        const target = targetNow();
        expect([before, 'new'], `killed at ${killAt} ${calls[killAt]}`).toContain(target);
        found.add(target === 'new' ? 'new' : 'old');
        if (fs.readdirSync(directory()).some((other) => other !== 'l')) found.add('leftover');
        expect((await converge(link)).resources).toMatchObject([
          { id: 'l', state: target === 'new' ? 'ok' : 'corrected' },
        ]);
        expect(fs.readdirSync(directory())).toEqual(['l']);
        expect(fs.readlinkSync(entry())).toBe('new');
      }
      expect([...found].toSorted()).toEqual(['leftover', 'new', 'old']);
    });
  }
});
