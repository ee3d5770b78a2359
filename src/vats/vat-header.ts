/** A vat's own row: the next instance number, and its roots by name. */
import { vatHeaderKey } from './keys.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import type { Turn } from './turn.ts';

interface Header {
  readonly next: number;
  readonly roots: Readonly<Record<string, object>>;
  readonly change: number;
}

export interface VatHeader {
  /** Numbers of durable actors are never used twice. Those of ephemeral ones count up while the process lives. */
  nextInstance(turn: Turn, ephemeral: boolean): number;
  root(name: string): object | undefined;
  setRoot(turn: Turn, name: string, ref: object): object;
  /** What is in memory is not what is stored. */
  reset(): void;
}

export const makeVatHeader = (
  vat: string,
  codec: PortraitCodec,
  read: (key: string) => string | undefined,
): VatHeader => {
  const key = vatHeaderKey(vat);
  let known: Header | undefined;
  let ephemerals = 0;

  const load = (): Header => {
    if (known !== undefined) return known;
    const value = read(key);
    if (value === undefined) return { next: 1, roots: {}, change: 0 };
    const { portrait, change } = codec.decode(key, value);
    known = { ...(portrait as Pick<Header, 'next' | 'roots'>), change };
    return known;
  };

  const save = (turn: Turn, { next, roots }: Pick<Header, 'next' | 'roots'>): void => {
    const old = load();
    const header = { next, roots, change: old.change + 1 };
    turn.write(key, codec.encode(key, { kind: 'vat', version: 1, change: header.change }, harden({ next, roots })));
    known = header;
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
      const { next, roots } = load();
      save(turn, { next: next + 1, roots });
      return next;
    },
    root: (name) => load().roots[name],
    setRoot: (turn, name, ref) => {
      const { next, roots } = load();
      save(turn, { next, roots: { ...roots, [name]: ref } });
      return ref;
    },
    reset: () => {
      known = undefined;
    },
  });
};
