/**
 * The collector: takes away the actors that nobody can reach, in all vats of the store, open or not. It reads rows and names only, a few
 * after each crank, so that turns go on all the while. docs/explanation/garbage.md has the argument why nothing that can be
 * reached goes.
 *
 *   rows that hold ──▶ trace ──▶ forget what was not found ──▶ look at what memory holds ──▶ trace ──▶ sweep
 *   └──────────── barriers: what is written, and each reference that is made, is marked ─────────────┘  └ a reference to what was condemned
 *                                                                                                          ends the sweep
 *
 * Marks are in memory only. A cycle that is given up (the process ends, a batch fails, a row cannot be read) has done no harm; the next
 * begins anew.
 */
import { makeError } from '../errors/gobs-error.ts';
import { makeMarking, type Marking } from './collector-marking.ts';
import { hostRanges } from './collector-rows.ts';
import { makeSweep } from './collector-sweep.ts';
import type { GroupCommit, Rows } from './group-commit.ts';
import { vatsIn } from './known-kinds.ts';
import { parseActorName, type RefName } from './names.ts';
import type { StoreOp } from './store.ts';

/** What one cycle found and did. */
export interface Collected {
  /** Actors that were found. */
  readonly marked: number;
  /** Of those: held by what is in memory only. It may be garbage that the engine has not noticed yet; the next cycle will know. */
  readonly inMemory: number;
  /** Actors that were taken away. */
  readonly collected: number;
  /** Entries of maps that went with them. */
  readonly entries: number;
  /** Vats that other vats had made, and of which nothing was left. */
  readonly vats: number;
}

export interface Collector {
  /**
   * Runs a whole cycle; one that is under way is waited for. Rejects with COLLECTION_STOPPED, COMMIT_FAILED, STORE_UNUSABLE,
   * ROW_DAMAGED: then it has taken away some of what nobody can reach, or nothing.
   */
  collect(): Promise<Collected>;
  /** Rows that were written since the last cycle began: how much there may be to do. */
  readonly changes: number;
}

/** What the kernel does with it. */
export interface CollectorMachinery extends Collector {
  /** These are about to be readable. */
  wrote(rows: Rows): void;
  /** A reference is made in a vat, or in the host world. */
  made(name: RefName): void;
  /** Rows went back to what they were. */
  reset(): void;
  /** Gives up the cycle that is under way; resolves when it does nothing any more. */
  stop(): Promise<void>;
}

/** An open vat, as far as the collector goes. */
export interface CollectedVat {
  /** Forgets cached actors. */
  forget(isForgotten: (instance: number) => boolean): void;
  living(): Iterable<RefName | undefined>;
  headerChanged(): void;
}

export interface CollectorOptions {
  readonly commits: Pick<GroupCommit, 'get' | 'page' | 'write'>;
  readonly vats: ReadonlyMap<string, CollectedVat>;
  /** Names of the references of the host world. */
  readonly hostLiving: () => Iterable<RefName | undefined>;
  /** Resolves when the vats have had their turns. */
  readonly breathe: () => Promise<void>;
  /** Rows that are read, or changed, in one step. */
  readonly pace: number;
  /** Its rows are going. */
  readonly vatGone: (vat: string) => void;
}

/** References that are looked at in one step. */
const LOOKS = 1_000;

interface Cycle {
  marking: Marking | undefined;
  isCondemned: ((vat: string, instance: number) => boolean) | undefined;
  /** Why it must not go on. */
  givenUp: Error | undefined;
}

const stopped = (why: string): Error =>
  makeError('COLLECTION_STOPPED', `garbage was not collected to the end: ${why}`, {
    hint: 'the next cycle begins anew',
  });
const ending = (): Error => stopped('the process is ending');

