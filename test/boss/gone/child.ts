/** Run as `node child.ts <rounds> <seed>`, under the lockdown of production: do four times as many rounds leave as many rows? Ends as endings.ts says. */
import '../../../src/lockdown.ts';
import process from 'node:process';
import { makeMemoryStore } from '../../../src/persistence/memory-store.ts';
import { endings } from '../../vats/model/endings.ts';
import { countRows, makeRounds } from './rounds.ts';

const rounds = Number(process.argv[2]);
const made = makeRounds();
let store = makeMemoryStore();

const counted = async (count: number): Promise<number> => {
  store = makeMemoryStore(store.entries());
  await made.open(store);
  await made.run(count);
  await made.end();
  return countRows(store.entries());
};

const few = await counted(rounds);
const many = await counted(3 * rounds);
console.log(`${few} rows after ${rounds} rounds, ${many} after ${4 * rounds}`);
process.exit(few === many ? endings.noDifference : endings.difference);
