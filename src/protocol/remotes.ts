/**
 * The objects behind the guards of interfaces.ts, as TypeScript sees them through `E()`. What a method gives is what its
 * promise is fulfilled with; a guard says `promise` where the object itself answers later.
 */
import type {
  DesiredState,
  DesiredStateChange,
  DocumentedState,
  DriftReport,
  Facts,
  Labels,
  LogEntry,
  MachineSpec,
  MachineStatus,
  PlanBasis,
  PlannedFrom,
  Refusal,
  Report,
  ReportAnswer,
  SecretText,
  StateIdentity,
  WantedState,
} from './shapes.ts';
import type { Download, FoundFile, StartedCopy, Upload } from './copies.ts';
import type { HobLinesPage, HobLinesRequest, UnitLogRequest } from './host-logs.ts';
import type { RunningCommand, StartedCommand } from './running-commands.ts';
import type { GraphView, TracePage, TraceRequest } from './trace.ts';

export interface MachineObserver {
  status(): MachineStatus;
  nextStatus(revision: number): MachineStatus;
  facts(): Facts | null;
  drift(): DriftReport;
  log(): readonly LogEntry[];
  nextLog(last: LogEntry | null): readonly LogEntry[];
  asObserver(): MachineObserver;
}

export interface MachineOperator extends MachineObserver {
  check(): DriftReport;
  converge(): DriftReport;
  start(): void;
  stop(): void;
  asOperator(): MachineOperator;
}

export interface MachineAdmin extends MachineOperator {
  desired(): DesiredState;
  setDesired(change: DesiredStateChange): number;
  setLabels(labels: Labels): void;
  planBasis(): PlanBasis;
  lastApplied(): Pick<DesiredState, 'policy' | 'resources'> | null;
  applyDocument(wanted: DocumentedState, from: PlannedFrom): number;
  destroy(): void;
  forget(): { readonly remains: readonly string[] };
  confirm(): void;
  bind(name: string, reference: object): void;
  unbind(name: string): void;
  lookup(name: string): object;
  bindings(): readonly string[];
  trace(request?: TraceRequest): TracePage;
  asExecutor(): MachineExecutor;
  asCopier(): MachineCopier;
  asJournal(): MachineJournal;
}

/** Who asks, as they say: for the machine's log. */
export interface Asker {
  readonly by?: string;
}

export interface MachineExecutor {
  exec(argv: readonly string[], asker: Asker, until?: Promise<unknown>): RunningCommand;
  asExecutor(): MachineExecutor;
}

export interface MachineJournal {
  hobLog(request: HobLinesRequest): HobLinesPage;
  unitLog(unit: string, request: UnitLogRequest, asker: Asker, until?: Promise<unknown>): RunningCommand;
  asJournal(): MachineJournal;
}

export interface MachineCopier {
  look(path: string): FoundFile | null;
  download(path: string, asker: Asker, until?: Promise<unknown>): Download;
  upload(path: string, mode: number, asker: Asker, until?: Promise<unknown>): Upload;
  asCopier(): MachineCopier;
}

/** What the boss gives to a machine's own hob. */
export interface MachineHobSide {
  attach(hob: Hob, facts: Facts, held?: StateIdentity): WantedState;
  sawEpoch(epoch: number): void;
  pull(): WantedState;
  secret(name: string): SecretText;
  tellFacts(facts: Facts): void;
  report(report: Report): ReportAnswer;
}

/** What a hob gives to its boss. */
export interface Hob {
  push(desired: WantedState): number;
  check(): Report;
  converge(): Report;
  bind(name: string, reference: object): void;
  lookup(name: string): object;
  unbind(name: string): void;
  bindings(): readonly string[];
  trace(request?: TraceRequest): TracePage;
  exec(argv: readonly string[], until?: Promise<unknown>): StartedCommand;
  unitLog(unit: string, request: UnitLogRequest, until?: Promise<unknown>): StartedCommand;
  hobLog(request: HobLinesRequest): HobLinesPage;
  look(path: string): FoundFile | null;
  download(path: string, until?: Promise<unknown>): StartedCopy<Download>;
  upload(path: string, mode: number, until?: Promise<unknown>): StartedCopy<Upload>;
}

