/**
 * What is owed: of resources that others name in `notify`, who is to be told because of whom. One small file in the hob's state directory, replaced
 * whole and synced, so that a hob that is killed between a change and what follows from it knows it afterwards (docs/explanation/convergence.md
 * has the moments).
 *
 *     {"owed":{"nginx":["page","conf"]}}
 */
import { dirname } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';

export interface OwedNotes {
  /** Why nobody knows what is owed, OWED_DAMAGED; undefined: it is known. Else `owe` rejects with it, and the others know of nothing. */
  readonly damage: Error | undefined;
  /** Ids of those because of whom this one is to be told; empty: it is owed nothing. */
  becauseOf(id: string): readonly string[];
  /** Ids of those who are owed something. */
  ids(): readonly string[];
  /**
   * Called before `from` is changed: each of `to` is owed something, and when this resolves it is on the disk. The result takes back what was not
   * owed before, and never rejects. Rejects CANNOT_CHANGE if it could not be written.
   */
  owe(from: string, to: readonly string[]): Promise<() => Promise<void>>;
  /** These were told, or need not be told any more. Never rejects: what cannot be written is not repeated by this process, and written the next time. */
  settle(ids: readonly string[]): Promise<void>;
}

export interface OwedPowers {
  readonly fs: typeof import('node:fs');
}

type Owed = Map<string, readonly string[]>;

const parse = (text: string): Owed => {
  const { owed } = JSON.parse(text) as { owed: Record<string, readonly string[]> };
  const entries = Object.entries(owed);
  if (!entries.every(([, ids]) => Array.isArray(ids) && ids.every((id) => typeof id === 'string'))) throw Error();
  return new Map(entries);
};

/** Undefined if it is no such file. */
const read = async ({ fs }: OwedPowers, path: string): Promise<Owed | undefined> => {
  try {
    return parse(await fs.promises.readFile(path, 'utf8'));
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' ? new Map<string, readonly string[]>() : undefined;
  }
};

const writeSynced = async ({ fs }: OwedPowers, path: string, text: string): Promise<void> => {
  const file = await fs.promises.open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.promises.rename(`${path}.new`, path);
  const directory = await fs.promises.open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

/** `path`: absolute, in a directory that is there. Nobody else writes there. Never rejects. */
export const openOwedNotes = async (path: string, powers: OwedPowers): Promise<OwedNotes> => {
  const found = await read(powers, path);
  const notes: Owed = found ?? new Map<string, readonly string[]>();
  const damage =
    found === undefined
      ? makeError('OWED_DAMAGED', `${path}: it does not say what is owed to whom`, {
          hint: 'remove it, and do by hand what would follow from a change, such as a restart',
        })
      : undefined;
  let last: Promise<unknown> = Promise.resolve();

  const write = (): Promise<void> => {
    const writing = last.then(() =>
      writeSynced(powers, path, `${JSON.stringify({ owed: Object.fromEntries(notes) })}\n`),
    );
    last = writing.catch(() => {});
    return writing;
  };
  const drop = (from: string, to: readonly string[]): void => {
    for (const id of to) {
      const left = (notes.get(id) ?? []).filter((other) => other !== from);
      if (left.length > 0) notes.set(id, left);
      else notes.delete(id);
    }
  };
  const owe: OwedNotes['owe'] = async (from, to) => {
    if (damage !== undefined) throw damage;
    const added = to.filter((id) => notes.get(id)?.includes(from) !== true);
    if (added.length === 0) return async () => {};
    for (const id of added) notes.set(id, [...(notes.get(id) ?? []), from]);
    try {
      await write();
    } catch (cause) {
      drop(from, added);
      const code = String((cause as { code?: string }).code);
      throw makeError(
        'CANNOT_CHANGE',
        `not touched: what will be owed to ${added.join(', ')} cannot be noted (${code})`,
        {
          cause,
        },
      );
    }
    return async () => {
      drop(from, added);
      await write().catch(() => {});
    };
  };
  return harden({
    damage,
    becauseOf: (id: string) => notes.get(id) ?? [],
    ids: () => [...notes.keys()],
    owe,
    settle: async (ids: readonly string[]) => {
      const known = ids.filter((id) => notes.delete(id));
      if (known.length > 0) await write().catch(() => {});
    },
  });
};
harden(openOwedNotes);
