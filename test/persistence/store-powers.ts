/** The real powers of a LevelDB store, as an entry point would give them. */
import { ClassicLevel } from 'classic-level';
import * as fs from 'node:fs';

export const storePowers = {
  Level: ClassicLevel,
  fs,
  process,
  now: Date.now,
};
