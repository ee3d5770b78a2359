/**
 * The guards of everything that boss, hob, provider and client call on each other. A method that is not here cannot be called
 * from another vat or peer. Each facet of a machine holds all that the one before it holds; nothing reachable from a lesser leads to
 * a greater one (test/boss/authority.test.ts walks them).
 */
import { M } from '@endo/patterns';
import {
  DesiredStateChangeShape,
  DocumentedStateShape,
  FactsShape,
  LogEntryShape,
  LabelsShape,
  MachineOptionsShape,
  MachineSpecShape,
  PlannedFromShape,
  ReportAnswerShape,
  StateIdentityShape,
  WantedStateShape,
} from './shapes.ts';
import { HobLinesRequestShape, UnitLogRequestShape } from './host-logs.ts';
import { ArgvShape, PieceShape } from './running-commands.ts';
import { GraphRequestShape, InspectorTraceShape, TraceRequestShape } from './trace.ts';

const name = M.string({ stringLengthLimit: 200 });
const promise = M.promise();
const none = M.undefined();

// ---------------------------------------------------------------------------------------------- a machine's facets

const observerMethods = {
  /** → MachineStatus */
  status: M.call().returns(M.record()),
  /**
   * The status once its revision is another than the given one: at once, or when it changes. A machine that went away in between
   * answers once with its last status, `gone`. → Promise<MachineStatus>
   */
  nextStatus: M.call(M.number()).returns(M.any()),
  /** → Facts | null before the first connection */
  facts: M.call().returns(M.any()),
  /** The last report. → DriftReport */
  drift: M.call().returns(M.record()),
  /** → LogEntry[] */
  log: M.call().returns(M.array()),
  /** The log once its newest line is another than the given one, null for none: at once, or when there is a new one. → Promise<LogEntry[]> */
  nextLog: M.call(M.or(M.null(), LogEntryShape)).returns(M.any()),
  /** This facet itself: for whoever holds a greater one. */
  asObserver: M.call().returns(M.remotable('MachineObserver')),
};

const operatorMethods = {
  ...observerMethods,
  /** Looks now, changes nothing. Rejects HOB_UNREACHABLE. → Promise<DriftReport> */
  check: M.call().returns(promise),
  /** Makes it so now, whatever the policy. → Promise<DriftReport> */
  converge: M.call().returns(promise),
  /** Through the provider; resolved when the work is accepted, the outcome is in the status. */
  start: M.call().returns(none),
  stop: M.call().returns(none),
  asOperator: M.call().returns(M.remotable('MachineOperator')),
};

const adminMethods = {
  ...operatorMethods,
  /** → DesiredState */
  desired: M.call().returns(M.record()),
  /** Refuses with BAD_DESIRED_STATE. Equal to what is: no new generation. → the generation */
  setDesired: M.call(DesiredStateChangeShape).returns(M.number()),
  /** In place of those that it has. Refuses with BAD_LABEL. */
  setLabels: M.call(LabelsShape).returns(none),
  /** What a plan compares a document with. → PlanBasis */
  planBasis: M.call().returns(M.record()),
  /** What the last document said, if policy or resources are not as it said any more. → { policy, resources } | null */
  lastApplied: M.call().returns(M.any()),
  /**
   * As setDesired and setLabels, by a document: what it says is kept beside, to tell later what others changed. Refuses with CHANGED_MEANWHILE if
   * what the plan was made from is not so any more; BAD_DESIRED_STATE, BAD_LABEL. → the generation
   */
  applyDocument: M.call(DocumentedStateShape, PlannedFromShape).returns(M.number()),
  /** Accepted at once; the outcome is in the status. */
  destroy: M.call().returns(none),
  /**
   * Drops a machine that cannot be reached any more, and revokes its hob's key. Rejects MACHINE_BUSY while its hob is connected.
   * → Promise<{ remains: string[] }>
   */
  forget: M.call().returns(promise),
  /** After the boss was restored from a backup: the machine is as the boss has it, and its hob may be told so. Otherwise it changes nothing. */
  confirm: M.call().returns(none),
  /** Named references kept on the machine. Reject HOB_UNREACHABLE. */
  bind: M.call(name, M.remotable()).returns(promise),
  unbind: M.call(name).returns(promise),
  lookup: M.call(name).returns(promise),
  bindings: M.call().returns(promise),
  /** What its hob's process did last. Rejects HOB_UNREACHABLE. → Promise<TracePage> */
  trace: M.call().optional(TraceRequestShape).returns(promise),
  /** Only to run commands there. */
  asExecutor: M.call().returns(M.remotable('MachineExecutor')),
  /** Only to copy files to and from there. */
  asCopier: M.call().returns(M.remotable('MachineCopier')),
  /** Only to read the host's logs. */
  asJournal: M.call().returns(M.remotable('MachineJournal')),
};

export const MachineObserverI = M.interface('MachineObserver', observerMethods);
export const MachineOperatorI = M.interface('MachineOperator', operatorMethods);
export const MachineAdminI = M.interface('MachineAdmin', adminMethods);

