/** What is on a local machine, looked at from outside; and waiting for its files. */
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { machinePaths, parseHobPid } from '../../../src/protocol/machine-directory.ts';

export const machineAt = (state: string, id: string) => machinePaths(`${state}/machines/${id}`);

/** Who has the lock of this machine's hob, by what it noted. */
export const hobPid = (directory: string): number => {
  const note = parseHobPid(fs.readFileSync(machinePaths(directory).hobPid, 'utf8'));
  if (note === undefined) throw Error(`there is no process in ${directory}/hob.pid`);
  return note.pid;
};

/** `kill -9`, without waiting. */
export const killHob = (directory: string): void => void process.kill(hobPid(directory), 'SIGKILL');

export const readIfThere = (path: string): string | undefined => {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** Resolves once the file's text is so; undefined is that of no file. Its directory must be there. */
export const fileOnce = (path: string, holds: (text: string | undefined) => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const watcher = fs.watch(dirname(path), { persistent: false });
    const look = (): void => {
      if (!holds(readIfThere(path))) return;
      watcher.close();
      resolve();
    };
    watcher
      .on('change', look)
      .on('error', (error) => reject(Error(`watching for ${basename(path)}`, { cause: error })));
    look();
  });

/** Everything below a directory, and whatever of it a write would change: inode, times, mode, owner, content. */
export const snapshot = (root: string): Readonly<Record<string, string>> => {
  const entries = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const look = (path: string): string => {
    const { ino, mode, uid, gid, mtimeNs, ctimeNs } = fs.lstatSync(path, { bigint: true });
    const content = (mode & 0o170000n) === 0o100000n ? fs.readFileSync(path, 'base64') : '';
    return `inode ${ino} mode ${mode.toString(8)} owner ${uid}:${gid} mtime ${mtimeNs} ctime ${ctimeNs} ${content}`;
  };
  return Object.fromEntries(['.', ...entries].map((path) => [path, look(join(root, path))]));
};
