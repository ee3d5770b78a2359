/**
 * A turn's journal: everything that one message changed, with the way back.
 *
 *        savepoint()            rollback(savepoint)
 *   undo    ├──────────┬───────────▶ run from the end down to the savepoint
 *   outputs ├──────────┴───────────▶ cut off at the savepoint
 *
 * Writes go to `writes`, over what is pending in the commit group, over the store. State in memory changes at once, and each change
 * pushes the function that takes it back. Outputs (sends, settlements, pages) are only recorded: they are released when
 * the turn is durable, and dropped if it is not.
 */
import type { TurnMessage } from './messages.ts';
import type { Effect } from './trace-record.ts';
import type { Vat } from './vat.ts';

/** Something that may leave the vat only after the turn is durable. Exactly one of the two is called, once. */
export interface Output {
  release(): void;
  fail(reason: unknown): void;
  /** For the trace: the message that it is. */
  readonly sent?: Effect;
}

export interface Savepoint {
  readonly undo: number;
  readonly outputs: number;
}

export interface Turn {
  readonly vat: Vat;
  /** Milliseconds since 1970, the same during the whole turn. */
  readonly time: number;
  /** Undefined if nothing is traced. */
  readonly message: TurnMessage | undefined;
  /** By store key; undefined for a row that goes away. */
  readonly writes: Map<string, string | undefined>;
  readonly outputs: Output[];
  /** Changes one row, with the way back. */
  write(key: string, value: string | undefined): void;
  /** Notes how to take back a change that was just made in memory. */
  changed(undo: () => void): void;
  /** Runs `body` at once. What it throws it throws, after everything that it did was taken back. */
  undoOnThrow<T>(body: () => T): T;
}

export const makeTurn = (vat: Vat, time: number, message?: TurnMessage): Turn => {
  const writes = new Map<string, string | undefined>();
  const undo: (() => void)[] = [];
  const outputs: Output[] = [];

  const savepoint = (): Savepoint => ({ undo: undo.length, outputs: outputs.length });
  const rollback = (to: Savepoint): void => {
    while (undo.length > to.undo) undo.pop()!();
    outputs.length = to.outputs;
  };

  return {
    vat,
    time,
    message,
    writes,
    outputs,
    write(key, value) {
      const had = writes.has(key);
      const old = writes.get(key);
      writes.set(key, value);
      undo.push(() => {
        if (had) writes.set(key, old);
        else writes.delete(key);
      });
    },
    changed(step) {
      undo.push(step);
    },
    undoOnThrow(body) {
      const start = savepoint();
      try {
        return body();
      } catch (error) {
        rollback(start);
        throw error;
      }
    },
  };
};
harden(makeTurn);
