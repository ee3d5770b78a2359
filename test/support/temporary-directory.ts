/** A directory of a test's own, and how to get rid of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** `below`: where it is made. */
export const makeTemporaryDirectory = async (below: string = tmpdir()): Promise<TemporaryDirectory> => {
  const path = await mkdtemp(join(below, 'gobs-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
};
