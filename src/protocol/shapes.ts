/**
 * The records that boss, hob, providers and command line hand to each other: a TypeScript type and a pattern for each.
 * All are passable copy data. Times are milliseconds since 1970 by the clock of the peer that is named in the comment.
 */
import { M, type Pattern } from '@endo/patterns';

/** Names of machines, providers and bindings. */
export const namePattern = /^[a-z][a-z0-9-]{0,62}$/;
harden(namePattern);
export const isName = (text: unknown): text is string => typeof text === 'string' && namePattern.test(text);
harden(isName);

/** A text of bounded length; `what` is for people who read guards. */
const text = (limit: number) => M.string({ stringLengthLimit: limit });
const time = M.number();
/** A number of something, as hosts tell it; neither NaN nor Infinity is one. */
const amount = M.and(M.gte(0), M.lte(Number.MAX_VALUE));

// ---------------------------------------------------------------------------------------------- desired state

export type Policy = 'report' | 'correct';
export const PolicyShape = M.or('report', 'correct');

/** In the place of a text that only the hob is to see: the name of one of the boss's secrets. */
export interface SecretReference {
  readonly secret: string;
}

export type Scalar = string | number | boolean;
/** Flat, but for secrets. */
export type ResourceRecord = Readonly<Record<string, Scalar | readonly string[] | SecretReference>>;
export type ResourceValue = Scalar | readonly string[] | ResourceRecord | SecretReference;

/**
 * One thing that a hob manages: `id` is unique in its document, `type` names a resource type, `after` the ids of those of the same machine
 * that come before it, `notify` the ids of those that are told when it was changed, and come after it, `when` on which hosts it is wanted; the other
 * properties are that type's own. All are checked by src/protocol/resources.
 */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly after?: readonly string[];
  readonly notify?: readonly string[];
  readonly when?: string;
  readonly [property: string]: ResourceValue | undefined;
}
/** How many a list in a resource may have, and how many properties a record. */
export const longestList = 100;
harden(longestList);
/** UTF-16 units of each text in a list. */
export const longestItem = 4_000;
harden(longestItem);
/** UTF-16 units. */
export const longestText = 1_000_000;
harden(longestText);
const PlainValueShape = M.or(
  text(longestText),
  M.number(),
  M.boolean(),
  M.arrayOf(text(longestItem), { arrayLengthLimit: longestList }),
);
const SecretReferenceShape = M.splitRecord({ secret: text(200) }, {}, M.record({ numPropertiesLimit: 0 }));
const ResourceRecordShape = M.recordOf(text(60), M.or(PlainValueShape, SecretReferenceShape), {
  numPropertiesLimit: longestList,
});
export const ResourceShape = M.and(
  M.splitRecord({ id: text(200), type: text(60) }),
  M.recordOf(text(60), M.or(PlainValueShape, ResourceRecordShape), { numPropertiesLimit: 40 }),
);

/** What a machine is to be. Generations count up from 1 with each change; 0 is "nothing was asked yet". */
export interface DesiredState {
  readonly generation: number;
  readonly policy: Policy;
  readonly resources: readonly Resource[];
}
export const DesiredStateShape = M.splitRecord(
  { generation: M.number(), policy: PolicyShape, resources: M.arrayOf(ResourceShape, { arrayLengthLimit: 10_000 }) },
  {},
  M.record({ numPropertiesLimit: 0 }),
);

/**
 * A desired state as the boss tells it to a hob. `digest` is the SHA-256 of all else but the generation, in hexadecimal digits, as the boss
 * computed it: after a boss's store was put back, the same generation can be of another document. `secrets`: of those that it names, the
 * version that is wanted, by name; the hob asks for the texts. Absent: it names none.
 */
export interface WantedState extends DesiredState {
  readonly digest: string;
  readonly secrets?: SecretVersions;
}
/** How many secrets the resources of a machine may name. */
export const mostSecrets = 100;
harden(mostSecrets);
export type SecretVersions = Readonly<Record<string, string>>;
/** A secret as the boss gives it to the hob of a machine that names it. */
export interface SecretText {
  readonly version: string;
  readonly text: string;
}
export const WantedStateShape = M.splitRecord(
  {
    generation: M.number(),
    policy: PolicyShape,
    resources: M.arrayOf(ResourceShape, { arrayLengthLimit: 10_000 }),
    digest: text(64),
  },
  { secrets: M.recordOf(text(63), text(64), { numPropertiesLimit: mostSecrets }) },
  M.record({ numPropertiesLimit: 0 }),
);

