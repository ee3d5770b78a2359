/** What a hob is stored as. */
import { M } from '@endo/patterns';
import type { MachineHobSide } from '../protocol/remotes.ts';
import { ReportShape, StateIdentityShape, WantedStateShape } from '../protocol/shapes.ts';
import type { Report, Resource, StateIdentity, WantedState } from '../protocol/shapes.ts';
import type { DurableMap } from '../vats/kind.ts';

/** The boss's side of this machine: a durable reference to another peer's object. */
export type HobSide = MachineHobSide;

/** Where the boss is, as its locator said. */
export interface BossAddress {
  readonly peerId: string;
  readonly scheme: string;
  readonly address: Readonly<Record<string, string>>;
}

export type NamedResource = Pick<Resource, 'id' | 'type'>;

/** A report that the boss has not acknowledged. */
export interface Undelivered {
  /** Which: they count up. */
  readonly number: number;
  readonly report: Report;
  /** By how many steps (report-size.ts) it is made shorter, as the boss refused it so far. */
  readonly steps: number;
}

export interface HobPortrait {
  /** null until it is enrolled. */
  readonly boss: (BossAddress & { readonly side: HobSide }) | null;
  /** null until the boss said something. */
  readonly desired: WantedState | null;
  /** The last that was applied without a failure; null before the first. */
  readonly applied: StateIdentity | null;
  /** What left the document, and is in no report that was delivered. */
  readonly released: readonly NamedResource[];
  /** How many reports there have been. */
  readonly reports: number;
  readonly undelivered: Undelivered | null;
  readonly bindings: DurableMap<object>;
  /** Texts of secrets that the desired state names, sealed by this hob; by name. */
  readonly secrets: DurableMap<SecretCopy>;
}

export interface SecretCopy {
  readonly version: string;
  readonly secret: { readonly sealed: string };
}

const orNull = (shape: unknown) => M.or(M.null(), shape as never);
/** As many as a document can have; of more, the newest are kept. */
const MOST_RELEASED = 10_000;

export const BossAddressShape = M.splitRecord({
  peerId: M.string(),
  scheme: M.string(),
  address: M.recordOf(M.string(), M.string()),
});

export const HobPortraitShape = M.splitRecord({
  boss: orNull(M.splitRecord({ peerId: M.string(), scheme: M.string(), address: M.record(), side: M.remotable() })),
  desired: orNull(WantedStateShape),
  applied: orNull(StateIdentityShape),
  released: M.arrayOf(M.record(), { arrayLengthLimit: MOST_RELEASED }),
  reports: M.number(),
  undelivered: orNull(M.splitRecord({ number: M.number(), report: ReportShape, steps: M.number() })),
  bindings: M.remotable(),
  secrets: M.remotable(),
});

/** A hob that knows nothing yet. */
export const newHobPortrait = (makeMap: <V>() => DurableMap<V>): HobPortrait => ({
  boss: null,
  desired: null,
  applied: null,
  released: [],
  reports: 0,
  undelivered: null,
  bindings: makeMap<object>(),
  secrets: makeMap<SecretCopy>(),
});
harden(newHobPortrait);

/** With another desired state. What leaves the document joins what left it before; what is back is not released any more. */
export const holding = (portrait: HobPortrait, wanted: WantedState): HobPortrait => {
  const held = new Set(wanted.resources.map(({ id }) => id));
  const left = new Map<string, NamedResource>();
  for (const { id, type } of [...portrait.released, ...(portrait.desired?.resources ?? [])]) {
    if (!held.has(id)) left.set(id, { id, type });
  }
  return { ...portrait, desired: wanted, released: [...left.values()].slice(-MOST_RELEASED) };
};
harden(holding);
