/** A first-in-first-out queue that keeps nothing that was taken out of it, however long it never runs empty. */
export interface Fifo<T> {
  put(item: T): void;
  /** Undefined when there is none. */
  take(): T | undefined;
}

export const makeFifo = <T>(): Fifo<T> => {
  let incoming: T[] = [];
  /** In reverse: the next one is at the end. */
  let outgoing: T[] = [];
  return harden({
    put: (item) => {
      incoming.push(item);
    },
    take: () => {
      if (outgoing.length === 0) {
        outgoing = incoming.reverse();
        incoming = [];
      }
      return outgoing.pop();
    },
  });
};
harden(makeFifo);
