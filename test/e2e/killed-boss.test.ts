/**
 * `kill -9` of the boss at every step of create, destroy and forget, with the real provider, real hobs and a client that notes what it was
 * told. The steps are not placed by hand: a run that is left alone says how many there are, and one run for each ends there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { E } from '@endo/far';
import { afterEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { Boss, MachineAdmin } from '../../src/protocol/remotes.ts';
import type { MachineStatus } from '../../src/protocol/shapes.ts';
import { goneOnce } from '../support/e2e/gone-once.ts';
import { startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { holdBoss } from '../support/e2e/hold-boss.ts';
import { hobPid, killHob, machineAt } from '../support/e2e/machine-files.ts';
import { processesIn } from '../support/e2e/processes-in.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';

const spec = harden({
  provider: 'local',
  resources: [{ id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n' }],
});
const create = (boss: Boss): Promise<MachineAdmin> =>
  E(boss).createMachine('web1', spec, { requestId: 'r1' }) as Promise<MachineAdmin>;

/** What a client was told before the boss died. */
interface Told {
  /** The id of the machine that it was given. */
  created?: string;
  accepted?: boolean;
  remains?: readonly string[];
  readonly states: MachineStatus['state'][];
}

interface Story {
  /** Of the provider: there must be points before and after these. */
  readonly calls: readonly string[];
  /** With the boss that will be killed, before its points count. */
  readonly before: (boss: Boss, state: string) => Promise<unknown>;
  readonly tell: (boss: Boss, told: Told) => Promise<unknown>;
  /** With the boss that comes after, which has been asked nothing yet. */
  readonly after: (boss: Boss, told: Told, state: string) => Promise<unknown>;
}

// ------------------------------------------------------------------------------------------- what there is

const machinesDirectory = (state: string) => `${state}/machines`;
const hobsIn = (state: string) => processesIn(machinesDirectory(state));
const directoriesIn = (state: string): string[] =>
  existsSync(machinesDirectory(state)) ? readdirSync(machinesDirectory(state)) : [];

const expectNone = async (boss: Boss, state: string): Promise<void> => {
  expect(await E(boss).machines()).toEqual([]);
  expect(await hobsIn(state)).toEqual([]);
  expect(directoriesIn(state)).toEqual([]);
  expect(await E(boss).orphans()).toEqual([]);
};

/** One machine that is well, and one hob. `hobs`: so many have had its directory, one after the other. */
const expectOne = async (boss: Boss, state: string, hobs = 1): Promise<string> => {
  const machines = await E(boss).machines();
  expect(machines).toMatchObject([{ name: 'web1', state: 'ready', online: true, generation: 1, reported: 1 }]);
  const { id } = machines[0]!;
  const { directory, root, log } = machineAt(state, id);
  expect(directoriesIn(state)).toEqual([id]);
  expect(await hobsIn(state)).toEqual([hobPid(directory)]);
  expect(readFileSync(log, 'utf8').match(/"the hob works"/g)).toHaveLength(hobs);
  expect(readFileSync(`${root}/etc/motd`, 'utf8')).toBe('hello\n');
  expect(await E(boss).orphans()).toEqual([]);
  expect(await E(boss).refusals()).toEqual([]);
  return id;
};

const isSettled = (status: MachineStatus): boolean =>
  isWell(status) || ['stopped', 'failed', 'gone'].includes(status.state);

/** Everything that is on its way comes to its end by itself. Undefined: there is no machine. */
const settle = async (boss: Boss): Promise<MachineStatus | undefined> => {
  if ((await E(boss).machines()).length === 0) return undefined;
  try {
    const status = await statusOnce(await E(boss).machine('web1'), isSettled);
    return status.state === 'gone' ? undefined : status;
  } catch (error) {
    // It went between the two questions.
    if (!['MACHINE_GONE', 'NO_SUCH_MACHINE'].includes(codeOf(error))) throw error;
    return undefined;
  }
};

const createWell = async (boss: Boss): Promise<MachineAdmin> => {
  const machine = await create(boss);
  await statusOnce(machine, isWell);
  return machine;
};

const noting =
  (told: Told) =>
  ({ state }: MachineStatus): void =>
    void told.states.push(state);

const remainsOf = (state: string): string[] => [`directory ${machineAt(state, 'm1').directory}`];

