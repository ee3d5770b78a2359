/** All that a desk of the crash matrix has, as it tells it. */
import { E } from '../../../src/vats/eventual-send.ts';
import type { DurableMap, TurnTools } from '../../../src/vats/kind.ts';
import { lookAtAge, type AgeLook } from './aging.ts';
import type { DeskPortrait, Job, LogEntry } from './desks.ts';
import type { Tally, TallyLook } from './tallies.ts';

type NoteLook = readonly [number: number, note: TallyLook];

export interface DeskLook {
  readonly name: string;
  readonly age: AgeLook;
  readonly turns: number;
  readonly sum: number;
  readonly heardTurns: number;
  readonly tallies: readonly TallyLook[];
  readonly logSize: number;
  readonly log: readonly (readonly [number: number, entry: LogEntry])[];
  readonly notes: readonly NoteLook[];
  readonly shelf: readonly NoteLook[];
  /** By `<from>:<number>`: how often. */
  readonly heard: readonly (readonly [string, number])[];
  readonly made: readonly string[];
}

const PAGE = 1_000;

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

type Held = readonly (readonly [key: string, note: Tally])[];

/** Notes may be in another vat: each is looked at in a turn of its own. */
const lookAtNotes = (notes: Held): Promise<readonly NoteLook[]> =>
  Promise.all(notes.map(([, note]) => E(note).look())).then((looks) =>
    harden(looks.map((look, index) => [Number(notes[index]![0]), look] as const)),
  );

export const lookAtDesk = (
  { name, age, turns, sum, heardTurns, furniture }: DeskPortrait,
  { on }: Pick<TurnTools<DeskPortrait>, 'on'>,
): Promise<DeskLook> => {
  const numbers = { name, age: lookAtAge(age), turns, sum, heardTurns };
  const nothing = { tallies: [], logSize: 0, log: [], notes: [], shelf: [], heard: [], made: [] };
  if (furniture === null) return on(Promise.resolve(), (): DeskLook => ({ ...numbers, ...nothing }));
  const { log, notes, shelf, heard, made, tallies } = furniture;
  const all = Promise.all([log, heard, made, notes, shelf].map((map) => entriesOf(map as DurableMap<unknown>, { on })));
  return on(all, ([logged, wereHeard, wereMade, ...held]) => {
    const looks = (held as readonly Held[]).map(lookAtNotes);
    return on(Promise.all(looks), ([noted, onShelf]): DeskLook => ({
      ...numbers,
      tallies: tallies.map((tally) => tally.look()),
      logSize: log.size(),
      log: logged!.map(([key, job]) => [Number(key), withoutPadding(job as Job)] as const),
      notes: noted!,
      shelf: onShelf!,
      heard: wereHeard as readonly (readonly [string, number])[],
      made: wereMade!.map(([key]) => key),
    }));
  }) as Promise<DeskLook>;
};
