/**
 * Tries to open a store until it has it, and writes to it until it is killed: `node contend-store.ts <directory> <witness>`. The witness is a file to
 * which it appends its number before each write, by no leave but that of the store: with two holders the numbers would alternate.
 */
import '../../src/lockdown.ts';
import fs from 'node:fs';
import process from 'node:process';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { storePowers } from './store-powers.ts';

const [directory, witness] = process.argv.slice(2) as [string, string];

const bearWitness = (): void => fs.appendFileSync(witness, `${process.pid}\n`);

let refused = 0;
for (;;) {
  try {
    const store = await openStore({ ...storePowers, directory, randomId: () => 'id' });
    bearWitness();
    const count = Number(store.get('count') ?? '0') + 1;
    await store.write([{ type: 'put', key: 'count', value: String(count) }]);
    console.log(`held ${count} ${refused}`);
    // Held from now on, and written to, until somebody kills this process.
    for (let n = 0; ; n += 1) {
      bearWitness();
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
