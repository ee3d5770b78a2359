/**
 * Run as `node child.ts <runs> <seed>` in a copy of the tree, under the lockdown of production. Ends with `noDifference` or `difference`, and
 * says which; anything else is a mistake of the test.
 */
import '../../../src/lockdown.ts';
import process from 'node:process';
import { checkPrograms } from './check.ts';
import { endings } from './endings.ts';

const [runs, seed] = process.argv.slice(2).map(Number) as [number, number];
try {
  const { programs } = await checkPrograms({ numRuns: runs, seed, endOnFailure: true });
  console.log(`${programs} programs, no difference`);
  process.exit(endings.noDifference);
} catch (error) {
  const { message, cause } = error as Error;
  if (!message.startsWith('Property failed')) throw error;
  console.log((cause as Error).message);
  process.exit(endings.difference);
}
