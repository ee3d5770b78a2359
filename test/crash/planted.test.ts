/** The crash matrix must find what it is there to find. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCrashMatrix } from '../support/crash/crash-matrix.ts';
import { makePlantedTree, type Planting } from '../support/planted-tree.ts';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';

const write = 'await db.batch(ops, { sync: true })';

const bugs: readonly (Planting & { readonly name: string; readonly says: RegExp })[] = [
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
    says: /are lost|is not there|NO_SUCH_ACTOR/,
  },
  {
    name: 'a batch is written in two',
    file: 'src/persistence/level-store.ts',
    find: write,
    replace:
      'await db.batch(ops.slice(0, ops.length >> 1), { sync: true }); await db.batch(ops.slice(ops.length >> 1), { sync: true })',
    says: /, expected |which was not said|ROW_DAMAGED|STORE_DAMAGED/,
  },
];

describe('a bug that was planted', () => {
  test.each(bugs)(
    'is found: $name',
    async ({ says, ...planting }) => {
      const directory = await makeTemporaryDirectory();
      try {
        const tree = await makePlantedTree(join(directory.path, 'tree'), ['test/support/crash'], planting);
        const { problems, rounds } = await runCrashMatrix({
          tree,
          directory: directory.path,
          rounds: 500,
          seed: 1,
          lanes: 2,
          chain: 50,
          // A vat that is not there yet when a message for it comes would give the bugs away before anybody is killed.
          deeds: ['plain', 'spawn', 'send', 'ask'],
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
