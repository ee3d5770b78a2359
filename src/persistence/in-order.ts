/** Jobs that must not overlap: each begins when the one before it has ended, well or badly. Made once per store. */
export interface InOrder {
  /** Settles as the job does. A job that fails does not hold up those after it. */
  run<T>(job: () => T | Promise<T>): Promise<T>;
  /** Resolves when every job asked for so far has ended; never rejects. */
  idle(): Promise<void>;
}

export const makeInOrder = (): InOrder => {
  let last: Promise<void> = Promise.resolve();
  return harden({
    run(job) {
      const outcome = last.then(job);
      last = outcome.then(
        () => {},
        () => {},
      );
      return outcome;
    },
    idle: () => last,
  });
};
harden(makeInOrder);
