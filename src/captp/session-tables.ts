/**
 * What the two sides of a session hold of each other's: the export and import tables of @endo/captp, kept by us.
 *
 *   export   noted ──mentioned in a frame──▶ held ──all mentions dropped by the other side──▶ noted ──▶ gone with the value
 *   import   presence or promise, held weakly ──collected──▶ the other side is told how often it had been mentioned
 *
 * @endo/captp remembers for ever which slot a value was given, so a value that was dropped comes back under its old slot. Here it is
 * noted still, weakly, and held again as soon as a frame mentions it. Mentions are counted where frames leave and where they
 * come, so that both sides count the same: what @endo/captp counts has calls in it, and mentions that never left.
 *
 * A promise's settlement is sent once by @endo/captp. Whoever did not hold the promise then, or has let go of it since, needs to be told
 * again: `mentioned` and `dropped` say when.
 */
import { Remotable } from '@endo/pass-style';
import { makeError } from '../errors/gobs-error.ts';
import type { EndoTables, EndoTablesOptions, Settler } from './endo-captp.ts';
import type { Limits } from './limits.ts';
import { parseSlot, quote, reverseSlot, type Slot } from './slots.ts';

/** References that outlive the session; see durable-slots.ts. */
export interface DurableSlots {
  /** The slot of a durable reference, as we write it; undefined for any other value. */
  slotOf(value: object): Slot | undefined;
  /** What the other side means by `o+d5` or `o-d5`. Throws NO_SUCH_EXPORT, RESTORE_UNCONFIRMED. */
  valueOf(theirSlot: Slot): object;
}

interface Exported {
  readonly ref: WeakRef<object>;
  /** Set while the other side has it. */
  held: object | undefined;
  mentions: number;
  /** For a promise: @endo/captp has said how it was settled, and will not say it again. */
  told: boolean;
}

interface Imported {
  ref: WeakRef<object>;
  mentions: number;
}

/** A promise of ours whose settlement the other side does not know. */
export type Untold = readonly [slot: Slot, promise: Promise<unknown>];

export interface SessionTables {
  make(options: EndoTablesOptions): EndoTables;
  /** A frame leaves that mentions these slots. */
  mentioned(slots: readonly Slot[]): readonly Untold[];
  /** A frame came that mentions these slots; called when @endo/captp has taken it. Slots are as the other side writes them. */
  received(theirSlots: readonly Slot[]): void;
  /** The other side lets go of so many mentions of what we write as `slot`. Throws PROTOCOL_ERROR for what it does not have. */
  dropped(slot: Slot, mentions: number): readonly Untold[];
  /** A message that mentions these of ours waits: they are held as if they had been mentioned once more. */
  keep(theirSlots: readonly Slot[]): void;
  /** A promise is settled. Is the other side to be told? */
  settled(slot: Slot): boolean;
  /** Does the other side have it? */
  isExported(slot: Slot): boolean;
  /** The answer to a question of ours came: nothing can call it under that name any more. */
  releaseQuestion(slot: Slot): void;
  /** Why @endo/captp could not take the last message, or could not make one, if that was for these tables. */
  takeRefusal(): Error | undefined;
  /** Those of ours that @endo/captp holds open. */
  readonly questions: number;
  readonly exports: number;
  /** Objects and promises; questions do not count. */
  readonly imports: number;
  clear(): void;
}

export interface SessionTablesOptions {
  readonly durable: DurableSlots | undefined;
  /** `references`: of exports, and of imports. Looked at when it is needed: it may rise. */
  readonly limits: Pick<Limits, 'references'>;
  /** @endo/captp makes a question; it is sent before anything else happens, or never. */
  readonly onQuestion: (slot: Slot) => void;
  /** This side lets go of so many mentions of an object, a promise or a question. The other side is to be told. */
  readonly onRelease: (slot: Slot, mentions: number) => void;
}

const makePresence = (iface: string | undefined, settler: Settler): object =>
  Remotable((iface ?? 'Alleged: Remote') as 'Remotable', undefined, settler.resolveWithPresence()) as object;

const isDurable = (slot: Slot): boolean => slot.charAt(2) === 'd';
const isQuestion = (slot: Slot): boolean => slot.startsWith('q');

