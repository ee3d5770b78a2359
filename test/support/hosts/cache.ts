/**
 * What takes long to make and is the same each time: kept outside the repository, under a hash of how it is made, until somebody
 * removes it. Made once, also if two processes want it at a time.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { command } from './commands.ts';

export const cacheDirectory = (): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gobs-test-hosts');

const hashOf = (recipe: string): string => createHash('sha256').update(recipe).digest('hex').slice(0, 12);

export interface Recipe {
  /** What its name begins with. */
  readonly sort: string;
  /** A shell script that makes the thing in its working directory, an empty one; `$1`, `$2` … are `words`. */
  readonly text: string;
  /** The thing depends on them, too. */
  readonly words: readonly string[];
}

const keyOf = ({ sort, text, words }: Recipe): string => `${sort}-${hashOf([text, ...words].join('\0'))}`;

/** Where the thing is, if it was made. */
export const cachedPath = (recipe: Recipe): string | undefined => {
  const path = join(cacheDirectory(), keyOf(recipe));
  return existsSync(path) ? path : undefined;
};

/** `flock` waits for whoever makes it now, and is let go by the kernel however that ends. */
const makeOnce = `
[ ! -e "$1" ] || exit 0
rm -rf "$1.part"
mkdir "$1.part"
cd "$1.part"
final="$1" recipe="$2"
shift 2
sh -eu "$recipe" "$@" >&2
mv "$final.part" "$final"
`;

/** Resolves with where it is, read-only by convention. Rejects with the last words of the recipe. */
export const cached = async (recipe: Recipe): Promise<string> => {
  const there = cachedPath(recipe);
  if (there !== undefined) return there;
  const directory = cacheDirectory();
  await mkdir(directory, { recursive: true });
  const path = join(directory, keyOf(recipe));
  await writeFile(`${path}.sh`, recipe.text);
  const lock = join(directory, `${recipe.sort}.lock`);
  await command('flock', lock, 'sh', '-euc', makeOnce, 'sh', path, `${path}.sh`, ...recipe.words);
  return path;
};
