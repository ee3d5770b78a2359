/**
 * Somebody who may write below the root swaps directories for symlinks while the hob works: at every point there is, one by one, and then
 * without a plan, in a process of their own. Nothing outside the root may be changed, made, removed or read.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { fileType } from '../../src/hob/resources/file.ts';
import type { RootedFiles } from '../../src/hob/rooted-files.ts';
import { startSwapper } from './run-child.ts';
import { makeTemporaryRoot, openFiles, openHost, snapshot, type TemporaryRoot } from './temporary-root.ts';
import { watchedFs } from './watched-fs.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** On an entry that is outside too, under the same name. */
const operations: Readonly<Record<string, (files: RootedFiles) => Promise<unknown>>> = {
  stat: (files) => files.stat('/a/b/file'),
  read: async (files) => Buffer.from((await files.read('/a/b/file', 100)) ?? []).toString(),
  replace: (files) => files.replace('/a/b/file', bytes('new\n'), { mode: 0o600 }),
  'replace where there is nothing': (files) => files.replace('/a/b/c/d/file', bytes('new\n'), { mode: 0o600 }),
  readLink: async (files) => Buffer.from((await files.readLink('/a/b/link')) ?? []).toString(),
  replaceLink: (files) => files.replaceLink('/a/b/link', bytes('new'), {}),
  'replaceLink where there is nothing': (files) => files.replaceLink('/a/b/c/d/link', bytes('new'), {}),
  makeDirectory: (files) => files.makeDirectory('/a/b/new', { mode: 0o700 }),
  change: (files) => files.change('/a/b/file', { mode: 0o600 }),
  removeFile: (files) => files.removeFile('/a/b/file'),
  removeDirectory: (files) => files.removeDirectory('/a/b/directory'),
  sweep: (files) => files.sweep('/a/b/file'),
};

let place: TemporaryRoot;
const leftover = `.gobs-tmp-${'0'.repeat(32)}`;

/** The same names inside as outside, so that an operation that is led astray finds something to harm. */
const arrange = (): void => {
  fs.rmSync(place.root, { recursive: true, force: true });
  fs.mkdirSync(path.join(place.root, 'a/b/directory'), { recursive: true });
  fs.writeFileSync(path.join(place.root, 'a/b/file'), 'inside\n');
  fs.symlinkSync('inside', path.join(place.root, 'a/b/link'));
};
beforeEach(() => {
  place = makeTemporaryRoot();
  fs.mkdirSync(path.join(place.outside, 'b/directory'), { recursive: true });
  fs.copyFileSync(path.join(place.outside, 'file'), path.join(place.outside, 'b/file'));
  fs.symlinkSync('outside', path.join(place.outside, 'b/link'));
  for (const name of [leftover, `b/${leftover}`]) fs.writeFileSync(path.join(place.outside, name), 'theirs');
  arrange();
});
afterEach(() => place.remove());

const swapForLink = (name: string): void => {
  const directory = path.join(place.root, name);
  fs.renameSync(directory, `${place.root}/aside`);
  fs.symlinkSync(place.outside, directory);
};

describe('a directory that is swapped for a symlink at any point', () => {
  for (const [name, operation] of Object.entries(operations)) {
    for (const swapped of ['a', 'a/b']) {
      it(`leads ${name} nowhere outside: ${swapped}`, async () => {
        const before = snapshot(place.outside);
        const outcomes: string[] = [];
        for (let point = 0, met = true; met; point += 1) {
          arrange();
          met = false;
          let armed = false;
          let count = 0;
          const racing = await openFiles(place.root, {
            fs: watchedFs(() => {
              if (!armed || count++ !== point) return;
              met = true;
              swapForLink(swapped);
            }),
          });
          armed = true;
          const outcome = await operation(racing).then((value) => String(value), codeOf);
          if (met) outcomes.push(outcome);
          armed = false;
          await racing.close();
          expect(snapshot(place.outside), `swapped before call ${point}`).toEqual(before);
          expect(outcome).not.toContain('outside');
        }
        // Early swaps are seen and refused, late ones are too late to matter.
        expect(outcomes[0]).toBe('OUTSIDE_ROOT');
        expect(outcomes.at(-1)).not.toBe('OUTSIDE_ROOT');
      });
    }
  }
});

describe('a file resource beside a process that swaps its directory for a symlink', () => {
  it('never changes anything outside', async () => {
    const ENOUGH = 25;
    const MOST = 20_000;
    const host = await openHost(place.root);
    const before = snapshot(place.outside);
    const descriptors = () => fs.readdirSync('/proc/self/fd').length;
    const open = descriptors();
    const swapper = await startSwapper(path.join(place.root, 'a'), place.outside);
    const seen: Record<string, number> = { written: 0, OUTSIDE_ROOT: 0 };
    let rounds = 0;
    try {
      while (rounds < MOST && (seen['written']! < ENOUGH || seen['OUTSIDE_ROOT']! < ENOUGH)) {
        rounds += 1;
        const resource = { id: 'f', type: 'file', path: '/a/b/file', content: `${rounds}\n`, mode: '0600' };
        const outcome = await fileType.converge(resource, host, true).then(() => 'written', codeOf);
        seen[outcome] = (seen[outcome] ?? 0) + 1;
      }
      expect(descriptors() - open).toBeLessThan(10);
    } finally {
      expect(await swapper.stop()).toBeGreaterThan(ENOUGH);
      await host.files.close();
    }
    expect(snapshot(place.outside)).toEqual(before);
    // The race happened: often enough the link was there, and often enough it was not.
    expect(Math.min(seen['written']!, seen['OUTSIDE_ROOT']!)).toBeGreaterThanOrEqual(ENOUGH);
    expect(
      Object.keys(seen).filter(
        (outcome) => !['written', 'OUTSIDE_ROOT', 'CANNOT_LOOK', 'CANNOT_CHANGE'].includes(outcome),
      ),
    ).toEqual([]);
  });
});
