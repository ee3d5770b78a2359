/**
 * A boss's life, as its driver notices it: it ends in front of the n-th effect on the world, as by `kill -9`. What was done stays done;
 * from then on nothing is done, nothing is learnt, nothing is cleaned up.
 *
 * Whoever makes powers for a driver calls `effect()` right before everything that changes the world, and `look()` before everything
 * else. Both throw once the life has ended.
 */
export interface Life {
  effect(): void;
  look(): void;
  /** Ends it now. */
  end(): void;
  /** Effects so far. */
  readonly effects: number;
  readonly ended: boolean;
}

/** Ends in front of effect number `last + 1`; without a number, never. */
export const makeLife = (last = Infinity): Life => {
  let effects = 0;
  let ended = false;
  const look = () => {
    if (ended) throw Error('the boss is dead');
  };
  return {
    look,
    effect: () => {
      if (effects >= last) ended = true;
      look();
      effects += 1;
    },
    end: () => {
      ended = true;
    },
    get effects() {
      return effects;
    },
    get ended() {
      return ended;
    },
  };
};