export const makeSessionTables = ({ durable, limits, onQuestion, onRelease }: SessionTablesOptions): SessionTables => {
  const exports = new Map<Slot, Exported>();
  const imports = new Map<Slot, Imported>();
  let held = 0;
  let questions = 0;
  let lastNumber = 0;
  let refusal: Error | undefined;
  let releaseSlot: (slot: Slot) => void = () => {};

  const unexported = new FinalizationRegistry<Slot>((slot) => {
    if (exports.get(slot)?.ref.deref() === undefined) exports.delete(slot);
  });
  const unimported = new FinalizationRegistry<Slot>((slot) => {
    // Mentioned again before we heard of that, it has a new presence, and is not let go of.
    if (imports.get(slot)?.ref.deref() === undefined) release(slot);
  });

  const release = (slot: Slot): void => {
    const entry = imports.get(slot);
    if (entry === undefined) return;
    if (isQuestion(slot)) questions -= 1;
    imports.delete(slot);
    releaseSlot(slot);
    onRelease(slot, isQuestion(slot) ? 1 : entry.mentions);
  };

  const refuse = (what: string): never => {
    refusal = makeError('LIMIT_EXCEEDED', what);
    throw refusal;
  };

  const durableValue = (slot: Slot): object => {
    if (durable === undefined) {
      throw makeError('PROTOCOL_ERROR', `${quote(slot)} in a session without durable references`);
    }
    return durable.valueOf(reverseSlot(slot));
  };

  const untold = (slot: Slot, { held: value, told }: Exported): readonly Untold[] =>
    told && value instanceof Promise ? [[slot, value]] : [];

  const mention = (slot: Slot): readonly Untold[] => {
    const entry = exports.get(slot);
    if (entry === undefined) return [];
    entry.mentions += 1;
    if (entry.held !== undefined) return [];
    held += 1;
    entry.held = entry.ref.deref();
    return untold(slot, entry);
  };

  const letGo = (slot: Slot, entry: Exported): void => {
    held -= 1;
    entry.held = undefined;
    entry.mentions = 0;
    // It has counted, under the other side's name for it, how often it was called.
    releaseSlot(reverseSlot(slot));
  };

  const make = (options: EndoTablesOptions): EndoTables => {
    releaseSlot = options.releaseSlot;
    return {
      makeSlotForValue: (value) => {
        const durableSlot = durable?.slotOf(value);
        if (durableSlot !== undefined) return durableSlot;
        if (held >= limits.references) {
          refuse(`the other side would hold more than ${limits.references} references of this session`);
        }
        lastNumber += 1;
        return `${value instanceof Promise ? 'p' : 'o'}+${lastNumber}`;
      },
      makeValueForSlot: (slot, iface) => {
        if (isDurable(slot)) return { val: durableValue(slot), settler: undefined };
        parseSlot(slot);
        if (imports.size - questions >= limits.references) {
          refuse(`more than ${limits.references} references of this session are held`);
        }
        const { promise, settler } = options.makeRemoteKit(slot);
        return { val: slot.startsWith('p') ? promise : makePresence(iface, settler), settler };
      },
      hasImport: (slot) => imports.get(slot)?.ref.deref() !== undefined,
      getImport: (slot) => (isDurable(slot) ? durableValue(slot) : imports.get(slot)?.ref.deref()),
      markAsImported: (slot, value) => {
        if (isDurable(slot)) return;
        const known = imports.get(slot);
        if (known !== undefined) known.ref = new WeakRef(value);
        else imports.set(slot, { ref: new WeakRef(value), mentions: 0 });
        unimported.register(value, slot);
        if (!isQuestion(slot)) return;
        questions += 1;
        onQuestion(slot);
      },
      hasExport: (slot) => isDurable(slot) || exports.get(slot)?.held !== undefined,
      getExport: (slot) => (isDurable(slot) ? durableValue(slot) : exports.get(slot)?.held),
      markAsExported: (slot, value) => {
        if (isDurable(slot)) return;
        exports.set(slot, { ref: new WeakRef(value), held: undefined, mentions: 0, told: false });
        unexported.register(value, slot);
      },
      // `dropped` did it.
      deleteExport: () => {},
      didDisconnect: () => {},
    };
  };

  return harden({
    make,
    mentioned: (slots) => (slots.length === 0 ? [] : slots.flatMap(mention)),
    received: (theirSlots) => {
      for (const slot of theirSlots) {
        const entry = imports.get(reverseSlot(slot));
        if (entry !== undefined) entry.mentions += 1;
      }
    },
    dropped: (slot, mentions) => {
      const entry = exports.get(slot);
      if (entry?.held === undefined) {
        throw makeError('PROTOCOL_ERROR', `${quote(slot)} was dropped, which the other side does not have`);
      }
      entry.mentions -= mentions;
      // A mention is on its way to a side that has just forgotten what the promise became.
      if (entry.mentions > 0) return untold(slot, entry);
      letGo(slot, entry);
      return [];
    },
    keep: (theirSlots) => {
      for (const slot of theirSlots) {
        const entry = exports.get(reverseSlot(slot));
        if (entry?.held !== undefined) entry.mentions += 1;
      }
    },
    settled: (slot) => {
      const entry = exports.get(slot);
      if (entry !== undefined) entry.told = true;
      return entry?.held !== undefined;
    },
    isExported: (slot) => exports.get(slot)?.held !== undefined,
    releaseQuestion: release,
    takeRefusal: () => {
      const taken = refusal;
      refusal = undefined;
      return taken;
    },
    get questions() {
      return questions;
    },
    get exports() {
      return held;
    },
    get imports() {
      return imports.size - questions;
    },
    clear: () => {
      releaseSlot = () => {};
      exports.clear();
      imports.clear();
      held = 0;
      questions = 0;
    },
  } satisfies SessionTables);
};
harden(makeSessionTables);
