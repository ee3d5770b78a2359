/**
 * Everything outside that a command can reach. `main.ts` makes the one real set of these; tests make others.
 */
import type { Readable, Writable } from 'node:stream';
import type { SealingSettings } from '../sealing/key-source.ts';
import type { Seal } from '../sealing/seal.ts';
import type { RowSource } from '../persistence/row-source.ts';
import type { KnownKinds } from '../persistence/verify-reading.ts';
import type { RestoredStore } from '../protocol/restored-store.ts';
import type { StoreUpgrade } from '../protocol/store-upgrade.ts';
import type { Sink } from './output.ts';

/** A stream that a person may sit at. */
export type Terminal<Stream> = Stream & { readonly isTTY?: boolean };

/**
 * One client peer, without a key that outlives it. `src/captp` makes it.
 */
export interface Client {
  /**
   * Dials the locator's peer, or uses the session with it, and gives what the locator names. Rejects with PEER_UNREACHABLE,
   * PEER_MISMATCH, PROTOCOL_MISMATCH, LOCATOR_MALFORMED or LOCATOR_UNKNOWN.
   */
  enliven(locator: string): Promise<object>;
  /** Fulfilled, with the error, when a session that was open ends before `close`. */
  readonly lost: Promise<unknown>;
  /** Ends all sessions. Idempotent. */
  close(): Promise<void>;
}

/** A `gobs boss` in the background. */
export interface StartedBoss {
  readonly pid: number;
  /** Its first line of standard output; undefined if it ended without one. Reading ends there. */
  readonly firstLine: Promise<string | undefined>;
  /** Lets go of it: our own end does not wait for its end. */
  release(): void;
}

export interface BossOptions extends SealingSettings {
  /** Absolute. */
  readonly state: string;
  /** HOST:PORT; the boss chooses, and keeps what it chose, if it is not given. */
  readonly listen?: string;
  /** HOST:PORT of /metrics and /healthz; there are none if it is not given. */
  readonly metrics?: string;
  /** Seconds between two looks of a local machine's hob at its host. */
  readonly hobInterval?: number;
  readonly json: boolean;
}

/** What is done to the store of a boss that does not run. Each rejects STORE_IN_USE if one does. */
export interface StorePowers {
  readonly upgrade: (options: {
    /** Absolute. */
    readonly state: string;
    readonly dryRun: boolean;
    readonly onProgress?: (upgradedRows: number) => void;
  }) => Promise<StoreUpgrade>;
  /** Paths are absolute. */
  readonly restore: (
    options: {
      readonly state: string;
      readonly file: string;
      readonly replace: boolean;
      readonly onProgress?: (what: 'checked' | 'written', rows: number) => void;
    } & SealingSettings,
  ) => Promise<RestoredStore>;
}

/** For whoever reads all rows of a store. */
export interface RowPowers {
  /** Of the store in a state directory that no process has open. `wholeTables`: every byte of LevelDB's tables is looked at before. Rejects STORE_IN_USE, STORE_UNUSABLE, STORE_DAMAGED, STORE_NOT_OURS. */
  readonly openClosed: (directory: string, options: { readonly wholeTables: boolean }) => Promise<RowSource>;
  /** `row`: the text of row `k/!`. `byDefault`: the file in the state directory. Rejects SEALING_KEY_UNUSABLE, SEALING_KEY_WRONG, STORE_DAMAGED. */
  readonly openSeal: (row: string, settings: SealingSettings, byDefault: string) => Promise<Pick<Seal, 'mac'>>;
  /** The kinds of bosses and hobs, by label: the highest version of each. */
  readonly knownKinds: () => Promise<KnownKinds>;
}

export interface CliPowers {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
  readonly uid: number;

  readonly stdin: Terminal<Readable>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Bytes as they are; resolves when they are taken. For what a command on a machine says, and nothing else. */
  readonly writeBytes: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => Promise<void>;
  /** Their numbers, by name. */
  readonly signals: Readonly<Record<string, number>>;
  /** Whom a machine's log names: who we are, as we say. */
  readonly userName: string;
  /** Puts a question on the terminal and gives the line that is answered, without its end. */
  readonly ask: (question: string) => Promise<string>;
  /** The same without showing what is typed. Rejects BAD_USAGE when it is broken off. */
  readonly askHidden: (question: string) => Promise<string>;
  /** Calls back at Ctrl-C, until the result is called. */
  readonly onInterrupt: (callback: () => void) => () => void;

  readonly fs: typeof import('node:fs/promises');
  readonly now: () => number;
  /** Calls back after so many milliseconds, unless the result was called. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** Never the same twice. */
  readonly randomId: () => string;

  readonly openClient: () => Promise<Client>;
  /** Detached: it outlives us. Its standard error is appended to the file `log`; a passphrase goes by a pipe. */
  readonly startBoss: (options: BossOptions & { readonly log: string }) => Promise<StartedBoss>;
  readonly isAlive: (pid: number) => boolean;
  /** SIGTERM. */
  readonly terminate: (pid: number) => void;

  /** In this process, to their end; the result is the exit code. */
  readonly runBoss: (options: BossOptions) => Promise<number>;
  readonly runHob: (
    options: { readonly directory: string; readonly interval?: number } & SealingSettings,
  ) => Promise<number>;
  readonly store: StorePowers;
  readonly rows: RowPowers;
  readonly repl: ReplSurroundings;
}

/** What only the REPL needs. */
export interface ReplSurroundings {
  readonly output: Terminal<Writable>;
  readonly notes: Writable;
  readonly load: () => Promise<typeof import('node:repl')>;
  /** The global object. */
  readonly scope: object;
  readonly onUnhandled: (callback: (error: unknown) => void) => () => void;
}
