/**
 * What the turns of the crash matrix change, made so that half a turn shows. A *desk* is alone in its vat with what it made. Each turn has a number of
 * its own, and leaves it in several rows that must move together:
 *
 *   log      a durable map: number → what the turn did
 *   desk     its portrait: how many turns, the sum of their numbers
 *   tallies  actors of their own: the sum of the numbers that were meant for them
 *   notes    actors that turns spawned, by number, in a durable map
 *   heard    a durable map, of what turns of other desks sent; and its count in the desk's portrait
 *
 * Desks make desks, in vats of their own. `lookAt` tells all of it, and `checkLook` says what in it does not fit together.
 */
import { M } from '@endo/patterns';
import { E } from '../../../src/vats/eventual-send.ts';
import type { Kernel } from '../../../src/vats/kernel.ts';
import { defineKind, type DurableMap, type TurnTools } from '../../../src/vats/kind.ts';
import type { MakeVat } from '../../../src/vats/vat-types.ts';

export type Deed = 'plain' | 'spawn' | 'drop' | 'send' | 'ask' | 'make' | 'caught' | 'throw';

/** What one turn is to do. */
export interface Job {
  readonly deed: Deed;
  /** Which tallies. */
  readonly tallies: readonly number[];
  /** Of the other desk: for `send` and `ask`, or the new one's for `make`. */
  readonly other: string;
  /** For `drop`: which note. */
  readonly note: number;
  readonly padding: string;
}

export type LogEntry = Omit<Job, 'padding'>;

export interface Desk {
  /** Answers when what it asked for is durable too. */
  work(number: number, job: Job, other?: Desk): unknown;
  hear(number: number, from: string): void;
  look(): Promise<DeskLook>;
}

export interface DeskLook {
  readonly name: string;
  readonly turns: number;
  readonly sum: number;
  readonly heardTurns: number;
  readonly tallies: readonly number[];
  readonly logSize: number;
  readonly log: readonly (readonly [number: number, entry: LogEntry])[];
  readonly notes: readonly (readonly [number: number, says: number])[];
  /** By `<from>:<number>`: how often. */
  readonly heard: readonly (readonly [string, number])[];
  readonly made: readonly string[];
}

interface Tally {
  add(number: number): void;
  fail(number: number): never;
  sum(): number;
}

/** What a desk makes in its first turn. */
interface Furniture {
  readonly tallies: readonly Tally[];
  readonly log: DurableMap<Job>;
  readonly notes: DurableMap<Tally>;
  readonly heard: DurableMap<number>;
  readonly made: DurableMap<Desk>;
}

export interface DeskPortrait {
  readonly name: string;
  readonly turns: number;
  readonly sum: number;
  readonly heardTurns: number;
  readonly furniture: Furniture | null;
}

export type MakeDesk = MakeVat<DeskPortrait, Desk, null>;

export const TALLIES = 3;
const PAGE = 1_000;

const tallyKind = defineKind<number, Tally>({
  label: 'tally',
  guard: M.interface('Tally', {
    add: M.call(M.number()).returns(),
    fail: M.call(M.number()).returns(),
    sum: M.call().returns(M.number()),
  }),
  portrait: M.number(),
  behave: (bcom, _self, sum) => ({
    add: (number) => bcom((latest) => latest + number),
    fail: (number) => {
      bcom((latest) => latest + number);
      throw Error('on purpose, after bcom');
    },
    sum: () => sum,
  }),
});

export const newDesk = (name: string): DeskPortrait =>
  harden({ name, turns: 0, sum: 0, heardTurns: 0, furniture: null });

const keyOf = (number: number): string => String(number).padStart(8, '0');

const makeFurniture = ({ spawn, makeMap }: TurnTools): Furniture =>
  harden({
    tallies: Array.from({ length: TALLIES }, () => spawn(tallyKind, 0)),
    log: makeMap(),
    notes: makeMap(),
    heard: makeMap(),
    made: makeMap(),
  });

const withoutPadding = ({ padding: _, ...entry }: Job): LogEntry => harden(entry);

/** All entries of a map, a page at a time. */
const entriesOf = <V, P>(
  map: DurableMap<V>,
  { on }: Pick<TurnTools<P>, 'on'>,
): Promise<readonly (readonly [string, V])[]> => {
  const from = (after: string): Promise<readonly (readonly [string, V])[]> =>
    on(map.page({ limit: PAGE, ...(after === '' ? {} : { after }) }), ({ entries, next }) =>
      next === null ? entries : on(from(next), (rest) => [...entries, ...rest]),
    ) as Promise<readonly (readonly [string, V])[]>;
  return from('');
};