/** Which desired state: two are the same only if both are equal. */
export type StateIdentity = Pick<WantedState, 'generation' | 'digest'>;
export const StateIdentityShape = M.splitRecord(
  { generation: M.number(), digest: text(64) },
  {},
  M.record({ numPropertiesLimit: 0 }),
);
export const isSameState = (one: StateIdentity, other: StateIdentity): boolean =>
  one.generation === other.generation && one.digest === other.digest;
harden(isSameState);

/** What admins say that a machine is; see labels.ts. */
export type Labels = Readonly<Record<string, string>>;
export const mostLabels = 50;
harden(mostLabels);
export const LabelsShape = M.recordOf(text(63), text(200), { numPropertiesLimit: mostLabels });

/** The part of a desired state that people set. */
export interface DesiredStateChange {
  readonly policy?: Policy;
  readonly resources?: readonly Resource[];
}
export const DesiredStateChangeShape = M.splitRecord(
  {},
  { policy: PolicyShape, resources: M.arrayOf(ResourceShape, { arrayLengthLimit: 10_000 }) },
  M.record({ numPropertiesLimit: 0 }),
);

/** All that a document says about a machine that is there. */
export interface DocumentedState {
  readonly policy: Policy;
  readonly resources: readonly Resource[];
  readonly labels: Labels;
}
export const DocumentedStateShape = M.splitRecord(
  { policy: PolicyShape, resources: M.arrayOf(ResourceShape, { arrayLengthLimit: 10_000 }), labels: LabelsShape },
  {},
  M.record({ numPropertiesLimit: 0 }),
);

/** What a plan was made from: if it is not so any more when it is carried out, somebody was there in between. */
export interface PlannedFrom {
  readonly generation: number;
  readonly labels: Labels;
}
export const PlannedFromShape = M.splitRecord(
  { generation: M.number(), labels: LabelsShape },
  {},
  M.record({ numPropertiesLimit: 0 }),
);

/** What the boss has of a machine, to be compared with a document. */
export interface PlanBasis {
  readonly desired: DesiredState;
  readonly labels: Labels;
  /** The provider's own, with which it was made. */
  readonly options: Readonly<Record<string, Scalar>>;
  /**
   * The last document: when it was applied (boss's clock), the labels that it said, and whether policy and resources are as it said. null: none was.
   */
  readonly applied: { readonly at: number; readonly labels: Labels; readonly same: boolean } | null;
}

// ---------------------------------------------------------------------------------------------- reports

/**
 * What one report may hold. Whatever has the shape and is within `characters` and `values` (report-size.ts measures them) fits a message
 * between peers, and the boss takes it.
 */
export const reportLimits = harden({
  /** What left the document comes on top of what is in it. */
  resources: 20_000,
  changes: 100,
  id: 200,
  type: 60,
  what: 200,
  /** Of `from`, `to` and `why`. */
  text: 4_000,
  /** As they are sent: what is not ASCII, or is escaped, counts more than once. */
  characters: 2_000_000,
  /** Arrays, records, elements and properties. */
  values: 90_000,
} as const);
harden(reportLimits);

