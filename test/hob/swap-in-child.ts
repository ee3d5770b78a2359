/**
 * The attacker of race.test.ts: swaps a directory for a symlink and back, again and again, until standard input ends. The directory keeps
 * what is in it. Prints a line when it begins, and how often it swapped when it ends.
 */
import * as fs from 'node:fs';

const [directory, target] = process.argv.slice(2) as [string, string];
const aside = `${directory}-aside`;
let swaps = 0;
let ended = false;

const swap = (): void => {
  fs.renameSync(directory, aside);
  fs.symlinkSync(target, directory);
  swaps += 1;
  fs.unlinkSync(directory);
  fs.renameSync(aside, directory);
};

/** The hob may make the directory anew in a gap. Then that one goes, and the one that was put aside comes back. */
const putBack = (): void => {
  if (!fs.existsSync(aside)) return;
  const made = `${directory}-made`;
  fs.rmSync(made, { recursive: true, force: true });
  if (fs.lstatSync(directory, { throwIfNoEntry: false }) !== undefined) fs.renameSync(directory, made);
  fs.renameSync(aside, directory);
};

const attempt = (work: () => void): void => {
  try {
    work();
  } catch {
    // The hob was faster; the next attempt finds what it left.
  }
};

/** In slices, so that the end of standard input is seen. */
const swapOn = (): void => {
  for (let turn = 0; turn < 20; turn += 1) {
    attempt(putBack);
    attempt(swap);
  }
  if (!ended) {
    setImmediate(swapOn);
    return;
  }
  attempt(putBack);
  process.stdout.write(`${swaps}\n`);
};

process.stdin.on('end', () => (ended = true)).resume();
process.stdout.write('begun\n');
swapOn();
