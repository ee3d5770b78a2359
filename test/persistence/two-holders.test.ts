import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';

const rounds = 12;
const program = join(import.meta.dirname, 'contend-store.ts');

interface Contender {
  readonly child: ChildProcess;
  /** What it said next. */
  readonly next: () => Promise<string>;
}

const contend = (directory: string, witness: string): Contender => {
  const child = spawn(process.execPath, [program, directory, witness], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return { child, next: async () => String((await lines.next()).value) };
};

test('of two processes that want one store only one ever has it, also when it is killed while the other tries', async () => {
  const temporary = await makeTemporaryDirectory();
  const directory = join(temporary.path, 'state');
  const witness = join(temporary.path, 'witness');
  const alive = new Set<ChildProcess>();
  const start = (): Contender => {
    const contender = contend(directory, witness);
    alive.add(contender.child);
    return contender;
  };
  try {
    let holder = start();
    const holders = [holder.child.pid];
    expect(await holder.next()).toBe('held 1 0');
    let refusals = 0;
    for (let round = 2; round <= rounds; round += 1) {
      const waiting = start();
      expect(await waiting.next()).toBe('waits');
      const ended = once(holder.child, 'exit');
      holder.child.kill('SIGKILL');
      await ended;
      alive.delete(holder.child);
      const [held, count, refused] = (await waiting.next()).split(' ');
      expect([held, Number(count)]).toEqual(['held', round]);
      refusals += Number(refused);
      holder = waiting;
      holders.push(holder.child.pid);
    }
    const borne = readFileSync(witness, 'utf8').trim().split('\n').map(Number);
    // Each began after the one before had written its last.
    expect(borne.filter((pid, at) => pid !== borne[at - 1])).toEqual(holders);
    console.log(
      `two holders: ${rounds} holders, each killed while another tried; ${refusals} tries refused, never both`,
    );
  } finally {
    for (const child of alive) child.kill('SIGKILL');
    await temporary.remove();
  }
});
