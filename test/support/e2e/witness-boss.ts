/**
 * Run as `node witness-boss.ts STATE WITNESS [unlocked] [blind]`: the boss that `gobs boss --json` runs; as long as it has the store it writes to it, and bears witness
 * (one-holder.ts, with two bugs to plant).
 */
import '../../../src/lockdown.ts';
import process from 'node:process';
import { runBoss } from '../../../src/boss/main.ts';
import type { BossPowers } from '../../../src/boss/start-boss.ts';
import { codeOf, describeError } from '../../../src/errors/gobs-error.ts';
import type { Ledger } from '../../../src/persistence/ledger.ts';
import { bearWitness, blind, takeLockAway } from '../one-holder.ts';

const [state, witness, ...bugs] = process.argv.slice(2) as [string, string, ...string[]];

/** Milliseconds between two of its own writes: the boss itself must come to its turn. */
const pause = 2;

const writeOn = async (ledger: Ledger): Promise<void> => {
  for (let n = 0; ; n += 1) {
    bearWitness(witness);
    await ledger.write([{ type: 'put', key: 'b/tried', value: String(n) }]);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
};

const adjust = (powers: BossPowers): BossPowers => ({
  ...powers,
  openStore: async (options) => {
    if (bugs.includes('unlocked')) takeLockAway(state);
    const ledger = await powers.openStore(bugs.includes('blind') ? { ...options, fs: blind(options.fs) } : options);
    // A boss that cannot write any more has lost it, and is to say so.
    void writeOn(ledger).catch((error: unknown) => process.stderr.write(`${describeError(error).message}\n`));
    return harden({
      ...ledger,
      write: (ops) => {
        bearWitness(witness);
        return ledger.write(ops);
      },
    });
  },
});

try {
  process.exit(await runBoss({ state, json: true, hobInterval: 3600 }, adjust));
} catch (error) {
  process.stderr.write(`gobs: ${codeOf(error)}: ${describeError(error).message}\n`);
  process.exit(1);
}
