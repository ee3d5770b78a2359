/**
 * What a driver remembers of the hosts that it was told to touch, one file for each machine in its directory. It is no truth about a host: that is asked
 * there. It says which there are when nobody tells, and whether there can be anything of ours at all:
 *
 *   no record     this boss never was told, or it was restored elsewhere: whoever must know looks at the host
 *   touched: no   nothing was put there yet, so there is nothing to look for
 *   touched: yes  written and synced before the first thing is put there, removed after the last is gone
 */
import { makeError } from '../../errors/gobs-error.ts';
import { isName } from '../../protocol/shapes.ts';
import type { ProviderOptions } from '../contract.ts';

export interface HostRecord {
  readonly machineId: string;
  /** For people. */
  readonly name: string;
  readonly options: ProviderOptions;
  readonly touched: boolean;
  /** On the host's loopback interface, where its hob finds its boss; null if it goes there directly, or nobody keeps that open (any more). */
  readonly port: number | null;
}

export interface HostRecords {
  read(machineId: string): Promise<HostRecord | undefined>;
  /** Synced when it resolves. */
  write(record: HostRecord): Promise<void>;
  remove(machineId: string): Promise<void>;
  /** By machine id. `skip`: told of each that is none, which is left out then; otherwise that is thrown. */
  all(skip?: (reason: unknown) => void): Promise<readonly HostRecord[]>;
}

export type RecordsFs = Pick<
  typeof import('node:fs/promises'),
  'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'unlink'
>;

const isThere = (error: unknown): boolean => (error as { readonly code?: string } | null)?.code !== 'ENOENT';

const parse = (text: string, path: string): HostRecord => {
  try {
    const { machineId, name, options, touched, port } = JSON.parse(text) as HostRecord;
    const isWell = isName(machineId) && typeof options === 'object' && options !== null && typeof touched === 'boolean';
    if (isWell) return harden({ machineId, name: String(name), options, touched, port: port ?? null });
  } catch {
    // The same as of another form.
  }
  throw makeError('PROVIDER_FAILED', `${path}: this is no record of a host`, {
    hint: 'remove it if its host is not needed any more',
  });
};

/** Methods throw PROVIDER_FAILED for a record that is none, and what the system throws. */
export const makeRecords = (directory: string, fs: RecordsFs): HostRecords => {
  const pathOf = (machineId: string): string => `${directory}/${machineId}.json`;

  const sync = async (path: string): Promise<void> => {
    const handle = await fs.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  const read: HostRecords['read'] = async (machineId) => {
    const path = pathOf(machineId);
    try {
      return parse(await fs.readFile(path, 'utf8'), path);
    } catch (error) {
      if (isThere(error)) throw error;
      return undefined;
    }
  };

  const write: HostRecords['write'] = async (record) => {
    const path = pathOf(record.machineId);
    await fs.mkdir(directory, { recursive: true, mode: 0o700 });
    const handle = await fs.open(`${path}.new`, 'w', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(record)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(`${path}.new`, path);
    await sync(directory);
  };

  const remove: HostRecords['remove'] = async (machineId) => {
    for (const path of [`${pathOf(machineId)}.new`, pathOf(machineId)]) {
      await fs.unlink(path).catch((error: unknown) => {
        if (isThere(error)) throw error;
      });
    }
  };

  const all: HostRecords['all'] = async (
    skip = (reason) => {
      throw reason;
    },
  ) => {
    const entries = await fs.readdir(directory).catch((error: unknown) => {
      if (isThere(error)) throw error;
      return [];
    });
    const ids = entries.flatMap((entry) => /^([a-z][a-z0-9-]{0,62})\.json$/.exec(entry)?.[1] ?? []).sort();
    const found: HostRecord[] = [];
    for (const machineId of ids) {
      try {
        const record = await read(machineId);
        if (record !== undefined) found.push(record);
      } catch (error) {
        skip(error);
      }
    }
    return found;
  };

  return harden({ read, write, remove, all });
};
harden(makeRecords);
