/**
 * What a command's end says. 3 beats 2 beats 0; a machine that is offline or unknown is never 0.
 */
export const exitCodes = harden({
  /** Done, and nothing to tell. */
  done: 0,
  /** Failed, or refused before anything was done. */
  failed: 1,
  /** `plan`, `drift`: there is something to do. */
  differs: 2,
  /** Partly done; or some machine is offline, or its state is unknown; or the deadline passed. */
  partly: 3,
} as const);
harden(exitCodes);
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Of `gobs exec`: the exit code of the command on the machine; 255, as of ssh, if gobs itself could not do it; 127 if there is no such program. */
export type ExecExit = number;
export const execExits = harden({ gobsFailed: 255, noProgram: 127, signalled: 128 } as const);
harden(execExits);

/** How it went for one machine. `refused`: it was left alone, because somebody has to decide something first. */
export type Outcome = 'done' | 'differs' | 'failed' | 'refused' | 'unknown';

/**
 * Of a command over several machines: all failed is 1, some failed is 3, any refused or unknown is 3, any difference is 2.
 * No machines at all is 0.
 */
export const exitCodeOf = (outcomes: readonly Outcome[]): ExitCode => {
  const has = (outcome: Outcome) => outcomes.includes(outcome);
  if (outcomes.length > 0 && outcomes.every((outcome) => outcome === 'failed')) return exitCodes.failed;
  if (has('unknown') || has('refused') || has('failed')) return exitCodes.partly;
  return has('differs') ? exitCodes.differs : exitCodes.done;
};
harden(exitCodeOf);
