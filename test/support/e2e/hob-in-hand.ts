/**
 * Run as `node hob-in-hand.ts POINT --directory DIRECTORY`: a hob that dies by SIGKILL at the N-th of the moments before and after its
 * writes, each of which it says on stdout: `point 3: after write`. 0: it lives.
 */
import '../../../src/lockdown.ts';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { runHob } from '../../../src/hob/main.ts';
import { countingStore } from '../counting-store.ts';

const [, , last = '', , directory = ''] = process.argv;

const exit = await runHob({ directory, interval: 3600 }, (powers) => ({
  ...powers,
  openStore: async (options) => {
    const ledger = await powers.openStore(options);
    const { store } = countingStore(ledger, ({ number, moment }) => {
      writeSync(1, `point ${number}: ${moment} write\n`);
      if (number === Number(last)) process.kill(process.pid, 'SIGKILL');
    });
    return harden({ ...ledger, ...store });
  },
}));
process.exit(exit);
