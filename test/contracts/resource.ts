/**
 * What every resource type must do, whatever it manages. Each case converges on a real host in a directory of its own; "touches nothing" compares inode,
 * mtime, ctime and the rest of every entry below the root.
 */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { Host, ResourceType } from '../../src/hob/resources/contract.ts';
import { findResourceProblems } from '../../src/protocol/resources/resource-problems.ts';
import type { Change, Resource } from '../../src/protocol/shapes.ts';
import { hostForEach } from '../hob/each-host.ts';
import { openCommands } from '../hob/real-commands.ts';
import { isRoot, snapshot, type TemporaryRoot } from '../hob/temporary-root.ts';

export interface ResourceDrift {
  /** Completes "drift made by hand is found and mended: …". */
  readonly name: string;
  byHand(root: string): void;
  /** Exactly what a check says then. */
  readonly changes: readonly Change[];
}

export interface ResourceCase {
  readonly name: string;
  readonly resource: Resource;
  /** The host before; an empty root if left out. */
  arrange?(root: string): void;
  /** What the first look finds. */
  readonly changes: readonly Change[];
  readonly drifts?: readonly ResourceDrift[];
  /** Only root gives files away. */
  readonly needsRoot?: true;
}

/** A resource that cannot be made so. */
export interface FailingCase {
  readonly name: string;
  readonly resource: Resource;
  arrange(root: string, outside: string): void;
  readonly code: 'CANNOT_LOOK' | 'CANNOT_CHANGE' | 'OUTSIDE_ROOT';
  readonly why: RegExp;
  /** Does only applying show it? */
  readonly onlyWhenApplied?: true;
}

export interface ResourceContract {
  readonly type: ResourceType;
  readonly cases: readonly ResourceCase[];
  readonly failing?: readonly FailingCase[];
  /** May the host run commands? They are this machine's: only what changes nothing on it. */
  readonly commands?: true;
}

export const describeResource = (name: string, { type, cases, failing = [], commands }: ResourceContract): void => {
  describe(`the resource ${name}`, () => {
    let place: TemporaryRoot;
    let host: Host;
    hostForEach((...made) => ([place, host] = made));
    if (commands) {
      const kit = openCommands();
      beforeEach(() => {
        host = { ...host, commands: kit.commands };
      });
      afterAll(() => kit.stop(0));
    }
    const check = (resource: Resource) => type.converge(resource, host, false);
    const apply = (resource: Resource) => type.converge(resource, host, true);

    for (const { name: caseName, resource, arrange, changes, drifts = [], needsRoot } of cases) {
      describe.skipIf(needsRoot && !isRoot)(needsRoot ? `${caseName} (needs root)` : caseName, () => {
        beforeEach(() => arrange?.(place.root));

        it('is a resource that its definition has no problem with', () => {
          expect(findResourceProblems([resource], { [name]: type.definition })).toEqual([]);
        });
        it('a check says what differs and touches nothing', async () => {
          const before = snapshot(place.root);
          expect(await check(resource)).toEqual(changes);
          expect(snapshot(place.root)).toEqual(before);
        });
        it('applying says the same, and a check after it finds nothing', async () => {
          expect(await apply(resource)).toEqual(changes);
          expect(await check(resource)).toEqual([]);
        });
        it('applying again touches nothing', async () => {
          await apply(resource);
          const before = snapshot(place.root);
          expect(await apply(resource)).toEqual([]);
          expect(snapshot(place.root)).toEqual(before);
        });
        it('touches nothing outside the root', async () => {
          const before = snapshot(place.outside);
          await apply(resource);
          expect(snapshot(place.outside)).toEqual(before);
        });
        for (const drift of drifts) {
          it(`drift made by hand is found and mended: ${drift.name}`, async () => {
            await apply(resource);
            drift.byHand(place.root);
            const before = snapshot(place.root);
            expect(await check(resource)).toEqual(drift.changes);
            expect(snapshot(place.root)).toEqual(before);
            expect(await apply(resource)).toEqual(drift.changes);
            expect(await check(resource)).toEqual([]);
          });
        }
      });
    }

    for (const { name: caseName, resource, arrange, code, why, onlyWhenApplied } of failing) {
      it(`fails with a reason, and changes nothing: ${caseName}`, async () => {
        arrange(place.root, place.outside);
        const before = [snapshot(place.root), snapshot(place.outside)];
        for (const attempt of onlyWhenApplied ? [apply] : [check, apply]) {
          const error: unknown = await attempt(resource).then(
            (found) => ({ found }),
            (thrown: unknown) => thrown,
          );
          expect(error).toHaveProperty('message', expect.stringMatching(why));
          expect(codeOf(error)).toBe(code);
          expect([snapshot(place.root), snapshot(place.outside)]).toEqual(before);
        }
      });
    }
  });
};
