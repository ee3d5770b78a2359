/**
 * A copy of the source tree in which a bug was planted, as a small change of one file, for a test of the test that must find it: a test that cannot fail proves
 * nothing. The place of the change occurs once in its file; where the source has changed so that it does not, the bug must be planted anew.
 */
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Planting {
  /** Below the root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const root = join(import.meta.dirname, '../..');

/** `tree` is made, with `parts` of this one. Rejects if the place is not there once. */
export const makePlantedTree = async (
  tree: string,
  parts: readonly string[],
  planting: Planting | undefined,
): Promise<string> => {
  for (const part of ['src', 'package.json', ...parts]) {
    await cp(join(root, part), join(tree, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
  if (planting === undefined) return tree;
  const { file, find, replace } = planting;
  const path = join(tree, file);
  const pieces = (await readFile(path, 'utf8')).split(find);
  if (pieces.length !== 2) throw Error(`its place occurs ${pieces.length - 1} times in ${file}, and must once`);
  await writeFile(path, pieces.join(replace));
  return tree;
};
