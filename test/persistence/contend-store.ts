/**
 * Tries to open a store until it has it, and writes to it until it is killed: `node contend-store.ts <directory> <witness> [unlocked] [blind]`.
 * The last two are bugs that are planted: see one-holder.ts.
 */
import '../../src/lockdown.ts';
import process from 'node:process';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { bearWitness, blind, takeLockAway } from '../support/one-holder.ts';
import { storePowers } from './store-powers.ts';

const [directory, witness, ...bugs] = process.argv.slice(2) as [string, string, ...string[]];
const powers = bugs.includes('blind') ? { ...storePowers, fs: blind(storePowers.fs) } : storePowers;

let refused = 0;
for (;;) {
  try {
    if (bugs.includes('unlocked')) takeLockAway(directory);
    const store = await openStore({ ...powers, directory, randomId: () => 'id' });
    bearWitness(witness);
    const count = Number(store.get('count') ?? '0') + 1;
    await store.write([{ type: 'put', key: 'count', value: String(count) }]);
    console.log(`held ${count} ${refused}`);
    // Held from now on, and written to, until somebody kills this process.
    for (let n = 0; ; n += 1) {
      bearWitness(witness);
      await store.write([{ type: 'put', key: `n/${n % 100}`, value: String(process.pid) }]);
    }
  } catch (error) {
    if (codeOf(error) !== 'STORE_IN_USE') {
      console.log(`failed ${String(error)}`);
      process.exit(1);
    }
    refused += 1;
    if (refused === 1) console.log('waits');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
