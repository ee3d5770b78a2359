/**
 * Vats in the graph: a turn makes a vat as it makes an actor, and holds it by a reference into it.
 *
 *   turn ── make({ about, portrait }) ──▶ header { type, about, … } and root actor: rows of that turn
 *   message to a vat that is not open ──▶ its header ──▶ its type's `open(vat, about)` ──▶ delivered
 *
 * A type is defined by the host, which gives the kinds of such a vat their powers when it is opened. Making one is an authority, so it is
 * no tool of every turn: it is a function, bound like any other power to the kinds that may.
 */
import { makeError } from '../errors/gobs-error.ts';
import { currentTurn } from './current-turn.ts';
import type { VatHandle, VatOptions } from './kernel.ts';
import { vatHeaderKey } from './keys.ts';
import type { AnyKind, SpawnableKind } from './kind.ts';
import { isLabel, LABEL } from './names.ts';
import { makePortraitCodec } from './portrait-codec.ts';
import { requireVersion } from './row.ts';
import type { Store } from './store.ts';
import { VAT_ROW } from './vat-header.ts';
import type { Vat } from './vat.ts';

export interface VatType<P, S, A> {
  /** Written to disk, in the header of each such vat. `[a-z][a-z0-9-]{0,47}` */
  readonly type: string;
  /** The kind of the actor that such a vat begins with; a durable one. */
  readonly root: SpawnableKind<P, S>;
  /**
   * Registers the kinds of the vat, its root's among them. Called when the first message for one of its actors arrives, once in each run of
   * the process; synchronous. What it throws, the callers get; then the next message tries again.
   */
  readonly open: (vat: VatHandle, about: A) => void;
  readonly options?: VatOptions;
}

export interface NewVat<P, A> {
  /** `[a-z][a-z0-9-]{0,62}`. Default: the type and a number. */
  readonly name?: string;
  /** What `open` is told each time: data, without references. */
  readonly about: A;
  /** Of the root. */
  readonly portrait: P;
}

/**
 * Makes a vat as part of the running turn; the reference of its root, or for a kit the record of its facets. They are far: they answer to
 * `E()` only. Throws VAT_EXISTS, BAD_PORTRAIT, NOT_DURABLE, OUTSIDE_TURN; TypeError for a name of another form.
 */
export type MakeVat<P, S, A> = (vat: NewVat<P, A>) => S;

export interface VatTypes {
  /** Throws TypeError for a type that is defined already. */
  define<P, S, A>(type: VatType<P, S, A>): MakeVat<P, S, A>;
  /** Opens a vat that was made. Throws NO_SUCH_ACTOR, VAT_STOPPED, UNKNOWN_VAT_TYPE, ROW_DAMAGED, or what the type's `open` throws. */
  open(name: string): Vat;
}

export interface VatTypesOptions {
  readonly store: Pick<Store, 'get'>;
  /** As in kernel.ts: somebody may have a reference into a vat of the same name that is not in a store that was restored. */
  readonly firstInstance: number;
  /** Of a vat of this kernel that is open. */
  readonly vatNamed: (name: string) => Vat | undefined;
  /** Makes a vat, and adds it to those that are open after `prepare`, unless that throws. */
  readonly openVat: (name: string, options: VatOptions | undefined, prepare: (vat: VatHandle) => void) => Vat;
}

// With a number after it, it is a vat's name.
const TYPE = /^[a-z][a-z0-9-]{0,47}$/;

/** Of any portrait and configuration. */
interface KnownType extends Pick<VatType<never, unknown, never>, 'type' | 'open' | 'options'> {
  readonly root: AnyKind;
}

interface MadeHeader {
  readonly type?: string;
  readonly about?: unknown;
}

const refuseReference = (): never => {
  throw Error('a header holds no reference');
};

/** The header of a vat as it is stored; undefined if there is none. Throws ROW_DAMAGED, NEWER_VERSION. */
const readMadeHeader = (store: Pick<Store, 'get'>, name: string): MadeHeader | undefined => {
  const key = vatHeaderKey(name);
  const value = store.get(key);
  if (value === undefined) return undefined;
  const codec = makePortraitCodec(() => undefined, refuseReference);
  const row = codec.decodeRow(key, value);
  requireVersion(key, row, VAT_ROW.kind, VAT_ROW.version);
  return codec.decodePortrait(key, row) as MadeHeader;
};

/** Of a vat that a turn made. Undefined too where the header cannot be read: whoever needs it is told. */
export const typeOfVat = (store: Pick<Store, 'get'>, name: string): string | undefined => {
  try {
    return readMadeHeader(store, name)?.type;
  } catch {
    return undefined;
  }
};
harden(typeOfVat);

export const makeVatTypes = ({ store, firstInstance, vatNamed, openVat }: VatTypesOptions): VatTypes => {
  const types = new Map<string, KnownType>();
  /** By name of a vat whose making was undone: the instance number that its root had. Somebody may hold a reference to it still. */
  const undone = new Map<string, number>();

  const make = ({ type, root }: KnownType, { name, about, portrait }: NewVat<unknown, unknown>): unknown => {
    if (name !== undefined && !isLabel(name)) throw TypeError(`vat name ${JSON.stringify(name)} must match ${LABEL}`);
    const what = `making of a vat of type ${type}`;
    const turn = currentTurn();
    if (turn === undefined || vatNamed(turn.vat.name) !== turn.vat) {
      throw makeError('OUTSIDE_TURN', `${what} outside a turn of its kernel`);
    }
    const instanceIn = (found: string): number => {
      if (vatNamed(found) !== undefined) throw makeError('VAT_EXISTS', `there is a vat ${found}`);
      const instance = Math.max(firstInstance, (undone.get(found) ?? 0) + 1);
      const remember = (): void => void undone.set(found, instance);
      turn.changed(remember);
      turn.outputs.push({ release: () => {}, fail: remember });
      return instance;
    };
    return turn.undoOnThrow(() => turn.vat.foundVat(turn, { type, name, about, root, portrait, instanceIn }));
  };

  const requireType = (vat: string, type: string): KnownType => {
    const known = types.get(type);
    if (known !== undefined) return known;
    const labels = [...types.keys()].join(', ') || 'none';
    throw makeError('UNKNOWN_VAT_TYPE', `vat ${vat} is of type ${type}, known are: ${labels}`);
  };

  return harden({
    define: <P, S, A>(vatType: VatType<P, S, A>): MakeVat<P, S, A> => {
      const { type, root } = vatType;
      if (!TYPE.test(type)) throw TypeError(`vat type ${JSON.stringify(type)} must match ${TYPE}`);
      if (types.has(type)) throw TypeError(`vat type ${type} is defined already`);
      if (root.ephemeral) throw TypeError(`vat type ${type}: ${root.label} is ephemeral, and a root must last`);
      const known = harden({ ...vatType }) as KnownType;
      types.set(type, known);
      return harden((vat: NewVat<P, A>) => make(known, vat) as S);
    },
    // From the store itself, where only what is durable is: a failed commit never takes a vat away that is open.
    open: (name) => {
      const header = readMadeHeader(store, name);
      if (header === undefined) throw makeError('NO_SUCH_ACTOR', `there is no vat ${name} here`);
      const { type, about } = header;
      if (type === undefined) throw makeError('VAT_STOPPED', `vat ${name} was not opened`);
      const known = requireType(name, type);
      return openVat(name, known.options, (vat) => known.open(vat, about as never));
    },
  });
};
harden(makeVatTypes);
