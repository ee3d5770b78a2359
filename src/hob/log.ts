/** Where a hob's process says what happened. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A log that never throws: the work goes on when there is no room, or nobody reads. */
export const makeSteadyLog = (log: Log): Log => {
  const steadily =
    (level: keyof Log) =>
    (fields: object, message: string): void => {
      try {
        log[level](fields, message);
      } catch {
        // There is nobody left to tell.
      }
    };
  return harden({ debug: steadily('debug'), info: steadily('info'), warn: steadily('warn') });
};
harden(makeSteadyLog);
