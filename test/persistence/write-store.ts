/**
 * `node write-store.ts DIRECTORY`: writes batch after batch, one at a time, and prints the number of each once it is
 * acknowledged; waits to be killed. Batch n sets the same twenty keys to n, adds one key, and is larger the third time.
 */
import '../../src/lockdown.ts';
import { writeSync } from 'node:fs';
import { openStore } from '../../src/persistence/open-store.ts';
import { storePowers } from './store-powers.ts';

const store = await openStore({ ...storePowers, directory: process.argv[2]!, randomId: () => 'id' });
const start = Number(store.get('last') ?? '0');
// An end, should nobody kill it.
for (let n = start + 1; n <= start + 20_000; n += 1) {
  const value = `${n} ${'x'.repeat(n % 3 === 0 ? 20_000 : 10)}`;
  const keys = Array.from({ length: 20 }, (_, index) => `k/${index}`);
  await store.write([
    ...keys.map((key) => ({ type: 'put' as const, key, value })),
    { type: 'put', key: `n/${String(n).padStart(8, '0')}`, value: '' },
    { type: 'put', key: 'last', value: String(n) },
  ]);
  writeSync(1, `${n}\n`);
}
