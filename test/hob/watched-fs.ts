/**
 * The file system with somebody watching: `before` runs, synchronously, before each call of `fs.promises` and of the file handles that it
 * opens. So a test stops, kills or swaps at every point there is, and knows how many there are.
 */
import * as fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

export interface Call {
  /** From 0. */
  readonly index: number;
  /** `open`, `rename`; of a handle: `handle.sync`. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** Of a handle's method: the handle itself, which nobody watches. */
  readonly handle?: FileHandle;
}

type AnyFunction = (...args: unknown[]) => unknown;

/** `opened` gets each file handle, itself. */
export const watchedFs = (before: (call: Call) => void, opened: (handle: FileHandle) => void = () => {}): typeof fs => {
  let count = 0;
  const watched = <T extends object>(target: T, prefix: string): T =>
    new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function' || typeof key !== 'string') return value;
        return async (...args: unknown[]) => {
          const call = { index: count++, name: `${prefix}${key}`, args };
          before(prefix === '' ? call : { ...call, handle: target as FileHandle });
          const result: unknown = await (value as AnyFunction).apply(target, args);
          if (key !== 'open') return result;
          opened(result as FileHandle);
          return watched(result as object, 'handle.');
        };
      },
    });
  return { ...fs, promises: watched(fs.promises, '') };
};
