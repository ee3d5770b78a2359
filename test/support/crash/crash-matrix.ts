/**
 * The crash matrix: many lives of crash children, each of which is killed, on stores of their own or one after the other on one store. After each death the next start looks
 * into the store, and what it finds is compared with what was told (history.ts).
 */
import { mkdir, rm } from 'node:fs/promises';
import { Level } from 'level';
import fs from 'node:fs';
import { join } from 'node:path';
import { makeChance } from './chance.ts';
import { allDeeds, everyDeath, randomPlan, recordedPlan, staircase, type Plan } from './deaths.ts';
import type { Deed } from './desks.ts';
import { makeHistory, type History } from './history.ts';
import { lookIntoStore } from './office-store.ts';
import { liveOnce } from './one-life.ts';

export interface MatrixOptions {
  /** Of the source tree whose children live and die. */
  readonly tree: string;
  /** For stores; removed by whoever gave it. */
  readonly directory: string;
  readonly rounds: number;
  readonly seed: number;
  /** Children at once. */
  readonly lanes: number;
  /** Lives on one store, where they are on one. */
  readonly chain: number;
  /** Default: all. */
  readonly deeds?: readonly Deed[];
}

export interface MatrixReport {
  /** Deaths. */
  readonly rounds: number;
  /** Of those, at a call of the store. */
  readonly atCalls: number;
  /** Calls in the recorded run: each had its death, those that write three. */
  readonly recorded: number;
  /** Acknowledged turns, each found after a death. */
  readonly checked: number;
  /** Turns found of which nobody had been told. */
  readonly beyond: number;
  readonly problems: readonly string[];
}

interface Count {
  rounds: number;
  atCalls: number;
  checked: number;
  beyond: number;
}

/** Plans for one store. */
type Task = readonly Plan[];

const chainsOf = (rounds: number, chain: number, seed: number): readonly Task[] => {
  const chance = makeChance(seed);
  const tasks: Task[] = [];
  for (let left = rounds; left > 0; left -= chain) {
    tasks.push(Array.from({ length: Math.min(chain, left) }, () => randomPlan(chance)));
  }
  return tasks;
};

export const runCrashMatrix = async (options: MatrixOptions): Promise<MatrixReport> => {
  const { tree, directory, rounds, seed, lanes, chain, deeds = allDeeds } = options;
  const count: Count = { rounds: 0, atCalls: 0, checked: 0, beyond: 0 };
  const problems: string[] = [];
  const cache = join(directory, 'compiled');
  let stores = 0;

  const newStore = async (): Promise<string> => {
    stores += 1;
    const path = join(directory, String(stores));
    await mkdir(path);
    return join(path, 'state');
  };

  const live = (store: string, plan: Plan, history: History, atEnd: 'die' | 'tell' = 'die') => {
    const { killAfter, ...rest } = plan;
    const orders = { ...rest, deeds, directory: store, firstNumber: history.next(), atEnd };
    return liveOnce({ orders, tree, cache, ...(killAfter && { killAfter }) }, history);
  };

  /** True: go on. */
  const judge = (found: readonly string[] | undefined, plan: Plan | undefined): boolean => {
    if (found === undefined || found.length === 0) return true;
    problems.push(`${found.slice(0, 5).join('; ')}, found after ${JSON.stringify(plan)}`);
    return false;
  };

  const runTask = async (plans: Task): Promise<void> => {
    const store = await newStore();
    const history = makeHistory();
    let last: Plan | undefined;
    for (const plan of plans) {
      const { problems: found, killed } = await live(store, plan, history);
      if (!judge(found, last)) return;
      last = plan;
      if (!killed) throw Error(`it was not killed: ${JSON.stringify(plan)}`);
      count.rounds += 1;
      if (plan.death !== undefined) count.atCalls += 1;
    }
    judge(history.check(await lookIntoStore(store, { Level, fs })), last);
    count.checked += history.checked();
    count.beyond += history.beyond();
    await rm(join(store, '..'), { recursive: true });
  };

  /** The calls of the run in which nobody dies; it also fills the cache. */
  const record = async (): Promise<readonly string[]> => {
    const { calls } = await live(await newStore(), recordedPlan, makeHistory(), 'tell');
    return calls;
  };

  const calls = await record();
  const short = [staircase(Math.min(60, rounds)), ...everyDeath(calls).map((plan) => [plan])];
  const needed = short.reduce((sum, task) => sum + task.length, 0);
  const tasks = [...chainsOf(rounds - needed, chain, seed), ...short];
  const work = async (): Promise<void> => {
    for (let task = tasks.shift(); task !== undefined && problems.length === 0; task = tasks.shift()) {
      await runTask(task).catch((error: unknown) => void problems.push(String(error)));
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return { ...count, recorded: calls.length, problems };
};