const stories: Readonly<Record<string, Story>> = {
  create: {
    calls: ['validate', 'create'],
    before: async () => undefined,
    tell: async (boss, told) => {
      const machine = await create(boss);
      told.created = (await E(machine).status()).id;
      const note = noting(told);
      await statusOnce(machine, (status) => {
        note(status);
        return isWell(status);
      });
    },
    after: async (boss, told, state) => {
      const status = await settle(boss);
      if (told.created !== undefined) expect(status?.id).toBe(told.created);
      if (status === undefined) await expectNone(boss, state);
      else await expectOne(boss, state);
      // Whoever did not hear the answer asks again.
      await createWell(boss);
      expect(await expectOne(boss, state)).toBe('m1');
    },
  },
  destroy: {
    calls: ['destroy'],
    before: createWell,
    tell: async (boss, told) => {
      const machine = await E(boss).machine('web1');
      await E(machine).destroy();
      told.accepted = true;
      await goneOnce(machine, noting(told));
    },
    after: async (boss, told, state) => {
      const status = await settle(boss);
      if (status === undefined) return expectNone(boss, state);
      expect(told).toEqual({ states: [] });
      await expectOne(boss, state);
      const machine = await E(boss).machine('web1');
      await E(machine).destroy();
      await goneOnce(machine);
      return expectNone(boss, state);
    },
  },
  forget: {
    calls: ['remains'],
    before: async (boss, state) => {
      const machine = await createWell(boss);
      killHob(machineAt(state, 'm1').directory);
      await statusOnce(machine, ({ online }) => !online);
    },
    tell: async (boss, told) => {
      told.remains = (await E(boss).forget('web1')).remains;
    },
    after: async (boss, told, state) => {
      const machines = await E(boss).machines();
      if (told.remains !== undefined) expect([machines, told.remains]).toEqual([[], remainsOf(state)]);
      if (machines.length > 0) {
        // It is still to be there, so its hob is started again.
        await settle(boss);
        await expectOne(boss, state, 2);
        const machine = await E(boss).machine('web1');
        await E(machine).stop();
        await statusOnce(machine, (status) => status.state === 'stopped' && !status.online);
        expect(await E(boss).forget('web1')).toEqual({ remains: remainsOf(state) });
      }
      // What a forgotten machine leaves is what it was said to leave, and can be found.
      expect(await E(boss).machines()).toEqual([]);
      expect(directoriesIn(state)).toEqual(['m1']);
      expect(await hobsIn(state)).toEqual([]);
      expect(await E(boss).orphans()).toMatchObject([{ provider: 'local', machineId: 'm1', state: 'stopped' }]);
    },
  },
};

// ------------------------------------------------------------------------------------------- one run

interface Run {
  readonly points: readonly string[];
  readonly met: boolean;
  readonly told: Told;
}

const orLost = async (dead: Promise<boolean>, error: unknown): Promise<boolean> => {
  if (codeOf(error) !== 'SESSION_CLOSED') throw error;
  return dead;
};

/** Until the boss dies at a point; without one, until the story is told. */
const tell = async (sandbox: Sandbox, story: Story, at: number): Promise<Run> => {
  const held = await holdBoss(sandbox);
  const boss = await held.admin();
  await story.before(boss, held.state);
  // Whatever is still being written for what went before is written before this is answered.
  await E(boss).refusals();
  const told: Told = { states: [] };
  await held.doom(at);
  const dead = held.ended.then(({ signal }) => signal === 'SIGKILL');
  // The client hears that its session has ended before the test hears that the process has.
  const telling = story.tell(boss, told).then(
    () => false,
    (error: unknown) => orLost(dead, error),
  );
  let met = await Promise.race([dead, telling]);
  const points = held.points();
  if (!met) {
    const code = await held.stop();
    // What it does when all is told, it may do while it stops.
    met = await dead;
    if (!met) expect(code).toBe(0);
  }
  return { points, met, told };
};

/** By what is done in them. What a test that took too long left is ended after it. */
const open = new Map<Sandbox, string>();
afterEach(async () => {
  const left = [...open];
  open.clear();
  for (const [sandbox] of left) await sandbox.end();
  expect(left.map(([, what]) => what)).toEqual([]);
});

const inSandbox = async <R>(what: string, work: (sandbox: Sandbox) => Promise<R>): Promise<R> => {
  const sandbox = await makeSandbox();
  open.set(sandbox, what);
  try {
    return await work(sandbox);
  } finally {
    if (open.delete(sandbox)) await sandbox.end();
  }
};

const goOn = async (sandbox: Sandbox, story: Story, told: Told): Promise<void> => {
  const next: ServingBoss = await startBoss(sandbox);
  await story.after(await next.admin(), told, next.state);
  expect(await next.stop()).toBe(0);
};

/** How often a run may end before it meets its point: what happens at once is written in one batch, or in two. */
const ATTEMPTS = 5;

const runTo = async (story: Story, at: number, recorded: readonly string[]): Promise<void> => {
  const run = () =>
    inSandbox(`point ${at}: ${recorded[at - 1]}`, async (sandbox) => {
      const { met, points, told } = await tell(sandbox, story, at);
      if (!met && points.length >= at) throw Error(`it went past point ${at}: ${points.join(', ')}`);
      try {
        await goOn(sandbox, story, told);
      } catch (error) {
        const where = `point ${at} of ${recorded.length}: ${points.at(-1)}; told ${JSON.stringify(told)}`;
        throw Error(`${where}: ${(error as Error).message}`, { cause: error });
      }
      return met;
    });
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) if (await run()) return;
  throw Error(`point ${at} of ${recorded.length} was never met: ${recorded[at - 1]}`);
};

/** Much of a run is waiting for a hob to come back. */
const AT_ONCE = 2;

/** The points of a run that is left alone; of two such, the shorter one. */
const record = async (story: Story): Promise<readonly string[]> => {
  const alone = () => inSandbox('a run that is left alone', async (sandbox) => (await tell(sandbox, story, 0)).points);
  const [one, other] = [await alone(), await alone()];
  return one.length <= other.length ? one : other;
};

describe.each(Object.entries(stories))('a boss that is killed at every step of %s', (_name, story) => {
  test('leaves one machine or none, one hob or none, and no orphan', { timeout: 360_000 }, async ({ signal }) => {
    const recorded = await record(story);
    for (const moment of ['before', 'after']) expect(recorded.join('\n')).toMatch(RegExp(`^${moment} write`, 'm'));
    expect(recorded).toEqual(
      expect.arrayContaining(story.calls.flatMap((call) => [`before ${call}`, `after ${call}`])),
    );
    let next = 1;
    const work = async (): Promise<void> => {
      while (next <= recorded.length && !signal.aborted) {
        const at = next;
        next += 1;
        await runTo(story, at, recorded);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  });
});
