/**
 * Who waits for a machine's next status. It lives as long as the process: whoever waited when a boss ended asks the next one.
 *
 * All that wait at one revision of one machine share one promise, so a client that asks again and again costs nothing. The turn that
 * leaves a revision resolves that promise, which takes effect when the turn is durable. If the turn is undone, the machine is at that
 * revision still, and the next turn that leaves it resolves the same promise: nothing has to be taken back here.
 */
import type { MachineStatus } from '../protocol/shapes.ts';
import type { PromiseKit } from '../vats/kind.ts';

export interface StatusWaiters {
  /** A promise for the status that follows a revision; `makeKit` is called in the turn that asks first. */
  readonly waitBeyond: (
    machineId: string,
    revision: number,
    makeKit: () => PromiseKit<MachineStatus>,
  ) => Promise<MachineStatus>;
  /** Called in the turn that leaves the revision. */
  readonly leave: (machineId: string, revision: number, status: MachineStatus) => void;
  /** How many promises are open; for tests. */
  readonly open: () => number;
}

export const makeStatusWaiters = (): StatusWaiters => {
  const kits = new Map<string, PromiseKit<MachineStatus>>();
  return harden({
    waitBeyond: (machineId, revision, makeKit) => {
      const place = `${machineId} ${revision}`;
      const known = kits.get(place);
      if (known !== undefined) return known.promise;
      const kit = makeKit();
      kits.set(place, kit);
      kit.promise.then(
        () => kits.delete(place),
        () => kits.delete(place),
      );
      return kit.promise;
    },
    leave: (machineId, revision, status) => kits.get(`${machineId} ${revision}`)?.resolve(status),
    open: () => kits.size,
  } satisfies StatusWaiters);
};
harden(makeStatusWaiters);
