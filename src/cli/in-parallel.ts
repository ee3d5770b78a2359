/** Many calls at once, but not all: a session has a limit of questions in flight. */

const AT_ONCE = 32;

/** Results in the order of the items. Rejects with the first rejection; what is under way by then goes on unheard. */
export const inParallel = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
};
harden(inParallel);