/** One property that differs. `what` is a property name such as `mode`; `from` is what was found, `to` what is wanted. */
export interface Change {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What a hob found for one resource. `ok`: as wanted. `drifted`: not as wanted, and left so. `corrected`: was not as wanted, and is
 * now (`at`: the hob's clock). `failed`: could not be made so. `unknown`: could not be looked at. `skipped`: not wanted on this host, as its
 * condition says; not looked at. `released`: left the document; stays on the host as it is; listed once.
 */
export const resourceStates = harden([
  'ok',
  'drifted',
  'corrected',
  'failed',
  'unknown',
  'skipped',
  'released',
] as const);
harden(resourceStates);
export type ResourceState = (typeof resourceStates)[number];

export interface ResourceReport {
  readonly id: string;
  readonly type: string;
  readonly state: ResourceState;
  /** For drifted and corrected. */
  readonly changes?: readonly Change[];
  /** For failed, unknown and skipped: one line. */
  readonly why?: string;
  /** For corrected: when, by the hob's clock. */
  readonly at?: number;
}
const ChangeShape = M.splitRecord(
  { what: text(reportLimits.what), from: text(reportLimits.text), to: text(reportLimits.text) },
  {},
  M.record({ numPropertiesLimit: 0 }),
);
export const ResourceReportShape = M.splitRecord(
  { id: text(reportLimits.id), type: text(reportLimits.type), state: M.or(...resourceStates) },
  {
    changes: M.arrayOf(ChangeShape, { arrayLengthLimit: reportLimits.changes }),
    why: text(reportLimits.text),
    at: time,
  },
  M.record({ numPropertiesLimit: 0 }),
);

/** Why a hob looked: a new generation was applied, its interval came round, or somebody asked. */
export type ReportReason = 'applied' | 'interval' | 'asked';

/** What one round of work found. */
export interface Findings {
  /** Of the desired state that the hob held. */
  readonly generation: number;
  readonly reason: ReportReason;
  /** By the hob's clock. */
  readonly at: number;
  readonly resources: readonly ResourceReport[];
}

/** By state, how many; what has left the document is not counted. */
export type DriftCounts = Readonly<Record<Exclude<ResourceState, 'released'>, number>>;
export const noDrift: DriftCounts = harden({ ok: 0, drifted: 0, corrected: 0, failed: 0, unknown: 0, skipped: 0 });
harden(noDrift);

export const DriftCountsShape = M.splitRecord(
  {
    ok: M.number(),
    drifted: M.number(),
    corrected: M.number(),
    failed: M.number(),
    unknown: M.number(),
    skipped: M.number(),
  },
  {},
  M.record({ numPropertiesLimit: 0 }),
);

export interface Report extends Findings {
  /** As the boss gave it with that desired state. */
  readonly digest: string;
  /** How many there are that are not listed, for want of room; absent: none. */
  readonly omitted?: DriftCounts;
}
export const ReportShape = M.splitRecord(
  {
    generation: M.number(),
    digest: text(64),
    reason: M.or('applied', 'interval', 'asked'),
    at: time,
    resources: M.arrayOf(ResourceReportShape, { arrayLengthLimit: reportLimits.resources }),
  },
  { omitted: DriftCountsShape },
  M.record({ numPropertiesLimit: 0 }),
);

/**
 * What the boss makes of a report. `newest`: it is on what is wanted now. `older`: kept, but the boss wants something newer. `unknown`: on
 * a desired state that this boss does not have; noted, not kept. After the last two the hob pulls.
 */
export type ReportAnswer = 'newest' | 'older' | 'unknown';
export const ReportAnswerShape = M.or('newest', 'older', 'unknown');

// ---------------------------------------------------------------------------------------------- facts

/** About a host, by its hob. Sizes are bytes; `bootTime` is by the hob's clock. Information, never authority. */
export interface Facts {
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  readonly os: string;
  /** For programs, as the host's os-release has them, or `unknown`: `debian`, `12`, `bookworm`. */
  readonly system: string;
  readonly release: string;
  readonly codename: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly hostname: string;
  readonly cpu: { readonly model: string; readonly count: number };
  readonly memory: { readonly total: number; readonly free: number };
  /** Of the file system that holds the machine's root. */
  readonly disk: { readonly total: number; readonly free: number };
  readonly addresses: readonly string[];
  readonly bootTime: number;
  /** The hob's own version. */
  readonly hob: string;
}
const exactly = (shape: Record<string, Pattern>) => M.splitRecord(shape, {}, M.record({ numPropertiesLimit: 0 }));
export const FactsShape = exactly({
  os: text(200),
  system: text(60),
  release: text(60),
  codename: text(60),
  kernel: text(200),
  architecture: text(60),
  hostname: text(300),
  cpu: exactly({ model: text(200), count: amount }),
  memory: exactly({ total: amount, free: amount }),
  disk: exactly({ total: amount, free: amount }),
  addresses: M.arrayOf(text(100), { arrayLengthLimit: 200 }),
  bootTime: M.and(M.gte(-Number.MAX_VALUE), M.lte(Number.MAX_VALUE)),
  hob: text(60),
});
harden(FactsShape);

// ---------------------------------------------------------------------------------------------- machines

/** In the order in which a machine goes through them; `failed` can follow any but `gone`. */
export const lifecycleStates = harden([
  'requested',
  'creating',
  'booting',
  'enrolled',
  'ready',
  'stopping',
  'stopped',
  'starting',
  'destroying',
  'failed',
  'gone',
] as const);
harden(lifecycleStates);
export type LifecycleState = (typeof lifecycleStates)[number];

/** What `createMachine` takes. `options` are the provider's own. */
export interface MachineSpec {
  readonly provider: string;
  readonly policy?: Policy;
  readonly resources?: readonly Resource[];
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  readonly labels?: Labels;
}
export const MachineOptionsShape = M.recordOf(text(60), M.or(text(10_000), M.number(), M.boolean()));
export const MachineSpecShape = M.splitRecord(
  { provider: text(200) },
  {
    policy: PolicyShape,
    resources: M.arrayOf(ResourceShape, { arrayLengthLimit: 10_000 }),
    options: MachineOptionsShape,
    labels: LabelsShape,
  },
  M.record({ numPropertiesLimit: 0 }),
);

/** Everything about a machine that fits a table; the full report and facts are asked for on their own. */
export interface MachineStatus {
  readonly name: string;
  /** Given by the boss, unique for ever. */
  readonly id: string;
  readonly provider: string;
  readonly state: LifecycleState;
  /** For `failed`: what happened, and in which state. */
  readonly failure?: {
    readonly in: LifecycleState;
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
  };
  /** Of one that was destroyed: what its provider left where it was, in words, because that is not the machine's; absent: nothing. */
  readonly leaves?: readonly string[];
  readonly online: boolean;
  /** By the boss's clock; null if its hob was never connected. */
  readonly lastSeen: number | null;
  /** Of the desired state that was asked for. */
  readonly generation: number;
  /** Of the desired state in the last report; null before the first. */
  readonly reported: number | null;
  readonly policy: Policy;
  readonly labels: Labels;
  readonly drift: DriftCounts;
  /** Rises with every change of this record; for `nextStatus`. */
  readonly revision: number;
  /** The boss was restored from a backup since, and nobody has confirmed this machine: its hob is told nothing. */
  readonly held: boolean;
  /**
   * Of a held machine: the desired state that its hob says it holds, if that is not the boss's. `same`: it says the same, and only its generation is
   * another.
   */
  readonly holds: { readonly generation: number; readonly same: boolean } | null;
  /**
   * How often the boss's store had been opened, as this machine's hob says that it has seen; null unless that is more often than it was. Then
   * the store is older than one that was in use. Nobody has confirmed the machine since.
   */
  readonly seenEpoch: number | null;
}

/** What is known of drift, and since when (boss's clock). */
export interface DriftReport {
  readonly name: string;
  readonly online: boolean;
  /** null: there was no report yet. */
  readonly report: Report | null;
  readonly receivedAt: number | null;
}

/** One line of a machine's own log: what happened to it, newest last; bounded. Boss's clock. */
export interface LogEntry {
  readonly at: number;
  readonly what: string;
}
export const LogEntryShape = M.splitRecord({ at: time, what: text(1_000) }, {}, M.record({ numPropertiesLimit: 0 }));

/**
 * Somebody tried to come in as a hob and was turned away. The same again, of that machine for that reason, counts up, whoever it is. Boss's
 * clock.
 */
export interface Refusal {
  /** When it was tried last. */
  readonly at: number;
  /** When it was tried first. */
  readonly since: number;
  readonly times: number;
  /** The name of the machine that was meant. */
  readonly machine: string;
  /** Who tried last. */
  readonly peerId: string;
  /** Some of those who tried: the first. */
  readonly peers: readonly string[];
  /** From where, the last time. */
  readonly address: string;
  /** ENROLMENT_SPENT, ENROLMENT_EXPIRED, ENROLMENT_REFUSED, MACHINE_GONE or PEER_ALREADY_CONNECTED. */
  readonly code: string;
}
