/** The crash matrix must find what it is there to find. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCrashMatrix } from '../support/crash/crash-matrix.ts';
import type { Deed } from '../support/crash/desks.ts';
import { makePlantedTree, type Planting } from '../support/planted-tree.ts';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';

const parts = ['test/support/crash', 'test/vats/garbage/reachable.ts', 'test/vats/collect-garbage.ts'];

/** Those that make garbage, and move what is none. */
const noting: readonly Deed[] = ['spawn', 'ring', 'drop', 'move', 'give'];

const write = 'await db.batch(ops, { sync: true })';

interface Bug extends Planting {
  readonly name: string;
  readonly says: RegExp;
  readonly deeds?: readonly Deed[];
}

const bugs: readonly Bug[] = [
  {
    name: 'a turn is acknowledged, and what it sent leaves, before it is written',
    file: 'src/vats/group-commit.ts',
    find: 'put(group).then(',
    replace: 'each(group.outputs.splice(0), (output) => output.release()); put(group).then(',
    says: /was acknowledged, and is not there/,
  },
  {
    name: 'a batch is not waited for',
    file: 'src/persistence/level-store.ts',
    find: write,
    replace: 'void db.batch(ops, { sync: true })',
    says: /are lost|is not there|NO_SUCH_ACTOR|entries, and has|expected/,
  },
  {
    name: 'a batch is written in two',
    file: 'src/persistence/level-store.ts',
    find: write,
    replace:
      'await db.batch(ops.slice(0, ops.length >> 1), { sync: true }); await db.batch(ops.slice(ops.length >> 1), { sync: true })',
    says: /, expected |which was not said|(actors|entries), and has|ROW_DAMAGED|STORE_DAMAGED/,
  },
  {
    name: 'what an upgrade spawns is written in a batch of its own',
    file: 'src/persistence/level-store.ts',
    find: write,
    replace:
      "const spawned = ops.filter(({ key }) => String(key).includes('/a/stamp/')); if (spawned.length > 0) await db.batch(spawned, { sync: true }); " +
      'await db.batch(ops.filter((op) => !spawned.includes(op)), { sync: true })',
    says: /the stamp .* is there|actors, and has/,
  },
  {
    name: 'a sweep begins to take away before everything is stripped',
    file: 'src/vats/collector.ts',
    find: 'for (const vat of stored) await swept.strip(vat);',
    replace: '',
    says: /has no row, and .* refers to it/,
    deeds: noting,
  },
  {
    name: 'a cycle goes on without its barriers',
    file: 'src/vats/collector.ts',
    find: 'of.marking = marking;',
    replace: '',
    says: /refers to it|was stripped, and can be reached|NO_SUCH_ACTOR|COLLECTION_STOPPED/,
    deeds: noting,
  },
];

describe('a bug that was planted', () => {
  test.each(bugs)(
    'is found: $name',
    async ({ says, deeds, ...planting }) => {
      const directory = await makeTemporaryDirectory();
      try {
        const tree = await makePlantedTree(join(directory.path, 'tree'), parts, planting);
        const { problems, rounds } = await runCrashMatrix({
          tree,
          directory: directory.path,
          rounds: 500,
          seed: 1,
          lanes: 2,
          chain: 50,
          // A vat that is not there yet when a message for it comes would give the bugs away before anybody is killed.
          deeds: deeds ?? ['plain', 'spawn', 'send', 'ask'],
        });
        console.log(`found after ${rounds} rounds: ${problems.join('\n  ').slice(0, 400)}`);
        expect(problems.join()).toMatch(says);
      } finally {
        await directory.remove();
      }
    },
    200_000,
  );
});
