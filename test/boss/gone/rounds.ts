/**
 * Machines are made, enrolled, reported on, and destroyed or forgotten, one after the other, for days; and garbage is collected. Each is made by a
 * request with an id; of some it takes several enrolment locators; each hob is given its side under a number.
 */
import { makePeerTables } from '../../../src/captp/peer-table.ts';
import { makeError } from '../../../src/errors/gobs-error.ts';
import type { MachineSpec } from '../../../src/protocol/shapes.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import type { Store, StoreEntry } from '../../../src/vats/store.ts';
import { makeBossWorld, reach, ready, type BossWorld, type Life } from '../../support/boss-world.ts';
import { collectGarbage } from '../../vats/collect-garbage.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

/** So that a short run comes to its end. */
export const FEW_KEYS = 5;

const spec: MachineSpec = harden({ provider: 'fake', resources: [{ id: 'motd', type: 'noop' }] });

export interface Rounds {
  readonly world: BossWorld;
  /** Opens the boss on what the store holds. */
  open(store: Store): Promise<void>;
  run(count: number): Promise<void>;
  /** A day passes, garbage is collected to the end, and the boss is stopped. */
  end(): Promise<void>;
}

export const makeRounds = (): Rounds => {
  const world = makeBossWorld();
  world.remembrance = harden({ time: DAY, machines: 10_000, keys: FEW_KEYS });
  let life: Life;
  let tables: ReturnType<typeof makePeerTables>;
  let rounds = 0;

  const round = async (): Promise<void> => {
    rounds += 1;
    const number = rounds;
    const name = `web${number % 7}`;
    const { boss } = life;
    if (number % 3 === 0) world.cloud.failNext('create', makeError('PROVIDER_FAILED', 'no room'));
    const machine = await E(boss).createMachine(name, spec, { requestId: `request ${number}` });
    const { state, id } = await reach(
      machine,
      ({ state: now, online }) => now === 'failed' || (now === 'ready' && online),
    );
    if (state === 'failed') await E(machine).start();
    await ready(machine);
    const hob = world.hobs.get(id)!;
    const table = tables.of(hob.peerId);
    await table.numberOf(hob.side!).written;
    await table.noteEpoch(1);
    if (number % 2 === 0) {
      await E(machine).destroy();
      await reach(machine, 'gone');
    } else {
      world.cloud.killHob(id);
      await reach(machine, ({ online }) => !online);
      await E(machine).forget();
    }
    world.hobs.delete(id);
    world.now += HOUR;
    await E(life.process).expire();
    if (number % 10 === 0) await life.kernel.collector.collect();
  };

  return {
    world,
    open: async (store) => {
      life = await world.open({ store });
      tables = makePeerTables(life.kernel.committer);
      world.forgetPeer = (peerId) => tables.forget(peerId);
    },
    run: async (count) => {
      for (let left = count; left > 0; left -= 1) await round();
    },
    end: async () => {
      if (world.hobErrors.length > 0) throw Error('a hob could not come in', { cause: world.hobErrors[0] });
      world.now += DAY;
      await E(life.process).expire();
      // The first cycle empties the caches, so that the engine sees what is garbage.
      await life.kernel.collector.collect();
      await collectGarbage();
      await life.kernel.collector.collect();
      await life.stop();
    },
  };
};

/** How many rows there are, but for the trace, which is bounded on its own. */
export const countRows = (rows: readonly StoreEntry[]): number => rows.filter(([key]) => !key.startsWith('t/')).length;
