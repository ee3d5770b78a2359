/**
 * What a machine is stored as. All that a table of machines shows is in the machine's own row; the documents, which are large and
 * change on their own, are in cells: a change of status does not write them again.
 */
import { M } from '@endo/patterns';
import { DriftCountsShape, LabelsShape, noDrift, PolicyShape } from '../protocol/shapes.ts';
import type { DriftCounts, Facts, Labels, Policy, Report, StateIdentity, WantedState } from '../protocol/shapes.ts';
import type { Hob } from '../protocol/remotes.ts';
import type { ProviderOptions } from '../providers/contract.ts';
import type { Cell } from '../vats/actor-lib/cell.ts';
import type { Registry } from './boss-registry.ts';
import { ProgressShape, type Progress } from './lifecycle.ts';
import type { AppliedState } from './machine-desired.ts';
import type { MachineLog } from './machine-log.ts';
import type { Provider } from './provider.ts';

/** How its hob may come in. The secret is not here: it is derived from the nonce by whoever has the boss's key. */
export interface Enrolment {
  readonly nonce: string;
  /** Of the secret in the newest locator; older ones are not taken any more. */
  readonly secretHash: string;
  /** Boss's clock. */
  readonly expiresAt: number;
}

/** The last report, and when it came (boss's clock). */
export interface ReceivedReport {
  readonly report: Report;
  readonly at: number;
}

/** What a hob said that it holds while its machine was held. */
export interface HeldState extends StateIdentity {
  /** Only its generation differs from what is wanted. */
  readonly same: boolean;
}

/** How often the boss's store had been opened when its hob last saw it, as far as that was more often than it said then. */
export interface SeenEpochs {
  /** The highest that was said; 0: nothing was. */
  readonly said: number;
  /** Up to which an admin knows of it. null: the next that is said needs nobody's attention. */
  readonly known: number | null;
}

export interface MachinePortrait {
  readonly name: string;
  /** `m1`, `m2`, …: never given twice. */
  readonly id: string;
  readonly providerName: string;
  readonly provider: Provider;
  readonly options: ProviderOptions;
  readonly registry: Registry;
  /** The id of the request that made it; null: it had none. */
  readonly request: string | null;

  readonly progress: Progress;
  /** Of the newest locator; null before the first was minted. */
  readonly enrolment: Enrolment | null;
  /** The peer id of its hob, for ever; null until one is enrolled. */
  readonly hobKey: string | null;
  /** A durable reference to the hob; null until it has been attached once. */
  readonly hob: Hob | null;
  /** Boss's clock. While the hob is online, it is seen now. */
  readonly lastSeen: number | null;

  /** Of the desired state. */
  readonly generation: number;
  readonly policy: Policy;
  readonly labels: Labels;
  /** Of the last report; null if the hob was found to hold something else since. */
  readonly reported: number | null;
  readonly drift: DriftCounts;
  readonly revision: number;

  /** How many restores from backups there had been when it was made, or confirmed last: see held.ts. */
  readonly confirmed: number;
  /** While it is held: null if its hob has not said so yet, or holds what is wanted. */
  readonly holds: HeldState | null;
  readonly epochs: SeenEpochs;

  readonly desired: Cell<WantedState>;
  /** What the last document said; null: none was applied. */
  readonly applied: Cell<AppliedState | null>;
  readonly received: Cell<ReceivedReport | null>;
  readonly facts: Cell<Facts | null>;
  readonly log: MachineLog;
}

const orNull = (shape: unknown) => M.or(M.null(), shape as never);
const count = M.number();

export const MachinePortraitShape = M.splitRecord({
  name: M.string(),
  id: M.string(),
  providerName: M.string(),
  provider: M.remotable('Provider'),
  options: M.record(),
  registry: M.remotable('Registry'),
  request: orNull(M.string()),
  progress: ProgressShape,
  enrolment: orNull(M.splitRecord({ nonce: M.string(), secretHash: M.string(), expiresAt: M.number() })),
  hobKey: orNull(M.string()),
  hob: orNull(M.remotable('Hob')),
  lastSeen: orNull(M.number()),
  generation: count,
  policy: PolicyShape,
  labels: LabelsShape,
  reported: orNull(count),
  drift: DriftCountsShape,
  revision: count,
  confirmed: count,
  holds: orNull(M.splitRecord({ generation: count, digest: M.string(), same: M.boolean() })),
  epochs: M.splitRecord({ said: count, known: orNull(count) }),
  desired: M.remotable('Cell'),
  applied: M.remotable('Cell'),
  received: M.remotable('Cell'),
  facts: M.remotable('Cell'),
  log: M.remotable('MachineLog'),
});

/** What has left the document is not counted. */
export const countDrift = ({ resources, omitted = noDrift }: Report): DriftCounts => {
  const counts = { ...omitted };
  for (const { state } of resources) if (state !== 'released') counts[state] += 1;
  return harden(counts);
};
harden(countDrift);
