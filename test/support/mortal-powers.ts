/** The powers of a provider's driver, under a life that may end: see life.ts. */
import type * as fsPromises from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { LocalProviderPowers } from '../../src/providers/local/local-provider.ts';
import type { Life } from './life.ts';

type AnyFunction = (...args: never[]) => unknown;

const before =
  <F extends AnyFunction>(step: () => void, call: F) =>
  (...args: Parameters<F>): ReturnType<F> => {
    step();
    return call(...args) as ReturnType<F>;
  };

/** Closing is not counted, and is done even then: the system does it for the dead. */
const mortalHandle = (handle: FileHandle, life: Life): FileHandle =>
  ({
    fd: handle.fd,
    stat: before(life.look, handle.stat.bind(handle) as AnyFunction),
    read: before(life.look, handle.read.bind(handle) as AnyFunction),
    writeFile: before(life.effect, handle.writeFile.bind(handle)),
    sync: before(life.effect, handle.sync.bind(handle)),
    close: () => handle.close(),
  }) as unknown as FileHandle;

export const mortalFs = (fs: typeof fsPromises, life: Life): LocalProviderPowers['fs'] => {
  const open: typeof fs.open = async (path, flags, mode) => {
    if (typeof flags === 'number' && (flags & fs.constants.O_WRONLY) === 0) life.look();
    else life.effect();
    return mortalHandle(await fs.open(path, flags, mode), life);
  };
  return {
    open,
    constants: fs.constants,
    chmod: before(life.effect, fs.chmod),
    mkdir: before(life.effect, fs.mkdir) as typeof fs.mkdir,
    rename: before(life.effect, fs.rename),
    rmdir: before(life.effect, fs.rmdir),
    unlink: before(life.effect, fs.unlink),
    lstat: before(life.look, fs.lstat) as typeof fs.lstat,
    readdir: before(life.look, fs.readdir) as typeof fs.readdir,
    readFile: before(life.look, fs.readFile) as typeof fs.readFile,
    readlink: before(life.look, fs.readlink) as typeof fs.readlink,
    realpath: before(life.look, fs.realpath) as typeof fs.realpath,
  };
};

export const mortalPowers = (powers: LocalProviderPowers, life: Life): LocalProviderPowers => ({
  ...powers,
  fs: mortalFs(powers.fs as typeof fsPromises, life),
  spawn: before(life.effect, powers.spawn) as typeof powers.spawn,
  kill: before(life.effect, powers.kill),
  setTimer: before(life.look, powers.setTimer),
});
