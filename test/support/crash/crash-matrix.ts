/**
 * The crash matrix: many lives of crash children, each of which is killed, on stores of their own or one after the other on one store. After each death the next start looks
 * into the store, and what it finds is compared with what was told (history.ts).
 */
import { cp, mkdir, rm } from 'node:fs/promises';
import { Level } from 'level';
import fs from 'node:fs';
import { join } from 'node:path';
import { makeChance } from './chance.ts';
import type { RowsLook } from './check-rows.ts';
import { allDeeds, everyDeath, preparing, randomPlan, recordedPlans, staircase, type Plan } from './deaths.ts';
import type { Deed } from './desks.ts';
import { makeHistory, type History } from './history.ts';
import { lookIntoStore } from './office-store.ts';
import { liveOnce, type Ending } from './one-life.ts';

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

interface Count {
  /** Deaths. */
  rounds: number;
  /** Of those, at a call of the store. */
  atCalls: number;
  /** Of those, while rows of an older version were being upgraded. */
  upgrading: number;
  /** Of those again, with some of them upgraded and some not. */
  upgradedInPart: number;
  /** Of all, while garbage was being collected. */
  collecting: number;
  /** Of those, while it was being swept. */
  sweeping: number;
  /** Acknowledged turns, each found after a death. */
  checked: number;
  /** Turns found of which nobody had been told. */
  beyond: number;
}

export interface MatrixReport extends Readonly<Count> {
  /** Calls in the recorded lives: each had its death, those that write three. */
  readonly recorded: number;
  readonly problems: readonly string[];
}

/** A store between two lives. */
interface Place {
  readonly path: string;
  readonly history: History;
  /** Of the kinds of the last life. */
  readonly version: number;
}

/** Plans for one store. */
interface Task {
  readonly begin: () => Promise<Place>;
  readonly plans: readonly Plan[];
}

const chainsOf = (rounds: number, chain: number, seed: number): readonly (readonly Plan[])[] => {
  const chance = makeChance(seed);
  const chains: Plan[][] = [];
  for (let left = rounds; left > 0; left -= chain) {
    chains.push(Array.from({ length: Math.min(chain, left) }, () => randomPlan(chance)));
  }
  return chains;
};

/** What the next start has found tells more of a death. */
const noteDeath = (count: Count, { upgrading, collecting, rows: before }: Ending, version: number, found: RowsLook) => {
  const upgraded = found.ages.some(([since, at]) => since < at && at === version);
  const older = found.ages.some(([, at]) => at < version);
  if (upgrading) count.upgrading += 1;
  if (upgrading && upgraded && older) count.upgradedInPart += 1;
  if (collecting) count.collecting += 1;
  if (collecting && found.stripped > 0 && found.stripped !== before?.stripped) count.sweeping += 1;
};

export const runCrashMatrix = async (options: MatrixOptions): Promise<MatrixReport> => {
  const { tree, directory, rounds, seed, lanes, chain, deeds = allDeeds } = options;
  const count: Count = {
    rounds: 0,
    atCalls: 0,
    upgrading: 0,
    upgradedInPart: 0,
    collecting: 0,
    sweeping: 0,
    checked: 0,
    beyond: 0,
  };
  const problems: string[] = [];
  const cache = join(directory, 'compiled');
  let stores = 0;

  const newPlace = async (): Promise<Place> => {
    stores += 1;
    const path = join(directory, String(stores));
    await mkdir(path);
    return { path, history: makeHistory(), version: 1 };
  };

  const copyOf = async ({ path, history, version }: Place): Promise<Place> => {
    const made = await newPlace();
    await cp(path, made.path, { recursive: true });
    return { path: made.path, history: history.copy(), version };
  };

  const live = ({ path, history, version }: Place, plan: Plan, atEnd: 'die' | 'tell' = 'die'): Promise<Ending> => {
    const { killAfter, isNewer: _, ...rest } = plan;
    const orders = { ...rest, version, deeds, directory: join(path, 'state'), firstNumber: history.next(), atEnd };
    return liveOnce({ orders, tree, cache, ...(killAfter && { killAfter }) }, history);
  };

  /** True: go on. */
  const judge = (found: readonly string[], plans: readonly (Plan | undefined)[]): boolean => {
    if (found.length === 0) return true;
    problems.push(`${found.slice(0, 5).join('; ')}, found after ${JSON.stringify(plans)}`);
    return false;
  };

  const runTask = async ({ begin, plans }: Task): Promise<void> => {
    let place = await begin();
    const { path, history } = place;
    let last: { readonly plan: Plan; readonly ending: Ending; readonly version: number } | undefined;
    const noteLast = (rows: RowsLook | undefined): void => {
      if (last !== undefined && rows !== undefined) noteDeath(count, last.ending, last.version, rows);
    };
    for (const plan of plans) {
      place = { ...place, version: place.version + (plan.isNewer ? 1 : 0) };
      const ending = await live(place, plan);
      if (!judge(ending.problems, [last?.plan, plan])) return;
      noteLast(ending.rows);
      last = { plan, ending, version: place.version };
      if (!ending.killed) throw Error(`it was not killed: ${JSON.stringify(plan)}`);
      count.rounds += 1;
      if (plan.death !== undefined) count.atCalls += 1;
    }
    const { rows, looks } = await lookIntoStore(join(path, 'state'), place.version, { Level, fs });
    noteLast(rows);
    judge([...rows.problems, ...history.check(looks, place.version)], [last?.plan]);
    count.checked += history.checked();
    count.beyond += history.beyond();
    await rm(path, { recursive: true });
  };

  /** A life that nobody ends; its calls. */
  const liveInOrder = async (place: Place, plan: Plan): Promise<readonly string[]> => {
    const ending = await live({ ...place, version: place.version + (plan.isNewer ? 1 : 0) }, plan, 'tell');
    judge(ending.problems, [plan]);
    return ending.calls;
  };

  /** A task for each call of such a life, which also fills the cache. */
  const record = async (begin: () => Promise<Place>, plan: Plan, isSparing = false): Promise<readonly Task[]> => {
    const calls = await liveInOrder(await begin(), plan);
    recorded += calls.length;
    return everyDeath(plan, calls, isSparing).map((death) => ({ begin, plans: [death] }));
  };

  let recorded = 0;
  const everyTask = async (): Promise<Task[]> => {
    const short: Task[] = [{ begin: newPlace, plans: staircase(Math.min(60, rounds)) }];
    for (const plan of recordedPlans.onNew) short.push(...(await record(newPlace, plan)));
    const prepared = await newPlace();
    await liveInOrder(prepared, preparing);
    for (const plan of recordedPlans.onPrepared) short.push(...(await record(() => copyOf(prepared), plan, true)));
    const needed = short.reduce((sum, { plans }) => sum + plans.length, 0);
    const chains = chainsOf(Math.max(rounds - needed, rounds / 2), chain, seed);
    return [...chains.map((plans): Task => ({ begin: newPlace, plans })), ...short];
  };

  const complain = (error: unknown): void => void problems.push(String(error));
  const tasks = await everyTask().catch((error: unknown) => {
    complain(error);
    return [];
  });
  const work = async (): Promise<void> => {
    for (let task = tasks.shift(); task !== undefined && problems.length === 0; task = tasks.shift()) {
      await runTask(task).catch(complain);
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return { ...count, recorded, problems };
};
