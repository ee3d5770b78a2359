/** The real powers of a LevelDB store, as an entry point would give them. */
import { Level } from 'level';
import * as fs from 'node:fs';

export const storePowers = {
  Level,
  fs,
  process,
  now: Date.now,
};
