/** A clock that moves when a test says so. Timers that are due go off in their order, each with the clock at its time. */
export interface FakeClock {
  readonly now: () => number;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** Moves the clock, and lets what timers began go on between them. */
  advance(milliseconds: number): Promise<void>;
  /** How many wait. */
  readonly timers: number;
}

const breathe = async (): Promise<void> => {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
};

export const makeFakeClock = (start = 1_000_000): FakeClock => {
  let time = start;
  let last = 0;
  const waiting = new Map<number, { readonly at: number; readonly callback: () => void }>();

  const next = (until: number): number | undefined => {
    let best: number | undefined;
    for (const [id, { at }] of waiting) {
      if (at <= until && (best === undefined || at < waiting.get(best)!.at)) best = id;
    }
    return best;
  };

  return {
    now: () => time,
    setTimer: (callback, milliseconds) => {
      last += 1;
      const id = last;
      waiting.set(id, { at: time + milliseconds, callback });
      return () => void waiting.delete(id);
    },
    advance: async (milliseconds) => {
      const until = time + milliseconds;
      await breathe();
      for (let id = next(until); id !== undefined; id = next(until)) {
        const { at, callback } = waiting.get(id)!;
        waiting.delete(id);
        time = Math.max(time, at);
        callback();
        await breathe();
      }
      time = until;
    },
    get timers() {
      return waiting.size;
    },
  };
};
