/**
 * `node crash-child.ts ORDERS`: opens a store under the lockdown of production, tells what is in it, and does random turns until it dies: by its own hand, at
 * a call of the store, or by its parent's. What it tells, a line each, is told before anything else can happen:
 *
 *   looked JSON        what was in the store
 *   started N DESK DEED / done N / refused N
 *   calls JSON         those of the store, if it was let live
 *   trouble TEXT       what should not happen
 */
import '../../../src/lockdown.ts';
import { Level } from 'level';
import fs, { writeSync } from 'node:fs';
import process from 'node:process';
import { E } from '../../../src/vats/eventual-send.ts';
import { makeChance, type Chance } from './chance.ts';
import { FIRST_DESKS, TALLIES, type Deed, type Desk, type DeskLook, type Job } from './desks.ts';
import { makeMortal, type Death } from './mortal-level.ts';
import { openOfficeStore } from './office-store.ts';

export interface Orders {
  readonly directory: string;
  readonly seed: number;
  /** Of the first turn; none was used before. */
  readonly firstNumber: number;
  readonly turns: number;
  /** Turns under way at once. */
  readonly atOnce: number;
  readonly death?: Death;
  /** What its turns do, by chance. */
  readonly deeds: readonly Deed[];
  /** At the end it dies, or closes the store and tells how it was called. */
  readonly atEnd: 'die' | 'tell';
}

const MOST_DESKS = 6;

const orders = JSON.parse(process.argv[2]!) as Orders;

/** A pipe may be full for a moment. */
const tell = (line: string): void => {
  let bytes = Buffer.from(`${line}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
};
const trouble = (what: string): void => tell(`trouble ${what.replaceAll('\n', ' ')}`);

interface Known {
  readonly desks: string[];
  /** Of each desk. */
  readonly notes: Map<string, number[]>;
}

const learn = (looks: readonly DeskLook[]): Known => ({
  desks: looks.map(({ name }) => name),
  notes: new Map(looks.map(({ name, notes }) => [name, notes.map(([number]) => number)])),
});

const makeJob = (chance: Chance, number: number, at: string, { desks, notes }: Known): Job => {
  const deed = chance.pick(orders.deeds);
  const own = notes.get(at) ?? [];
  const others = desks.filter((name) => name !== at);
  const isFull = desks.length >= MOST_DESKS;
  const isPossible = { drop: own.length > 0, make: !isFull && chance.oneIn(2) } as Partial<Record<Deed, boolean>>;
  const possible = isPossible[deed] === false ? 'plain' : deed;
  return harden({
    deed: possible,
    tallies: Array.from({ length: TALLIES }, (_, tally) => tally).filter((tally) => tally === 0 || chance.oneIn(2)),
    other: possible === 'make' ? `made-${number}` : chance.pick(others),
    note: possible === 'drop' ? own.splice(chance.between(0, own.length - 1), 1)[0]! : 0,
    // Now and then a batch that is more than one block of LevelDB's log.
    padding: 'x'.repeat(chance.oneIn(20) ? 40_000 : chance.between(0, 200)),
  });
};

const doTurn = async (number: number, at: string, job: Job, desk: (name: string) => Desk, known: Known) => {
  tell(`started ${number} ${at} ${job.deed}`);
  const needsOther = job.deed === 'send' || job.deed === 'ask';
  try {
    await E(desk(at)).work(number, job, ...(needsOther ? [desk(job.other)] : []));
  } catch (error) {
    if (job.deed === 'throw') tell(`refused ${number}`);
    else trouble(`turn ${number} (${job.deed}): ${String(error)}`);
    return;
  }
  tell(`done ${number}`);
  if (job.deed === 'make') known.desks.push(job.other);
  if (job.deed === 'spawn') known.notes.set(at, [...(known.notes.get(at) ?? []), number]);
};

const main = async (): Promise<void> => {
  const mortal = makeMortal(orders.death);
  const medium = orders.death === undefined && orders.atEnd === 'die' ? { Level, fs } : mortal;
  const office = await openOfficeStore(orders.directory, medium, trouble);
  const looks = await office.look();
  tell(`looked ${JSON.stringify(looks)}`);
  const known = learn(looks);
  if (known.desks.length < FIRST_DESKS.length) trouble('the first desks are not there');
  const chance = makeChance(orders.seed);
  let number = orders.firstNumber;
  const end = number + orders.turns;
  const work = async (): Promise<void> => {
    while (number < end) {
      const own = number++;
      const at = chance.pick(known.desks);
      await doTurn(own, at, makeJob(chance, own, at, known), office.desk, known);
    }
  };
  await Promise.all(Array.from({ length: orders.atOnce }, work));
  if (orders.atEnd === 'die') process.kill(process.pid, 'SIGKILL');
  await office.close();
  tell(`calls ${JSON.stringify(mortal.made)}`);
};

main().catch((error: unknown) => {
  trouble(String(error));
  process.exitCode = 1;
});