export interface StatusPage {
  readonly statuses: readonly MachineStatus[];
  readonly next: string | null;
}

/** How a provider is configured. A secret is named. */
export interface ProviderSpec {
  readonly type: string;
  readonly settings?: Readonly<Record<string, string | number | boolean | { readonly secret: string }>>;
}

export interface ProviderEntry extends Required<ProviderSpec> {
  readonly name: string;
}

/** Whoever says yes to the question has the machine's option set to the value. */
export interface MachineConfirmation {
  readonly option: string;
  readonly value: string;
  readonly question: string;
  readonly hint: string;
}

/** A machine that a provider has and the boss does not know. */
export interface Orphan {
  readonly provider: string;
  readonly machineId: string;
  readonly state: string;
}

/** Times are by the clocks of who took the backup and who restored it. */
export interface RestoreNotice {
  readonly taken: number;
  readonly restored: number;
  /** How many machines nobody has confirmed yet. The rest is empty when there are none. */
  readonly held: number;
  /** Names of held machines that their providers do not have: gone since the backup, perhaps. The first hundred. */
  readonly absent: readonly string[];
  /** Machines that providers have and the boss does not know: made since the backup, perhaps. The first hundred. */
  readonly orphans: readonly Orphan[];
  /** Names of providers that could not say what they have. */
  readonly silent: readonly string[];
}

export interface SecretEntry {
  readonly name: string;
  /** When it was set, milliseconds since 1970. */
  readonly at: number;
}

export interface Boss {
  createMachine(
    name: string,
    spec: MachineSpec,
    options?: { readonly requestId?: string; readonly documented?: boolean },
  ): MachineAdmin;
  machine(name: string): MachineAdmin;
  machines(): readonly MachineStatus[];
  machinePage(page: { readonly after?: string; readonly limit?: number }): StatusPage;
  destroyMachine(name: string): void;
  forget(name: string): { readonly remains: readonly string[] };
  providers(): readonly ProviderEntry[];
  addProvider(name: string, provider: ProviderSpec): void;
  removeProvider(name: string): void;
  confirmations(provider: string, options: NonNullable<MachineSpec['options']>): readonly MachineConfirmation[];
  orphans(): readonly Orphan[];
  refusals(): readonly Refusal[];
  restored(): RestoreNotice | null;
  /** `name`: [a-z][a-z0-9-]{0,62}. Nobody gets the text back. */
  setSecret(name: string, text: string): void;
  secrets(): readonly SecretEntry[];
  removeSecret(name: string): void;
  locatorFor(reference: object): string;
  inspector(): Inspector;
  backup(until?: Promise<unknown>): StoreBackup;
}

/** The bytes of a backup file, as base64, a piece after the other; '' at the end. */
export interface StoreBackup {
  read(): string;
  rewind(): void;
  close(): void;
}

export interface VatEntry {
  readonly name: string;
  /** Of one that an actor made: `provider`. */
  readonly type: string | null;
  /** Did a message open it since the boss started? */
  readonly open: boolean;
  readonly actors: number;
  readonly cached: number;
}

export interface ActorEntry {
  readonly name: string;
  readonly kind: string;
  readonly version: number;
  readonly change: number;
}

export interface Inspector {
  vats(): readonly VatEntry[];
  actors(
    vat: string,
    page?: { readonly after?: string; readonly limit?: number },
  ): { readonly actors: readonly ActorEntry[]; readonly next: string | null };
  portrait(
    reference: string | object,
  ): ActorEntry & { readonly portrait: unknown; readonly references: readonly string[] };
  referrers(reference: string | object): readonly string[];
  trace(request?: TraceRequest & { readonly of?: string | object }): TracePage;
  graph(request?: { readonly from?: string | object; readonly depth?: number; readonly limit?: number }): GraphView;
}
