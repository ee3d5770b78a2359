/**
 * What a vat knows of itself: the next instance number, in its header row, with what else stands there (of a vat that a turn made: its
 * type); and its roots, a row each.
 */
import { rootKey, vatHeaderKey } from './keys.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import { requireVersion } from './row.ts';
import type { Turn } from './turn.ts';

interface Numbers {
  readonly next: number;
  readonly change: number;
  /** All of the header. */
  readonly header: object;
}

export interface VatHeader {
  /**
   * A number that no actor had before, not even one whose turn was undone: somebody may hold a reference to it still. Numbers of durable
   * actors are never used twice; those of ephemeral ones count up while the process lives.
   */
  nextInstance(turn: Turn, ephemeral: boolean): number;
  /** A reference, or a record of references; undefined if nothing has that name. */
  root(name: string): object | undefined;
  setRoot(turn: Turn, name: string, root: object): object;
  /** What is in memory is not what is stored. */
  reset(): void;
}

export const VAT_ROW = { kind: 'vat', version: 1 } as const;
harden(VAT_ROW);
const ROOT = { kind: 'root', version: 1 } as const;

export const makeVatHeader = (
  vat: string,
  codec: PortraitCodec,
  read: (key: string) => string | undefined,
): VatHeader => {
  const headerKey = vatHeaderKey(vat);
  let known: Numbers | undefined;
  let given = 0;
  let ephemerals = 0;

  const readRow = (key: string, { kind, version }: typeof VAT_ROW | typeof ROOT) => {
    const value = read(key);
    if (value === undefined) return undefined;
    const row = codec.decodeRow(key, value);
    requireVersion(key, row, kind, version);
    return { portrait: codec.decodePortrait(key, row), change: row.change };
  };

  const load = (): Numbers => {
    const row = known === undefined ? readRow(headerKey, VAT_ROW) : undefined;
    const header = row?.portrait as { next: number } | undefined;
    if (header !== undefined) known = { next: header.next, change: row!.change, header };
    return known ?? { next: 1, change: 0, header: {} };
  };

  const save = (turn: Turn, next: number): void => {
    const old = known;
    const before = load();
    const change = before.change + 1;
    const header = harden({ ...before.header, next });
    turn.write(headerKey, codec.encode({ ...VAT_ROW, change }, header));
    known = { next, change, header };
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
      given = Math.max(load().next, given + 1);
      save(turn, given + 1);
      return given;
    },
    root: (name) => readRow(rootKey(vat, name), ROOT)?.portrait as object | undefined,
    setRoot: (turn, name, root) => {
      const key = rootKey(vat, name);
      turn.write(key, codec.encode({ ...ROOT, change: 1 }, harden(root)));
      return root;
    },
    reset: () => {
      known = undefined;
    },
  });
};
harden(makeVatHeader);