const path = M.string({ stringLengthLimit: 4_096 });
const mode = M.and(M.gte(0), M.lte(0o777));
const Asker = M.splitRecord({}, { by: M.string({ stringLengthLimit: 200 }) }, M.record({ numPropertiesLimit: 0 }));

/** Runs commands on the machine, as its hob's user; nothing else. Part of an admin's authority. */
export const MachineExecutorI = M.interface('MachineExecutor', {
  /**
   * A program and its arguments; `by`: who asks, as they say, for the machine's log. The command is told to end when `until` is settled, as promises of
   * a session are when it ends. Rejects HOB_UNREACHABLE, RESTORE_UNCONFIRMED, COMMAND_UNUSABLE, LIMIT_EXCEEDED. → Promise<RunningCommand>
   */
  exec: M.call(ArgvShape, Asker).optional(promise).returns(promise),
  /** This facet itself. */
  asExecutor: M.call().returns(M.remotable('MachineExecutor')),
});

/** Copies files to and from the machine, as its hob's user; nothing else. Part of an admin's authority. All reject as MachineExecutor does. */
export const MachineCopierI = M.interface('MachineCopier', {
  /** → Promise<FoundFile | null> */
  look: M.call(path).returns(promise),
  /** Given up when the promise is settled, as promises of a session are when it ends. → Promise<Download> */
  download: M.call(path, Asker).optional(promise).returns(promise),
  /** → Promise<Upload> */
  upload: M.call(path, mode, Asker).optional(promise).returns(promise),
  /** This facet itself. */
  asCopier: M.call().returns(M.remotable('MachineCopier')),
});

/** Reads logs of the machine's host; nothing else. Part of an admin's authority: there may be anything in them. Reject as MachineExecutor does. */
export const MachineJournalI = M.interface('MachineJournal', {
  /** What its hob's process said last. → Promise<HobLinesPage> */
  hobLog: M.call(HobLinesRequestShape).returns(promise),
  /** What systemd's journal has of a unit, in JSON, a line for each entry. → Promise<RunningCommand> */
  unitLog: M.call(name, UnitLogRequestShape, Asker).optional(promise).returns(promise),
  /** This facet itself. */
  asJournal: M.call().returns(M.remotable('MachineJournal')),
});

/** The guard that a hob's RunningCommand is as good as, for those who stand in for one. */
export const RunningCommandI = M.interface('RunningCommand', {
  /** → Promise<CommandPiece> */
  read: M.call().returns(M.any()),
  /** → Promise<boolean> */
  write: M.call(PieceShape).returns(M.any()),
  endInput: M.call().returns(none),
  interrupt: M.call().returns(none),
});

/** All that a machine's own hob can reach. */
export const MachineHobSideI = M.interface('MachineHobSide', {
  /** First call of every session: here I am, and this is what I hold, if anything. Like all others refused with RESTORE_UNCONFIRMED. → WantedState */
  attach: M.call(M.remotable('Hob'), FactsShape).optional(StateIdentityShape).returns(M.any()),
  /** Before `attach`, where it is so: your store had been opened so often when I last saw you, which is more often than you say now. */
  sawEpoch: M.call(M.number()).returns(none),
  /** → WantedState */
  pull: M.call().returns(M.record()),
  /** The text of a secret that this machine's resources name, to be sealed at once. Throws NO_SUCH_SECRET. → SecretText */
  secret: M.call(M.string({ stringLengthLimit: 63 })).returns(M.record()),
  /** At each interval: the facts as they are now. */
  tellFacts: M.call(FactsShape).returns(none),
  /** → ReportAnswer. Takes a Report (report-check.ts looks at it); refuses with BAD_REPORT, LIMIT_EXCEEDED. */
  report: M.call(M.record()).returns(ReportAnswerShape),
});

// ---------------------------------------------------------------------------------------------- the boss

