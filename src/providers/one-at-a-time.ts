/** Work under the same key is done one after the other, in the order in which it was asked for; under different keys, at once. */
export type OneAtATime = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export const makeOneAtATime = (): OneAtATime => {
  const last = new Map<string, Promise<unknown>>();
  return harden(<T>(key: string, work: () => Promise<T>): Promise<T> => {
    const done = (last.get(key) ?? Promise.resolve()).then(work);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    last.set(key, settled);
    void settled.then(() => {
      if (last.get(key) === settled) last.delete(key);
    });
    return done;
  });
};
harden(makeOneAtATime);
