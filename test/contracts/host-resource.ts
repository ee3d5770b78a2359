/**
 * What every resource type must do that reaches the host with commands: the rules of test/contracts/resource.ts, on a real host. All cases of a suite
 * share one, so each is about something of its own. "Touches nothing" compares every entry of the host's root.
 */
import { describe, expect, it } from 'vitest';
import { findResourceProblems } from '../../src/protocol/resources/resource-problems.ts';
import type { Change, Resource } from '../../src/protocol/shapes.ts';
import type { InsideHost } from '../support/inside/inside-host.ts';

export interface HostDrift {
  /** Completes "drift made by hand is found and mended: …". */
  readonly name: string;
  /** A shell script, run in the host as root. */
  readonly byHand: string;
  /** Exactly what a check says then. */
  readonly changes: readonly Change[];
}

export interface HostCase {
  readonly name: string;
  readonly resource: Resource;
  /** A shell script that makes the host as it is before. */
  readonly arrange?: string;
  readonly changes: readonly Change[];
  readonly drifts?: readonly HostDrift[];
  /** A shell script and what it says when all is as wanted. */
  readonly result?: readonly [script: string, output: string];
}

export interface FailingHostCase {
  readonly name: string;
  readonly resource: Resource;
  readonly arrange?: string;
  readonly code: 'CANNOT_LOOK' | 'CANNOT_CHANGE' | 'OUTSIDE_ROOT';
  readonly why: RegExp;
  /** Does only applying show it? */
  readonly onlyWhenApplied?: true;
}

export interface HostResourceContract {
  readonly cases: readonly HostCase[];
  readonly failing?: readonly FailingHostCase[];
}

/** Tools that fail have made their lock files in /etc, and taken them away again. */
const butLocks = (snapshot: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...snapshot,
  etc: '',
});

/** Called in a suite that opens the host before its tests. */
export const describeHostResource = (
  name: string,
  hostOf: () => InsideHost,
  { cases, failing = [] }: HostResourceContract,
): void => {
  describe(`the resource ${name}`, () => {
    for (const { name: caseName, resource, arrange, changes, drifts = [], result } of cases) {
      it(`is checked, made so once, and left alone then: ${caseName}`, async () => {
        expect(findResourceProblems([resource])).toEqual([]);
        const host = hostOf();
        if (arrange !== undefined) await host.sh(arrange);
        const before = host.snapshot();
        expect(await host.check(resource)).toEqual({ changes });
        expect(host.snapshot()).toEqual(before);
        expect(await host.apply(resource)).toEqual({ changes });
        const made = host.snapshot();
        const [checked, applied] = await host.converge(
          { resources: [resource], apply: false },
          { resources: [resource], apply: true },
        );
        expect([checked, applied]).toEqual([[{ changes: [] }], [{ changes: [] }]]);
        expect(host.snapshot()).toEqual(made);
        if (result !== undefined) expect(await host.sh(result[0])).toBe(result[1]);
      });
      for (const drift of drifts) {
        it(`drift made by hand is found and mended: ${caseName}: ${drift.name}`, async () => {
          const host = hostOf();
          await host.apply(resource);
          await host.sh(drift.byHand);
          const before = host.snapshot();
          expect(await host.check(resource)).toEqual({ changes: drift.changes });
          expect(host.snapshot()).toEqual(before);
          const mended = await host.converge(
            { resources: [resource], apply: true },
            { resources: [resource], apply: false },
          );
          expect(mended).toEqual([[{ changes: drift.changes }], [{ changes: [] }]]);
          if (result !== undefined) expect(await host.sh(result[0])).toBe(result[1]);
        });
      }
    }

    for (const { name: caseName, resource, arrange, code, why, onlyWhenApplied } of failing) {
      it(`fails with a reason, and changes nothing: ${caseName}`, async () => {
        expect(findResourceProblems([resource])).toEqual([]);
        const host = hostOf();
        if (arrange !== undefined) await host.sh(arrange);
        const before = butLocks(host.snapshot());
        for (const apply of onlyWhenApplied ? [true] : [false, true]) {
          const [[answer] = []] = await host.converge({ resources: [resource], apply });
          expect(answer).toEqual({ error: expect.stringMatching(why) as string });
          expect(answer).toEqual({ error: expect.stringMatching(new RegExp(`^${code}: `)) as string });
          expect(butLocks(host.snapshot())).toEqual(before);
        }
      });
    }
  });
};