export const makeCollector = (options: CollectorOptions): CollectorMachinery => {
  const { commits, vats, hostLiving, breathe, vatGone, pace } = options;
  let cycle: Cycle | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isStopped = false;
  let changes = 0;

  const giveUp = (reason: Error): void => {
    if (cycle === undefined) return;
    cycle.givenUp ??= reason;
    cycle.marking = undefined;
  };

  const goOn = (of: Cycle): void => {
    if (of.givenUp !== undefined) throw of.givenUp;
  };

  const rest = async (of: Cycle): Promise<void> => {
    await breathe();
    goOn(of);
  };

  // ------------------------------------------------------------------------------------------- marking

  const traceSome = async (of: Cycle, marking: Marking): Promise<void> => {
    await marking.step();
    goOn(of);
    await rest(of);
  };

  /** What was made since marking began is marked already, so it is enough to see once all that was there. */
  const lookAtMemory = async (of: Cycle, marking: Marking): Promise<void> => {
    let looks = 0;
    for (const living of [hostLiving, ...[...vats.values()].map((vat) => vat.living)]) {
      for (const name of living()) {
        if (name !== undefined) marking.shade(name);
        looks += 1;
        if (looks % LOOKS === 0) await rest(of);
      }
    }
  };

  /** What was not found from any row is kept alive no more by a cache; only by whoever holds it in earnest. */
  const forgetUnmarked = (marking: Marking): void => {
    for (const [name, vat] of vats) vat.forget((instance) => marking.isWhite(name, instance));
  };

  /** `over` is called when nothing is grey: before anybody else can run, who might write. */
  const mark = async (of: Cycle, marking: Marking, stored: readonly string[], over: () => void): Promise<number> => {
    for (const [index, vat] of stored.entries()) {
      marking.begin(vat);
      if ((index + 1) % pace === 0) await rest(of);
    }
    for (const range of hostRanges) marking.shadeRange(range);
    while (!marking.done) await traceSome(of, marking);
    forgetUnmarked(marking);
    const fromRows = marking.marked;
    await lookAtMemory(of, marking);
    while (!marking.done) await traceSome(of, marking);
    over();
    return marking.marked - fromRows;
  };

  // ------------------------------------------------------------------------------------------- sweeping

  const sweep = async (of: Cycle, stored: readonly string[], { isWhite, isUnheld }: Marking) => {
    const write = (ops: readonly StoreOp[]): Promise<void> => {
      goOn(of);
      const before = changes;
      const written = commits.write(ops);
      changes = before;
      return written;
    };
    const headerChanged = (vat: string): void => vats.get(vat)?.headerChanged();
    const swept = makeSweep({
      rows: commits,
      write,
      isCondemned: isWhite,
      isUnheld,
      breathe: () => rest(of),
      headerChanged,
      vatGone,
      pace,
    });
    for (const vat of stored) await swept.strip(vat);
    for (const vat of stored) await swept.vat(vat);
    goOn(of);
    return swept;
  };

  const run = async (of: Cycle): Promise<Collected> => {
    changes = 0;
    const marking = makeMarking({ rows: commits, pace });
    // From here on the barriers hold.
    of.marking = marking;
    const stored = await vatsIn(commits);
    goOn(of);
    const inMemory = await mark(of, marking, stored, () => {
      of.marking = undefined;
      of.isCondemned = marking.isWhite;
    });
    const { actors, entries, vats: gone } = await sweep(of, stored, marking);
    return harden({ marked: marking.marked, inMemory, collected: actors, entries, vats: gone });
  };

  const oneCycle = async (): Promise<Collected> => {
    if (isStopped) throw ending();
    const mine: Cycle = { marking: undefined, isCondemned: undefined, givenUp: undefined };
    cycle = mine;
    try {
      return await run(mine);
    } finally {
      cycle = undefined;
    }
  };

  return harden({
    collect: () => {
      const collected = running.then(oneCycle);
      running = collected.catch(() => {});
      return collected;
    },
    get changes() {
      return changes;
    },
    wrote: (rows) => {
      changes += rows.size;
      const marking = cycle?.marking;
      if (marking === undefined) return;
      try {
        for (const [key, value] of rows) if (value !== undefined) marking.shadeRow(key, value);
      } catch (error) {
        giveUp(error as Error);
      }
    },
    made: (name) => {
      if (cycle === undefined) return;
      cycle.marking?.shade(name);
      const actor = cycle.isCondemned === undefined ? undefined : parseActorName(name);
      if (actor?.durable === true && cycle.isCondemned!(actor.vat, actor.instance)) {
        giveUp(stopped(`somebody has a reference to ${name} again`));
      }
    },
    reset: () => giveUp(stopped('a batch could not be written, so rows are not what they were')),
    stop: async () => {
      isStopped = true;
      giveUp(ending());
      await running;
    },
  } satisfies CollectorMachinery);
};
harden(makeCollector);
