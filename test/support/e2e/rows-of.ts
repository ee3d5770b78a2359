/** All that a store holds, read by LevelDB alone, when its boss has ended. */
import { Level } from 'level';
import { readFileSync } from 'node:fs';
import { makeRowChecksum } from '../../../src/persistence/row-checksum.ts';
import { statePaths } from '../../../src/persistence/state-directory.ts';

/** Every value as it is on disk. */
export const valuesOf = async (state: string): Promise<Readonly<Record<string, string>>> => {
  const db = new Level<string, string>(statePaths(state).database);
  try {
    return Object.fromEntries(await db.iterator().all());
  } finally {
    await db.close();
  }
};

/**
 * Their texts, each checked, without what tells of the store and not of what is in it: how often it was opened and written, and the trace,
 * in which refused calls have records too.
 */
export const rowsOf = async (state: string): Promise<Readonly<Record<string, string>>> => {
  const { '!state': _state, ...values } = await valuesOf(state);
  const { store } = JSON.parse(makeRowChecksum('').check('!format', values['!format']!)) as { store: string };
  const { check } = makeRowChecksum(store);
  const rows = Object.entries(values).filter(([key]) => !key.startsWith('t/'));
  return Object.fromEntries(rows.map(([key, value]) => [key, check(key, value)]));
};

/** Writes one row, past everything that would refuse it. */
export const putRow = async (state: string, key: string, value: string): Promise<void> => {
  const db = new Level<string, string>(statePaths(state).database);
  await db.put(key, value, { sync: true });
  await db.close();
};

/** How often a boss that runs has written to its store. */
export const commitsOf = (state: string): number =>
  Number(readFileSync(statePaths(state).commits, 'utf8').split(' ')[0]);
