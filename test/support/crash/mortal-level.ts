/**
 * LevelDB, and the files beside it, that end the process at a given call: before it is made, while it is under way, or when it is done and nobody has been
 * told. Calls are counted, so that a recorded run says how many there are.
 */
import { Level as RealLevel } from 'level';
import realFs from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

export const moments = harden(['before', 'inside', 'after'] as const);
export type Moment = (typeof moments)[number];

export interface Death {
  /** Counts from 1. */
  readonly call: number;
  /** Those before its turns begin are not counted. */
  readonly isAtWork?: boolean;
  /** For what only reads there is but one. */
  readonly moment: Moment;
  /** For `inside`: how long the call is under way, in microseconds. */
  readonly delay: number;
}

export interface Calls {
  /** In order: `batch`, `get`, `iterator`, `open`, or the name of a function of node:fs. */
  readonly made: readonly string[];
}

/** What the store calls of it. */
interface Database {
  open(...args: unknown[]): Promise<void>;
  batch(...args: unknown[]): Promise<void>;
  getSync(...args: unknown[]): unknown;
  iterator(...args: unknown[]): unknown;
}

const die = (): void => void process.kill(process.pid, 'SIGKILL');

/** While another thread goes on: this one must not give way to what the call leads to. */
const spin = (microseconds: number): void => {
  const end = performance.now() + microseconds / 1_000;
  while (performance.now() < end);
};

export const makeMortal = (death: Death | undefined) => {
  const made: string[] = [];
  let notCounted = death?.isAtWork === true ? Infinity : 0;
  const note = (what: string): boolean => {
    made.push(what);
    const isLast = death?.call === made.length - notCounted;
    if (isLast && death.moment === 'before') die();
    return isLast;
  };
  const written = async <T>(isLast: boolean, under: Promise<T>): Promise<T> => {
    if (isLast && death?.moment === 'inside') {
      spin(death.delay);
      die();
    }
    const result = await under;
    if (isLast) die();
    return result;
  };

  class MortalLevel extends (RealLevel as unknown as new (...args: unknown[]) => Database) {
    override open(...args: unknown[]): Promise<void> {
      return written(note('open'), super.open(...args));
    }
    override batch(...args: unknown[]): Promise<void> {
      return written(note('batch'), super.batch(...args));
    }
    override getSync(...args: unknown[]): unknown {
      if (note('get')) die();
      return super.getSync(...args);
    }
    override iterator(...args: unknown[]): unknown {
      if (note('iterator')) die();
      return super.iterator(...args);
    }
  }

  const counted = <T extends object>(files: T, name: string): T =>
    new Proxy(files, {
      get: (target, key) => {
        const found = Reflect.get(target, key) as unknown;
        if (key === 'promises') return counted(realFs.promises, 'promises.');
        if (typeof found !== 'function' || typeof key !== 'string') return found;
        return (...args: unknown[]): unknown => {
          const isLast = note(`${name}${key}`);
          const result = Reflect.apply(found, target, args) as unknown;
          if (isLast) die();
          return result;
        };
      },
    });

  /** Its turns begin. */
  const works = (): void => {
    notCounted = Math.min(notCounted, made.length);
  };

  return { Level: MortalLevel as unknown as typeof RealLevel, fs: counted(realFs, ''), made, works };
};
