/**
 * `node crash-child.ts ORDERS`: opens a store under the lockdown of production, tells what is in it, upgrades it, and does random turns while garbage is collected, until it dies: by its own
 * hand, at a call of the store, or by its parent's. What it tells, a line each, is told before anything else can happen:
 *
 *   rows JSON          what was in the store
 *   upgrading / upgraded
 *   looked JSON        what its desks say
 *   working            from now on there are turns
 *   started N DESK DEED / done N / refused N
 *   collecting / collected N
 *   calls JSON         those of the store, if it was let live
 *   trouble TEXT       what should not happen
 */
import '../../../src/lockdown.ts';
import { Level } from 'level';
import fs, { writeSync } from 'node:fs';
import process from 'node:process';
import { E } from '../../../src/vats/eventual-send.ts';
import type { Kernel } from '../../../src/vats/kernel.ts';
import { collectGarbageOnce } from '../../vats/collect-garbage.ts';
import { makeChance, type Chance } from './chance.ts';
import type { Deed, Job } from './desks.ts';
import { learn, learnFrom, makeJob, type Known } from './jobs.ts';
import { makeMortal, type Death } from './mortal-level.ts';
import { openOfficeStore } from './office-store.ts';
import { FIRST_DESKS, type Office } from './office.ts';

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
  /** Of its kinds. */
  readonly version: number;
  /** By what rows of older versions are upgraded: by looking at the desks, row by row, or by the turns; then the look comes after them. */
  readonly upgrade: 'look' | 'walk' | 'turns';
  /** Rows that its collector reads in one step; 0: nothing is collected. */
  readonly pace: number;
  /** At the end it dies, or closes the store and tells how it was called. */
  readonly atEnd: 'die' | 'tell';
}

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

const walk = async (kernel: Kernel): Promise<void> => {
  for await (const row of kernel.upgradeAll()) {
    if (row.outcome !== 'upgraded') trouble(`upgrading ${JSON.stringify(row)}`);
  }
};

const look = async (office: Office): Promise<Known> => {
  const looks = await office.look();
  tell(`looked ${JSON.stringify(looks)}`);
  if (looks.length < FIRST_DESKS.length) trouble('the first desks are not there');
  return learn(looks);
};

const collect = async ({ collector }: Kernel, isOver: () => boolean): Promise<void> => {
  do {
    tell('collecting');
    const { collected } = await collector.collect();
    tell(`collected ${collected}`);
  } while (!isOver());
};

/** What nobody holds is a reference no more, also in the middle of a cycle. */
const letEngineCollect = async (isOver: () => boolean): Promise<void> => {
  while (!isOver()) {
    await collectGarbageOnce();
    for (let crank = 0; crank < 30 && !isOver(); crank += 1) await new Promise((resolve) => setImmediate(resolve));
  }
};

const doTurn = async (number: number, at: string, job: Job, { desk }: Office): Promise<boolean> => {
  tell(`started ${number} ${at} ${job.deed}`);
  const needsOther = job.deed === 'send' || job.deed === 'ask' || job.deed === 'give';
  try {
    await E(desk(at)).work(number, job, ...(needsOther ? [desk(job.other)] : []));
  } catch (error) {
    if (job.deed === 'throw') tell(`refused ${number}`);
    else trouble(`turn ${number} (${job.deed}): ${String(error)}`);
    return false;
  }
  tell(`done ${number}`);
  return true;
};

const work = async (office: Office, known: Known, chance: Chance): Promise<void> => {
  let number = orders.firstNumber;
  const end = number + orders.turns;
  const oneByOne = async (): Promise<void> => {
    while (number < end) {
      const own = number++;
      const at = chance.pick(known.desks);
      const job = makeJob(chance, orders.deeds, own, at, known);
      if (await doTurn(own, at, job, office)) learnFrom(job, own, at, known);
    }
  };
  await Promise.all(Array.from({ length: orders.atOnce }, oneByOne));
};

const liveOn = async (kernel: Kernel, office: Office, known: Known): Promise<void> => {
  const worked = work(office, known, makeChance(orders.seed));
  if (orders.pace === 0) return worked;
  let [isWorking, isCollecting] = [true, true];
  const collected = collect(kernel, () => !isWorking);
  await Promise.all([
    worked.finally(() => void (isWorking = false)),
    collected.finally(() => void (isCollecting = false)),
    letEngineCollect(() => !isWorking && !isCollecting),
  ]);
};

const main = async (): Promise<void> => {
  const mortal = makeMortal(orders.death);
  const medium = orders.death === undefined && orders.atEnd === 'die' ? { Level, fs } : mortal;
  const store = await openOfficeStore(orders.directory, orders.version, medium, trouble);
  const rows = await store.rows();
  tell(`rows ${JSON.stringify(rows)}`);
  const isOlder = rows.ages.some(([, at]) => at < orders.version);
  if (isOlder) tell('upgrading');
  const { kernel, ...office } = await store.open(orders.pace || undefined);
  if (orders.upgrade === 'walk') await walk(kernel);
  const known = orders.upgrade === 'turns' ? learn(undefined) : await look(office);
  if (isOlder && orders.upgrade !== 'turns') tell('upgraded');
  tell('working');
  mortal.works();
  await liveOn(kernel, office, known);
  if (orders.upgrade === 'turns') {
    await look(office);
    if (isOlder) tell('upgraded');
  }
  if (orders.atEnd === 'die') process.kill(process.pid, 'SIGKILL');
  await kernel.stop();
  await store.close();
  tell(`calls ${JSON.stringify(mortal.made)}`);
};

main().catch((error: unknown) => {
  trouble(String(error));
  process.exitCode = 1;
});
