/**
 * What a provider must do: turn "a machine, please" into a machine, on one cloud. `test/contracts/provider.ts` is run by each;
 * docs/how-to/write-a-provider.md walks through one.
 *
 * A driver is a host object: it has files, sockets and processes, and belongs to one configured provider instance. A
 * provider actor in a vat of its own calls it with `E()`, after the deciding turn is durable. The boss may be killed before, during
 * or after any call and will repeat it, so **every method is idempotent by machine id**.
 *
 * Lifecycle of a machine, as a driver sees it:
 *   0. `confirmations` – what somebody has to say yes to before. Nothing there is of the machine yet.
 *   1. `create` – makes the host (or finds the one with that id) and starts the hob, which has the enrolment locator.
 *   2. `find` – any time, for any id, also one that never was.
 *   3. `stop`, `start` – as often as wanted. `start` also after the host itself was restarted.
 *   4. `destroy` – leaves nothing of the machine behind: no process, no directory, no half-made thing of an interrupted `create`.
 */
import type { Duplex } from 'node:stream';

/**
 * `running`: it is whole, and its hob runs or is about to. `stopped`: it is whole, but its hob does not run. `broken`: something of it is
 * there, but not all: `create` or `destroy` mends it. `unknown`, in a list only: it is there, and nobody has looked at it now.
 */
export type InstanceState = 'absent' | 'stopped' | 'running' | 'broken' | 'unknown';

/** Of a machine, or of a provider instance: the type's own, passable. */
export type ProviderOptions = Readonly<Record<string, string | number | boolean>>;

/** In settings, in the place of a text: the secret of that name (`gobs secret set`). The driver is made with its text. */
export interface SecretSetting {
  readonly secret: string;
}

/** As an instance is configured and stored: no secret in it is text. */
export type ProviderSettings = Readonly<Record<string, ProviderOptions[string] | SecretSetting>>;

/** Which machine, and all that the boss knows of where it is: a boss that was restored elsewhere has none of a driver's own files. */
export interface MachineRef {
  /** `m1`, `m2`, …: unique for ever at this boss; a name, so safe as a file name. Others are refused with BAD_SPEC everywhere. */
  readonly machineId: string;
  /** The provider's own options of this machine, the same as at its `create`. */
  readonly options: ProviderOptions;
}

export interface CreateRequest extends MachineRef {
  /** For people; not unique over time. */
  readonly name: string;
  /**
   * A single-use enrolment locator. A secret: it goes by a pipe or a 0600 file, never by argument or environment. A
   * repeated create may bring another: a hob that is not enrolled yet gets to see that one.
   */
  readonly locator: string;
}

/** Something about a machine that nobody has vouched for. */
export interface Confirmation {
  /** Whoever says yes has this option set to this value, and is not asked again. */
  readonly option: string;
  readonly value: string;
  /** One line, a question, with all that is needed to answer it. */
  readonly question: string;
  /** One line: how to say it beforehand, where nobody can be asked. */
  readonly hint: string;
}

export interface Instance {
  readonly machineId: string;
  readonly state: InstanceState;
}

/**
 * A `Far` object: provider actors hold it. Every method may reject with PROVIDER_FAILED or a code of hosts (try again may help), or BAD_SPEC (it will not).
 * Calls for one machine that change it may come at once; they are done in the order of the calls.
 */
export interface ProviderDriver {
  /** Throws BAD_SPEC, naming the option; changes nothing. */
  validate(options: ProviderOptions): Promise<void>;
  /**
   * What an admin has to say yes to before a machine with these options is made; mostly nothing. `create` refuses what nobody said yes to. Changes
   * nothing.
   */
  confirmations(options: ProviderOptions): Promise<readonly Confirmation[]>;
  /** When it resolves, the hob runs, also if the machine was stopped. Repeated: the same machine, and exactly one hob. */
  create(request: CreateRequest): Promise<void>;
  find(machine: MachineRef): Promise<Instance>;
  /** Rejects with PROVIDER_FAILED if the machine is absent or broken. */
  start(machine: MachineRef): Promise<void>;
  /** Resolves when no hob runs, also if there is no machine. */
  stop(machine: MachineRef): Promise<void>;
  /** Resolves also if there was none, with what it left where it was, in words, because that is not the machine's. Mostly nothing. */
  destroy(machine: MachineRef): Promise<readonly string[]>;
  /** Everything that this provider instance has, by id, whoever asked for it, half-made ones too; no absent ones. */
  list(): Promise<readonly Instance[]>;
  /** What a `forget` would leave where it is, in words: `directory /…/m1`. Empty if nothing. */
  remains(machine: MachineRef): Promise<readonly string[]>;
  /**
   * The boss has forgotten it: whatever goes on for it ends, and is not taken up again, for its host may be somebody else's by now. What is there stays,
   * and stays in lists.
   */
  forget(machine: MachineRef): Promise<void>;
  /** Once in each run of the boss, when hobs can connect: takes up whatever must go on as long as the boss runs. */
  resume(): Promise<void>;
}

/** Where hobs come in. */
export interface BossDoor {
  /** Its peer id: who a hob belongs to. */
  readonly peerId: () => string;
  /** A stream on which a hob can speak to the boss, for hosts that cannot get here by themselves. */
  readonly dial: () => Duplex;
}

/** All that a boss's entry point hands to provider types; `make` hands on to its driver only what that needs. */
export interface ProviderPowers {
  readonly fs: typeof import('node:fs/promises');
  readonly spawn: typeof import('node:child_process').spawn;
  /** `process.kill`. */
  readonly kill: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => unknown;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back after so many milliseconds, unless the result was called. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** The user id of this process. */
  readonly uid: number;
  /** `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Program and first arguments that start a hob on this host; absolute paths. */
  readonly hobCommand: readonly string[];
  /** The hob as one file, for other hosts; an absolute path. In a checkout it is there once it was built. */
  readonly hobFile: string;
  readonly net: Pick<typeof import('node:net'), 'connect'>;
  /** Loaded when it is first needed: it is large. */
  readonly loadSsh: () => Promise<typeof import('ssh2')>;
  /** From 0 to 1. */
  readonly random: () => number;
  /** The boss itself. */
  readonly boss: BossDoor;
  /** A line of the boss's log, for what no call of a driver could be told. No secrets. */
  readonly tell: (fields: object, message: string) => void;
  /** Absolute; this provider instance's own, where it may keep what it likes; need not exist. */
  readonly directory: string;
}

/**
 * What can be configured, under a name of its own and any number of times, as a provider. The types that ship are in
 * `shipped.ts`.
 *   1. `validate` – when somebody configures an instance, and again when the boss starts.
 *   2. `make` – once for each instance in each run of the boss. It only makes the driver: no file, no socket yet.
 */
export interface ProviderType {
  /** As in `shipped.ts` and in documents: `local`. */
  readonly type: string;
  /** One line, for lists. */
  readonly summary: string;
  /** As they are configured: secrets in them are names. Throws BAD_SPEC, naming the setting and quoting no value. Pure. */
  validate(settings: ProviderSettings): void;
  /** Secrets in the settings are texts by now: they go into no error, log or answer. */
  make(powers: ProviderPowers, settings: ProviderOptions): ProviderDriver;
}
