/**
 * `node restore-in-child.ts DIRECTORY BACKUP POINT`: restores with `replace`, and kills itself in front of the POINT-th thing that it does to files or to
 * LevelDB, each of which it says on stdout; 0: lives to the end.
 */
import '../../src/lockdown.ts';
import { Level } from 'level';
import { writeSync } from 'node:fs';
import fs from 'node:fs';
import process from 'node:process';
import { restoreStore } from '../../src/persistence/restore-store.ts';
import { restoreOptions } from './backup-scene.ts';
import { storePowers } from './store-powers.ts';

const [, , directory = '', backup = '', point = '0'] = process.argv;
let points = 0;
const meet = (what: string): void => {
  points += 1;
  writeSync(1, `${points} ${what.replaceAll(directory, '').split('\n')[0]}\n`);
  if (points === Number(point)) process.kill(process.pid, 'SIGKILL');
};

const effects = ['link', 'mkdir', 'open', 'rename', 'rm', 'rmdir', 'unlink', 'writeFile'];
const promises = new Proxy(fs.promises, {
  get: (target, name, receiver) => {
    const method = Reflect.get(target, name, receiver) as unknown;
    if (typeof method !== 'function' || !effects.includes(String(name))) return method;
    return (...args: unknown[]) => {
      meet(`${String(name)} ${args.filter((arg) => typeof arg === 'string').join(' ')}`);
      return (method as (...all: unknown[]) => unknown).apply(target, args);
    };
  },
});

/** LevelDB, whose batches and whose end are points too. */
const mortal = (level: Level<string, string>): Level<string, string> =>
  new Proxy(level, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (name === 'batch' || name === 'close') meet(`${name} ${target.location}`);
        return (member as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
const MortalLevel = function makeMortalLevel(location: string, options: object) {
  return mortal(new Level(location, options));
};

await restoreStore({
  ...(await restoreOptions(directory, backup)),
  ...storePowers,
  Level: MortalLevel as never,
  fs: { ...fs, promises },
  replace: true,
});
writeSync(1, 'done\n');
