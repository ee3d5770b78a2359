/**
 * Killed with SIGKILL at random moments and at every call of the store: every acknowledged turn is there, no half turn is, and every start succeeds.
 * `npm run soak` is the same with more rounds. (What no SIGKILL can show, since the system keeps what a process wrote, is in power-loss.test.ts.)
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { runCrashMatrix } from '../support/crash/crash-matrix.ts';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';

const root = join(import.meta.dirname, '../..');
const ROUNDS = Number(process.env['GOBS_CRASH_ROUNDS'] ?? 500);
const seed = Number(process.env['GOBS_CRASH_SEED'] ?? randomInt(1_000_000_000));

test(
  `${ROUNDS} killed processes have lost no acknowledged turn, and left no half of one`,
  async () => {
    const directory = await makeTemporaryDirectory();
    try {
      const report = await runCrashMatrix({
        tree: root,
        directory: directory.path,
        rounds: ROUNDS,
        seed,
        // As many as there are cores where this runs.
        lanes: 2,
        chain: 50,
      });
      const { rounds, atCalls, recorded, upgrading, upgradedInPart, collecting, sweeping, checked, beyond } = report;
      console.log(
        `crash matrix (seed ${seed}): ${rounds} processes killed, ${atCalls} of them at a call of the store (recorded runs have ${recorded}), ` +
          `${upgrading} while rows were upgraded (${upgradedInPart} left some of each version), ${collecting} while garbage was collected (${sweeping} in the sweep); ` +
          `${checked} acknowledged turns checked, ${beyond} more found that were under way`,
      );
      expect(report.problems).toEqual([]);
      expect(rounds).toBeGreaterThanOrEqual(ROUNDS);
      expect(checked).toBeGreaterThanOrEqual(4 * ROUNDS);
      expect(recorded).toBeGreaterThan(500);
      expect(upgradedInPart).toBeGreaterThanOrEqual(ROUNDS / 10);
      expect(sweeping).toBeGreaterThanOrEqual(ROUNDS / 100);
    } finally {
      await directory.remove();
    }
  },
  ROUNDS * 2_000,
);