const deskKind = defineKind<DeskPortrait, Desk, { readonly makeDesk: MakeDesk }>({
  label: 'desk',
  guard: M.interface('Desk', {
    work: M.call(M.number(), M.record()).optional(M.remotable()).returns(M.any()),
    hear: M.call(M.number(), M.string()).returns(),
    look: M.call().returns(M.promise()),
  }),
  portrait: M.splitRecord({ name: M.string(), turns: M.number(), sum: M.number(), furniture: M.any() }),
  behave: (bcom, self, portrait, powers) => {
    const { makeDesk, spawn, on } = powers;
    const { name } = portrait;

    const furnished = (): Furniture => {
      if (portrait.furniture !== null) return portrait.furniture;
      const furniture = makeFurniture(powers as TurnTools);
      bcom((latest) => ({ ...latest, furniture }));
      return furniture;
    };

    const deeds: Record<Deed, (number: number, job: Job, furniture: Furniture, other: Desk | undefined) => unknown> = {
      plain: () => undefined,
      spawn: (number, _job, { notes }) => notes.set(keyOf(number), spawn(tallyKind, number)),
      drop: (_number, { note }, { notes }) => void notes.delete(keyOf(note)),
      send: (number, _job, _furniture, other) => void E(other!).hear(number, name),
      ask: (number, _job, _furniture, other) => E(other!).hear(number, name),
      make: (number, job, { made }) => {
        const desk = makeDesk({ name: job.other, about: null, portrait: newDesk(job.other) });
        made.set(job.other, desk);
        return E(desk).hear(number, name);
      },
      caught: (number, { tallies }, { tallies: all }) => {
        try {
          all[tallies[0]!]!.fail(number);
        } catch {
          // What it did is undone, and this turn goes on.
        }
      },
      throw: () => {
        throw Error('on purpose, after everything');
      },
    };

    return {
      work: (number, job, other) => {
        const furniture = furnished();
        furniture.log.set(keyOf(number), job);
        for (const tally of job.tallies) furniture.tallies[tally]!.add(number);
        bcom((latest) => ({ ...latest, turns: latest.turns + 1, sum: latest.sum + number }));
        return deeds[job.deed](number, job, furniture, other);
      },
      hear: (number, from) => {
        const { heard } = furnished();
        const key = `${from}:${number}`;
        heard.set(key, (heard.get(key) ?? 0) + 1);
        bcom((latest) => ({ ...latest, heardTurns: latest.heardTurns + 1 }));
      },
      look: () => {
        const { turns, sum, heardTurns, furniture } = portrait;
        const numbers = { name, turns, sum, heardTurns };
        const nothing: DeskLook = { ...numbers, tallies: [], logSize: 0, log: [], notes: [], heard: [], made: [] };
        if (furniture === null) return on(Promise.resolve(), () => nothing);
        const { log, notes, heard, made, tallies } = furniture;
        const all = Promise.all([log, notes, heard, made].map((map) => entriesOf(map as DurableMap<unknown>, powers)));
        return on(all, ([logged, noted, wereHeard, wereMade]) => ({
          ...numbers,
          tallies: tallies.map((tally) => tally.sum()),
          logSize: log.size(),
          log: logged!.map(([key, job]) => [Number(key), withoutPadding(job as Job)] as const),
          notes: noted!.map(([key, note]) => [Number(key), (note as Tally).sum()] as const),
          heard: wereHeard as readonly (readonly [string, number])[],
          made: wereMade!.map(([key]) => key),
        })) as Promise<DeskLook>;
      },
    };
  },
});

export interface Office {
  /** A desk by name. Whether there is one, calling it tells. */
  desk(name: string): Desk;
  /** Of all desks that those that were there from the start lead to. */
  look(): Promise<readonly DeskLook[]>;
}

export const FIRST_DESKS = harden(['a', 'b'] as const);

/** Opens the vats; makes the first desks if they are not there. */
export const openOffice = async (kernel: Kernel): Promise<Office> => {
  const known = new Map<string, Desk>();
  const makeDesk: MakeDesk = kernel.defineVatType({
    type: 'desk',
    root: deskKind,
    open: (vat) => {
      vat.register(tallyKind, {});
      vat.register(deskKind, { makeDesk });
    },
    options: { cacheLimit: 8 },
  });
  for (const name of FIRST_DESKS) {
    const vat = kernel.openVat(name, { cacheLimit: 8 });
    vat.register(tallyKind, {});
    vat.register(deskKind, { makeDesk });
    known.set(name, (await vat.makeOnce('desk', ({ spawn }) => spawn(deskKind, newDesk(name)))) as Desk);
  }
  const desk = (name: string): Desk => known.get(name) ?? (kernel.refOf(`vat:${name}/desk/1/self`) as Desk);
  return {
    desk,
    look: async () => {
      const looks: DeskLook[] = [];
      const names: string[] = [...FIRST_DESKS];
      for (const name of names) {
        const look = await E(desk(name)).look();
        looks.push(look);
        names.push(...look.made);
      }
      return looks;
    },
  };
};
