/**
 * What a vat knows of itself: the next instance number and how many rows of each sort it has, in its header row, with what else stands there
 * (of a vat that a turn made: its type); and its roots, a row each.
 */
import { makeError } from '../errors/gobs-error.ts';
import { isCount } from './counts.ts';
import { rootKey, vatHeaderKey } from './keys.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import { requireVersion } from './row.ts';
import type { Turn } from './turn.ts';

/** The portrait of the header row. The counts are there so that a row that got lost is missed. */
export interface VatCounts {
  readonly next: number;
  /** Durable actors, maps among them. */
  readonly actors: number;
  /** None if it is not there. */
  readonly roots?: number;
}

interface Known {
  /** Whatever else a header says is kept as it is. */
  readonly counts: VatCounts;
  readonly change: number;
}

export interface VatHeader {
  /**
   * A number that no actor had before, not even one whose turn was undone: somebody may hold a reference to it still. Numbers of durable
   * actors are never used twice; those of ephemeral ones count up while the process lives. Counts the durable actor that gets it.
   */
  nextInstance(turn: Turn, ephemeral: boolean): number;
  /** May somebody have a reference whose number would be given again after a restart, since the turn in which it was given was undone? */
  readonly owes: boolean;
  /** A reference to a durable actor of that number goes into a row, or leaves the vat: so its number is not given again. */
  keepNumber(turn: Turn, instance: number): void;
  /** A reference, or a record of references; undefined if nothing has that name. */
  root(name: string): object | undefined;
  /** For a name that nothing has. */
  setRoot(turn: Turn, name: string, root: object): object;
  /** What is in memory is not what is stored. */
  reset(): void;
}

export const VAT_ROW = { kind: 'vat', version: 1 } as const;
harden(VAT_ROW);
const ROOT = { kind: 'root', version: 1 } as const;

/** The counts of a header's portrait. Throws ROW_DAMAGED. */
export const requireCounts = (key: string, portrait: unknown): VatCounts => {
  const { next, actors, roots = 0 } = Object(portrait) as Partial<VatCounts>;
  if (isCount(next, 1) && isCount(actors) && isCount(roots)) return portrait as VatCounts;
  throw makeError('ROW_DAMAGED', `row ${key}: does not count the vat's actors and roots`, {
    hint: 'nothing was overwritten; restore a backup',
  });
};
harden(requireCounts);

export const makeVatHeader = (
  vat: string,
  codec: PortraitCodec,
  read: (key: string) => string | undefined,
  firstInstance: number,
): VatHeader => {
  const headerKey = vatHeaderKey(vat);
  let known: Known | undefined;
  let given = 0;
  let ephemerals = 0;

  const readRow = (key: string, { kind, version }: typeof VAT_ROW | typeof ROOT) => {
    const value = read(key);
    if (value === undefined) return undefined;
    const row = codec.decodeRow(key, value);
    requireVersion(key, row, kind, version);
    return { portrait: codec.decodePortrait(key, row), change: row.change };
  };

  const load = (): Known => {
    const row = known === undefined ? readRow(headerKey, VAT_ROW) : undefined;
    if (row !== undefined) known = { counts: requireCounts(headerKey, row.portrait), change: row.change };
    return known ?? { counts: { next: 1, actors: 0 }, change: 0 };
  };

  const save = (turn: Turn, changes: Partial<VatCounts>): void => {
    const { counts, change } = load();
    const old = known;
    known = { counts: harden({ ...counts, ...changes }), change: change + 1 };
    turn.write(headerKey, codec.encode({ ...VAT_ROW, change: change + 1 }, known.counts));
    turn.changed(() => {
      known = old;
    });
  };

  return harden({
    nextInstance: (turn, ephemeral) => {
      if (ephemeral) {
        ephemerals += 1;
        return ephemerals;
      }
      const { next, actors } = load().counts;
      given = Math.max(next, firstInstance, given + 1);
      save(turn, { next: given + 1, actors: actors + 1 });
      return given;
    },
    get owes() {
      return given > 0 && given >= load().counts.next;
    },
    keepNumber: (turn, instance) => {
      if (instance >= load().counts.next) save(turn, { next: instance + 1 });
    },
    root: (name) => readRow(rootKey(vat, name), ROOT)?.portrait as object | undefined,
    setRoot: (turn, name, root) => {
      const key = rootKey(vat, name);
      turn.write(key, codec.encode({ ...ROOT, change: 1 }, harden(root)));
      save(turn, { roots: (load().counts.roots ?? 0) + 1 });
      return root;
    },
    reset: () => {
      known = undefined;
    },
  } satisfies VatHeader);
};
harden(makeVatHeader);
