/**
 * What a provider must do: turn "a machine, please" into a machine, on one cloud. `test/contracts/provider.ts` is run by each;
 * docs/how-to/write-a-provider.md walks through one.
 *
 * A driver is a host object: it has files, sockets and processes, and belongs to one configured provider instance. A
 * provider actor in a vat of its own calls it with `E()`, after the deciding turn is durable. The boss may be killed before, during
 * or after any call and will repeat it, so **every method is idempotent by machine id**.
 *
 * Lifecycle of a machine, as a driver sees it:
 *   1. `create` – makes the host (or finds the one with that id) and starts the hob, which has the enrolment locator.
 *   2. `find` – any time, for any id, also one that never was.
 *   3. `stop`, `start` – as often as wanted. `start` also after the host itself was restarted.
 *   4. `destroy` – leaves nothing behind: no process, no directory, no half-made thing of an interrupted `create`.
 */

/**
 * `running`: it is whole, and its hob runs or is about to. `stopped`: it is whole, but its hob does not run. `broken`: something of it is
 * there, but not all: `create` or `destroy` mends it.
 */
export type InstanceState = 'absent' | 'stopped' | 'running' | 'broken';

/** Of a machine, or of a provider instance: the type's own, passable. */
export type ProviderOptions = Readonly<Record<string, string | number | boolean>>;

/** In settings, in the place of a text: the secret of that name (`gobs secret set`). The driver is made with its text. */
export interface SecretSetting {
  readonly secret: string;
}

/** As an instance is configured and stored: no secret in it is text. */
export type ProviderSettings = Readonly<Record<string, ProviderOptions[string] | SecretSetting>>;

export interface CreateRequest {
  /** `m1`, `m2`, …: unique for ever at this boss; a name, so safe as a file name. Others are refused with BAD_SPEC everywhere. */
  readonly machineId: string;
  /** For people; not unique over time. */
  readonly name: string;
  /** The provider's own options, as `validate` let them through. */
  readonly options: ProviderOptions;
  /**
   * A single-use enrolment locator. A secret: it goes by a pipe or a 0600 file, never by argument or environment. A
   * repeated create may bring another: a hob that is not enrolled yet gets to see that one.
   */
  readonly locator: string;
}

export interface Instance {
  readonly machineId: string;
  readonly state: InstanceState;
}

/**
 * A `Far` object: provider actors hold it. Every method may reject with PROVIDER_FAILED (try again may help) or BAD_SPEC (it will not).
 * Calls for one machine that change it may come at once; they are done in the order of the calls.
 */
export interface ProviderDriver {
  /** Throws BAD_SPEC, naming the option; changes nothing. */
  validate(options: ProviderOptions): Promise<void>;
  /** When it resolves, the hob runs, also if the machine was stopped. Repeated: the same machine, and exactly one hob. */
  create(request: CreateRequest): Promise<void>;
  find(machineId: string): Promise<Instance>;
  /** Rejects with PROVIDER_FAILED if the machine is absent or broken. */
  start(machineId: string): Promise<void>;
  /** Resolves when no hob runs, also if there is no machine. */
  stop(machineId: string): Promise<void>;
  /** Resolves also if there was none. */
  destroy(machineId: string): Promise<void>;
  /** Everything that this provider instance has, by id, whoever asked for it, half-made ones too; no absent ones. */
  list(): Promise<readonly Instance[]>;
  /** What a `forget` would leave where it is, in words: `directory /…/m1`. Empty if nothing. */
  remains(machineId: string): Promise<readonly string[]>;
}

/** All that a boss's entry point hands to provider types; `make` hands on to its driver only what that needs. */
export interface ProviderPowers {
  readonly fs: typeof import('node:fs/promises');
  readonly spawn: typeof import('node:child_process').spawn;
  /** `process.kill`. */
  readonly kill: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => unknown;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly setTimer: (callback: () => void, milliseconds: number) => unknown;
  /** The user id of this process. */
  readonly uid: number;
  /** `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Program and first arguments that start a hob on this host; absolute paths. */
  readonly hobCommand: readonly string[];
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
  /** Throws BAD_SPEC, naming the setting. Pure. */
  validate(settings: ProviderOptions): void;
  /** Secrets in the settings are texts by now: they go into no error, log or answer. */
  make(powers: ProviderPowers, settings: ProviderOptions): ProviderDriver;
}
