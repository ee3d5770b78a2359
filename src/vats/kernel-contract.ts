/**
 * What the host world (CapTP peers, drivers, entry points) sees of the vats of its process. See docs/explanation/turns.md.
 *
 * The host world has references of its own: `refOf(name)` gives one object for one name, which answers only to `E()`.
 * Whatever else is passable in the host world (a driver's `Far`, a CapTP presence) may be sent to a vat, which holds it under a `host:`
 * name as long as something in the vat refers to it.
 */
import type { Messages } from './messages.ts';
import type { RefName } from './names.ts';
import type { StoreEntry, StoreOp, PageRequest } from './store.ts';

/** Delivers to references of a scheme that vats do not own. Arguments and result are host values. */
export interface Router {
  /** Called after the sending turn is durable. Must not throw; rejects with a coded error. */
  deliver(name: RefName, method: string, args: readonly unknown[]): Promise<unknown>;
}

/** Writes of the host world, in the same groups as those of the vats. */
export interface Committer {
  /** From groups not yet written, then from the store. So it may be read before it is durable: what depends on it must wait for a `write`. */
  get(key: string): string | undefined;
  /** The same, in key order; fewer than `limit` means that there are no more. Each entry as of a moment during the call. */
  page(request: PageRequest): Promise<readonly StoreEntry[]>;
  /** Joins the open group; resolves when it is durable; rejects with COMMIT_FAILED. */
  write(ops: readonly StoreOp[]): Promise<void>;
}

export interface Kernel {
  readonly committer: Committer;
  /** How ids of messages go along with them; undefined if nothing is traced. */
  readonly messages?: Messages;
  /** The name of a reference that `refOf` made; undefined for every other value. */
  nameOf(value: unknown): RefName | undefined;
  /**
   * The host's reference for a name: the same object as long as somebody holds it. The row is read when it is first called,
   * so a name of nothing gives a reference whose calls reject with NO_SUCH_ACTOR.
   */
  refOf(name: RefName): object;
  /** Sets who delivers to names of a scheme (`peer`). Once per scheme. */
  setRouter(scheme: string, router: Router): void;
}
