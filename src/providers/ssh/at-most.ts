/** So much at once and no more; the rest waits, in the order in which it came. */
export type AtMost = <T>(work: () => Promise<T>) => Promise<T>;

export const makeAtMost = (most: number): AtMost => {
  let running = 0;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    running -= 1;
    waiting.shift()?.();
  };
  return harden(async <T>(work: () => Promise<T>): Promise<T> => {
    while (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await work();
    } finally {
      leave();
    }
  });
};
harden(makeAtMost);
