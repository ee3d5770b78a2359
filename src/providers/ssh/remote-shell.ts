/**
 * A shell on another host, as everything that is put there sees it: the connection makes one, and the installer is given one. Whoever runs
 * something through it needs to know neither how the host was reached nor who logged in.
 */

/** How a script ended. Of what it said each stream's last 64 KB are kept. */
export interface RemoteOutcome {
  /** Null if a signal ended it. */
  readonly code: number | null;
  /** Without `SIG`: `KILL`. */
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RemoteRun {
  /** Goes to the script's stdin, which ends then; without it stdin is empty. Not in any message or log: secrets go this way. */
  readonly input?: AsyncIterable<Uint8Array> | string;
  /** Milliseconds. */
  readonly deadline?: number;
}

export interface RemoteShell {
  /**
   * Runs `sh -c script` there. Rejects HOST_UNREACHABLE when the connection is lost or the deadline has passed (the script may go on then); a code
   * that is not 0 is an outcome, not an error.
   */
  run(script: string, options?: RemoteRun): Promise<RemoteOutcome>;
  /** For messages: `root@10.0.0.1:22`. */
  readonly where: string;
  /** Whoever opened it closes it. Idempotent; what still runs rejects. */
  close(): void;
}

/** What is kept of each stream, in bytes: the end. */
export const longestOutput = 64 * 1024;
harden(longestOutput);
