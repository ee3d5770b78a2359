/** A boss as it is (`gobs boss`), in a process that also says how much memory it has: `node --expose-gc boss-child.ts <state directory>`. */
import '../src/lockdown.ts';
import process from 'node:process';
import { runBoss } from '../src/boss/main.ts';
import { answerParent } from './answer-parent.ts';

/** Bytes. */
export interface Memory {
  readonly resident: number;
  /** After a collection. */
  readonly heap: number;
}

const collect = (globalThis as unknown as { gc: () => void }).gc;

runBoss({ state: process.argv[2]!, json: false }).then(
  (code) => process.exit(code),
  () => process.exit(1),
);

answerParent({
  memory: (): Memory => {
    const resident = process.memoryUsage.rss();
    collect();
    return { resident, heap: process.memoryUsage().heapUsed };
  },
});
