/** `node hold-store.ts DIRECTORY`: holds the store, says so, and waits to be killed. */
import '../../src/lockdown.ts';
import { openLevelStore } from '../../src/persistence/level-store.ts';
import { storePowers } from './store-powers.ts';

await openLevelStore({ ...storePowers, directory: process.argv[2]! });
// The channel keeps the process alive; without a parent it ends.
process.on('disconnect', () => process.exit(1));
process.send!('held');
