/**
 * Who runs when. A crank gives each vat that has something to do a bounded number of turns, then starts writing what they changed, then
 * lets the event loop breathe: a vat with a long queue starves neither the others nor the sockets, nor the collector, which takes a step
 * after each crank (`breathe`).
 */
import type { GroupCommit } from './group-commit.ts';
import type { Vat } from './vat.ts';

export interface Scheduler {
  /** The vat has something to do. */
  wake(vat: Vat): void;
  /**
   * For work that can wait and is never done: resolves when the vats have had their turns, and everything else its chance. Nobody who
   * waits for `idle` waits for that work.
   */
  breathe(): Promise<void>;
  /** Resolves when no message waits, no turn runs and everything is durable. */
  idle(): Promise<void>;
  /** No vat runs any more. */
  halt(): void;
}

export interface SchedulerOptions {
  readonly commits: GroupCommit;
  /** Runs a function soon, after input and output had their chance. */
  readonly schedule: (crank: () => void) => void;
}

const TURNS_PER_VAT = 32;

/** Gives the vat its turns; false when it has nothing left to do. */
const runSome = (vat: Vat): boolean => {
  for (let turns = 0; turns < TURNS_PER_VAT; turns += 1) if (!vat.step()) return false;
  return true;
};

export const makeScheduler = ({ commits, schedule }: SchedulerOptions): Scheduler => {
  const ready = new Set<Vat>();
  let breathing: (() => void)[] = [];
  let scheduled = false;
  let halted = false;
  let wakes = 0;

  const crank = (): void => {
    scheduled = false;
    for (const vat of [...ready]) if (!runSome(vat)) ready.delete(vat);
    commits.flush();
    const rested = breathing;
    breathing = [];
    for (const resume of rested) resume();
    if (ready.size > 0) scheduleCrank();
  };

  const scheduleCrank = (): void => {
    if (scheduled || halted) return;
    scheduled = true;
    schedule(crank);
  };

  /** The host answers in microtasks, so a pause in which nobody woke is the end. */
  const idle = async (): Promise<void> => {
    let seen: number;
    do {
      seen = wakes;
      await commits.idle();
      await new Promise<void>((resume) => {
        schedule(resume);
      });
    } while (seen !== wakes || ready.size > 0);
    await commits.idle();
  };

  return harden({
    wake: (vat) => {
      if (halted) return;
      wakes += 1;
      ready.add(vat);
      scheduleCrank();
    },
    breathe: () =>
      new Promise((resume) => {
        breathing.push(resume);
        scheduleCrank();
      }),
    idle,
    halt: () => {
      halted = true;
    },
  });
};
harden(makeScheduler);
