/**
 * A store and a driver of one boss that dies at a numbered point, as by `kill -9`: in front of or behind a write, a call of the driver, or an
 * effect of the driver on the world. What was alive goes on in the test's process, but reaches nothing any more.
 *
 * A run without `at` meets every point and counts them; one run for each number then ends there. `met` says whether it did.
 */
import type { ProviderDriver } from '../../src/providers/contract.ts';
import type { Store } from '../../src/vats/store.ts';
import { countingDriver } from './counting-driver.ts';
import { countingStore } from './counting-store.ts';
import type { Life } from './life.ts';

export interface Doom {
  readonly store: Store;
  readonly driver: ProviderDriver;
  /** What there was to die at, so far: `write 3 before`, `create after`, `effect`. */
  readonly points: readonly string[];
  readonly met: boolean;
  /** Resolves when it dies. */
  readonly died: Promise<void>;
}

export const makeDoom = (store: Store, makeDriver: (life: Life) => ProviderDriver, at = Infinity): Doom => {
  const points: string[] = [];
  let dead = false;
  const meet = (what: string): void => {
    if (dead) return;
    points.push(what);
    if (points.length < at) return;
    dead = true;
    counting.crash();
  };
  const never = (): Promise<never> | undefined => (dead ? new Promise<never>(() => undefined) : undefined);
  const counting = countingStore(store, ({ number, moment }) => meet(`write ${Math.ceil(number / 2)} ${moment}`));

  const look = (): void => {
    if (dead) throw Error('the boss is dead');
  };
  const life: Life = {
    look,
    effect: () => {
      look();
      meet('effect');
      look();
    },
    end: () => undefined,
    effects: 0,
    ended: false,
  };
  const { driver } = countingDriver(makeDriver(life), ({ method, moment }) => {
    meet(`${method} ${moment}`);
    return never();
  });
  return {
    store: counting.store,
    driver,
    points,
    get met() {
      return dead;
    },
    died: counting.crashed,
  };
};
