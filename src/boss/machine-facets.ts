/**
 * The facets of a machine, as their holders in the boss's vat see them. `observer`, `operator`, `admin` and `hobSide` are what others get; their
 * guards are in src/protocol. `gate` and `lifecycle` never leave the vat.
 */
import { M } from '@endo/patterns';
import type {
  MachineAdmin,
  MachineCopier,
  MachineExecutor,
  MachineHobSide,
  MachineJournal,
  MachineObserver,
  MachineOperator,
} from '../protocol/remotes.ts';
import type { Failure } from './lifecycle.ts';

/** The methods of `T`, of which those in `K` may answer later. Facets give facets. */
type Later<T, K extends keyof T> = {
  readonly [N in keyof T]: T[N] extends (...args: infer A) => infer R
    ? (...args: A) => N extends `as${string}` ? object : N extends K ? R | Promise<R> : R
    : never;
};

export type Observer = Later<MachineObserver, 'nextStatus' | 'nextLog'>;
export type Operator = Later<MachineOperator, 'nextStatus' | 'nextLog' | 'check' | 'converge'>;
export type Admin = Later<
  MachineAdmin,
  'nextStatus' | 'nextLog' | 'check' | 'converge' | 'forget' | 'bind' | 'unbind' | 'lookup' | 'bindings' | 'trace'
>;

export type Executor = Later<MachineExecutor, 'exec'>;
export type Journal = Later<MachineJournal, 'hobLog' | 'unitLog'>;
export type Copier = Later<MachineCopier, 'look' | 'download' | 'upload'>;

export type HobSide = Later<MachineHobSide, 'attach'>;

/** Why somebody may not come in as this machine's hob. */
export interface Denial {
  readonly code: 'ENROLMENT_SPENT' | 'ENROLMENT_EXPIRED' | 'ENROLMENT_REFUSED' | 'MACHINE_GONE';
  readonly message: string;
  readonly hint?: string;
}

/** What the boss asks when somebody comes in as this machine's hob. Answers for a machine that is gone, too. */
export interface Gate {
  /** The machine's name, for records. */
  title(): string;
  /** May the holder of this key come in with this locator? null: yes. */
  judge(secretHash: string, hobKey: string): Denial | null;
  /** After `judge` said yes. The same key gets the same facet again: it may have lost the first answer. */
  enrol(hobKey: string, address: string): HobSide;
  /** A line for the machine's log, of what others did. */
  note(what: string): void;
  /** The session with its hob has ended; boss's clock. */
  left(at: number): void;
  /** Was it forgotten or destroyed? Then its hob's key is worth nothing. */
  isGone(): boolean;
  /** Its hob is let in: see hob-door.ts. */
  comes(): void;
}

export const GateI = M.interface('MachineGate', {
  title: M.call().returns(M.string()),
  judge: M.call(M.string(), M.string()).returns(M.any()),
  enrol: M.call(M.string(), M.string()).returns(M.remotable()),
  note: M.call(M.string()).returns(),
  left: M.call(M.number()).returns(),
  isGone: M.call().returns(M.boolean()),
  comes: M.call().returns(),
});

/** What moves a machine on: the boss, and the continuations of the machine itself. Numbers are of jobs. */
export interface Lifecycle {
  /** Asks the provider to make it. Called once, by the boss, in the turn that makes the actor; and to try again. */
  create(): void;
  /** Takes up what is open. When the boss starts. */
  resume(): void;
  /** Fails what the hob should have done by now. From time to time. */
  expire(): void;
  accepted(number: number): void;
  /** `leaves`: of destroying. */
  provided(number: number, leaves?: readonly string[]): void;
  refused(number: number, failure: Omit<Failure, 'in'>): void;
  /** Forgets it, unless that is not allowed any more. */
  drop(remains: readonly string[]): { readonly remains: readonly string[] };
}

export const LifecycleI = M.interface('MachineLifecycle', {
  create: M.call().returns(),
  resume: M.call().returns(),
  expire: M.call().returns(),
  accepted: M.call(M.number()).returns(),
  provided: M.call(M.number()).optional(M.arrayOf(M.string())).returns(),
  refused: M.call(M.number(), M.record()).returns(),
  drop: M.call(M.arrayOf(M.string())).returns(M.record()),
});

export interface MachineFacets extends Record<string, object> {
  readonly observer: Observer;
  readonly operator: Operator;
  readonly admin: Admin;
  readonly executor: Executor;
  readonly copier: Copier;
  readonly journal: Journal;
  readonly hobSide: HobSide;
  readonly gate: Gate;
  readonly lifecycle: Lifecycle;
}
