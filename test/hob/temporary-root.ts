/** A machine's root in a real temporary directory, with a neighbour that nothing may reach. */
import * as fs from 'node:fs';
import { randomBytes } from 'node:crypto';
import * as os from 'node:os';
import * as path from 'node:path';
import { makeAccounts } from '../../src/hob/accounts.ts';
import { gatherFacts } from '../../src/hob/facts.ts';
import { noSecretOf } from '../../src/hob/opened-secrets.ts';
import { openOwedNotes, type OwedNotes } from '../../src/hob/owed.ts';
import type { Host } from '../../src/hob/resources/contract.ts';
import { openRootedFiles, type RootedFiles } from '../../src/hob/rooted-files.ts';

export interface TemporaryRoot {
  /** Without symlinks on the way. */
  readonly root: string;
  /** Beside the root; holds `file` with `outside\n` and an empty directory `directory`. */
  readonly outside: string;
  remove(): void;
}

export const makeTemporaryRoot = (): TemporaryRoot => {
  const base = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'gobs-root-'));
  const [root, outside] = [path.join(base, 'root'), path.join(base, 'outside')];
  fs.mkdirSync(root);
  fs.mkdirSync(path.join(outside, 'directory'), { recursive: true });
  fs.writeFileSync(path.join(outside, 'file'), 'outside\n');
  return { root, outside, remove: () => fs.rmSync(base, { recursive: true, force: true }) };
};

/** Names of all entries below a directory; symlinks are not followed. */
const entriesBelow = (directory: string, prefix = ''): readonly string[] =>
  fs.readdirSync(path.join(directory, prefix), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(prefix, entry.name);
    return entry.isDirectory() ? [name, ...entriesBelow(directory, name)] : [name];
  });

/** Everything about every entry below a directory that a write, a chmod or a replacement would change. */
export const snapshot = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['.', ...entriesBelow(directory)].map((name) => {
      const { ino, mode, uid, gid, size, nlink, mtimeNs, ctimeNs } = fs.lstatSync(path.join(directory, name), {
        bigint: true,
      });
      return [name, [ino, mode.toString(8), uid, gid, size, nlink, mtimeNs, ctimeNs].join(' ')];
    }),
  );

export const isRoot = process.getuid?.() === 0;

export const openFiles = (root: string, powers: Partial<{ fs: typeof fs }> = {}): Promise<RootedFiles> =>
  openRootedFiles(root, { fs, randomBytes, ...powers });

export const openHost = async (root: string, powers: Partial<{ fs: typeof fs }> = {}): Promise<Host> => ({
  files: await openFiles(root, powers),
  accounts: makeAccounts({ fs }),
  own: { uid: process.getuid!(), gid: process.getgid!() },
  facts: () => gatherFacts({ os, fs, now: () => 0, root, version: '0.0.0' }),
  secretOf: noSecretOf,
});

/** Kept beside the root, as a hob that is killed leaves it to the next. */
export const openOwed = (root: string, powers: Partial<{ fs: typeof fs }> = {}): Promise<OwedNotes> =>
  openOwedNotes(path.join(path.dirname(root), 'owed'), { fs, ...powers });