export const BossI = M.interface('Boss', {
  /**
   * The machine's admin facet, before the machine exists. Repeated with the same `requestId`: the same one. `documented`: a document says so.
   * Refuses with BAD_NAME, NAME_TAKEN, NO_SUCH_PROVIDER, BAD_DESIRED_STATE, BAD_LABEL, REQUEST_CONFLICT.
   */
  createMachine: M.call(name, MachineSpecShape)
    .optional(M.splitRecord({}, { requestId: name, documented: M.boolean() }))
    .returns(M.remotable('MachineAdmin')),
  /** The admin facet. Refuses with NO_SUCH_MACHINE. */
  machine: M.call(name).returns(M.remotable('MachineAdmin')),
  /** All of them, by name. → Promise<MachineStatus[]> */
  machines: M.call().returns(promise),
  /** By name, after the given one. → Promise<{ statuses: MachineStatus[], next: string | null }> */
  machinePage: M.call(M.splitRecord({}, { after: name, limit: M.number() })).returns(promise),
  destroyMachine: M.call(name).returns(none),
  /** → Promise<{ remains: string[] }> */
  forget: M.call(name).returns(promise),
  /** By name; a secret in settings is its name. → Promise<{ name, type, settings }[]> */
  providers: M.call().returns(promise),
  /**
   * Refuses with BAD_NAME, BAD_SPEC, PROVIDER_EXISTS, NO_SUCH_SECRET. The same as there is: changes nothing. Settings are looked at by the boss
   * itself, since a guard would quote what it refuses.
   */
  addProvider: M.call(name, M.splitRecord({ type: name }, { settings: M.record() })).returns(none),
  /** Refuses with NO_SUCH_PROVIDER, PROVIDER_IN_USE. */
  removeProvider: M.call(name).returns(promise),
  /**
   * What somebody has to say yes to before a machine is made with these options. Rejects as the provider does, NO_SUCH_PROVIDER. → Promise<{ option,
   * value, question, hint }[]>
   */
  confirmations: M.call(name, MachineOptionsShape).returns(promise),
  /** Machines that providers have and the boss does not know. → Promise<{ provider, machineId, state }[]> */
  orphans: M.call().returns(promise),
  /**
   * A name and a text of at most 65,536 characters, which is sealed. Looked at by the boss itself, since a guard would quote what it refuses.
   * Refuses with BAD_NAME, BAD_ARGUMENTS.
   */
  setSecret: M.call().rest(M.any()).returns(none),
  /** By name. → Promise<{ name, at }[]> */
  secrets: M.call().returns(promise),
  /** Refuses with NO_SUCH_SECRET. */
  removeSecret: M.call(name).returns(none),
  /** A locator for anything durable; shown once. → Promise<string> */
  locatorFor: M.call(M.remotable()).returns(promise),
  /** → an Inspector */
  inspector: M.call().returns(promise),
  /** All rows of the store as of now, for as long as the given promise is open. Rejects LIMIT_EXCEEDED, STORE_UNUSABLE. → a StoreBackup */
  backup: M.call().optional(promise).returns(promise),
  /** Recorded attempts to come in as a hob that were turned away; the newest, bounded. → Refusal[] */
  refusals: M.call().returns(M.array()),
  /** What there is to know and to do after a restore from a backup. → Promise<RestoreNotice | null> null: the boss never was restored */
  restored: M.call().returns(M.any()),
});

/** For people who look into the store. Names and texts only: nothing here gives a reference. */
export const InspectorI = M.interface('Inspector', {
  /** → { name, actors, cached }[] */
  vats: M.call().returns(M.any()),
  /** → Promise<{ actors: { name, kind, version, change }[], next: string | null }> */
  actors: M.call(name)
    .optional(M.splitRecord({}, { after: M.string(), limit: M.number() }))
    .returns(M.any()),
  /** Of a reference or a reference's name. → { name, kind, version, change, portrait, references } */
  portrait: M.call(M.or(M.string(), M.remotable())).returns(M.any()),
  /** The boss's last turns, or those that have to do with one actor. → Promise<TracePage> */
  trace: M.call().optional(InspectorTraceShape).returns(M.any()),
  /** Who refers to whom. → Promise<GraphView> */
  graph: M.call().optional(GraphRequestShape).returns(M.any()),
  /** → Promise<string[]> names of the actors whose portraits hold it */
  referrers: M.call(M.or(M.string(), M.remotable())).returns(M.any()),
});

/** The bytes of a backup file (docs/explanation/backup.md), made while they are read. */
export const StoreBackupI = M.interface('StoreBackup', {
  /** → Promise<string> the next bytes, as base64; '' at the end */
  read: M.call().returns(M.any()),
  /** Begins anew, with the same rows. */
  rewind: M.call().returns(M.any()),
  /** From then on the store need not keep what it was. Without a call for a minute it closes by itself. */
  close: M.call().returns(M.any()),
});

// ---------------------------------------------------------------------------------------------- the hob

export const HobI = M.interface('Hob', {
  /** A newer desired state to hold and apply. One that is not newer, and not the one held, makes the hob pull. → the generation held */
  push: M.call(WantedStateShape).returns(M.number()),
  /** → Promise<Report> */
  check: M.call().returns(promise),
  converge: M.call().returns(promise),
  bind: M.call(name, M.remotable()).returns(none),
  lookup: M.call(name).returns(M.remotable()),
  unbind: M.call(name).returns(none),
  bindings: M.call().returns(M.array()),
  /** → Promise<TracePage> */
  trace: M.call().optional(TraceRequestShape).returns(promise),
  /** See MachineExecutor. → Promise<StartedCommand> */
  exec: M.call(ArgvShape).optional(promise).returns(promise),
  /** → Promise<StartedCommand> */
  unitLog: M.call(name, UnitLogRequestShape).optional(promise).returns(promise),
  /** → Promise<HobLinesPage> */
  hobLog: M.call(HobLinesRequestShape).returns(promise),
  /** See MachineCopier. */
  look: M.call(path).returns(promise),
  /** → Promise<StartedCopy<Download>> */
  download: M.call(path).optional(promise).returns(promise),
  /** → Promise<StartedCopy<Upload>> */
  upload: M.call(path, mode).optional(promise).returns(promise),
});
