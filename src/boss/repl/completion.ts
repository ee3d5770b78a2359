/**
 * Completion of the methods of remote objects: `E(boss).cr<TAB>`. The object itself is asked which methods its guard lets through;
 * its answer is kept as long as the reference is. Nothing is called to find the object but what cannot change anything: a name,
 * a path of properties, or `machine('web1')`.
 */
import { E } from '@endo/far';

const NAME = '[A-Za-z_$][\\w$]*';
const CALL = new RegExp(
  `(?:^|[^\\w$.])E\\(\\s*(${NAME}(?:\\.${NAME})*|machine\\((?:'[a-z0-9-]+'|"[a-z0-9-]+")\\))\\s*\\)\\.([\\w$]*)$`,
);

/** What stands before the cursor, if it is the beginning of a method's name. */
export const methodBeforeCursor = (line: string): { readonly target: string; readonly prefix: string } | undefined => {
  const match = CALL.exec(line);
  return match === null ? undefined : { target: match[1]!, prefix: match[2]! };
};
harden(methodBeforeCursor);

interface HasMethods {
  __getMethodNames__(): readonly string[];
}

const isIdentifier = (name: unknown): name is string => typeof name === 'string' && /^[A-Za-z][\w$]{0,99}$/.test(name);

export interface Completion {
  /** Names of the target's methods that begin so; none if it is no reference, or does not answer within `patience`. */
  methods(target: unknown, prefix: string): Promise<string[]>;
}

export interface CompletionPowers {
  /** Milliseconds. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly patience: number;
}

export const makeCompletion = ({ setTimer, patience }: CompletionPowers): Completion => {
  const known = new WeakMap<object, Promise<readonly string[]>>();

  const ask = (target: object): Promise<readonly string[]> => {
    const kept = known.get(target);
    if (kept !== undefined) return kept;
    const asked = E(target as HasMethods)
      .__getMethodNames__()
      .then((names: readonly unknown[]) => names.filter(isIdentifier));
    known.set(target, asked);
    // A lost session is no answer for ever.
    asked.catch(() => known.delete(target));
    return asked;
  };

  return harden({
    async methods(target: unknown, prefix: string) {
      if (target === null || typeof target !== 'object') return [];
      let cancel = () => {};
      const late = new Promise<readonly string[]>((resolve) => {
        cancel = setTimer(() => resolve([]), patience);
      });
      const names = await Promise.race([ask(target).catch(() => []), late]);
      cancel();
      return [...new Set(names)].filter((name) => name.startsWith(prefix)).sort();
    },
  });
};
harden(makeCompletion);
