/**
 * What frames cost this process, and how long their senders wait for that. A small text can be much work: a megabyte of small values takes
 * more than half a second to become objects, and one such frame after the other, each within every limit, would leave no time for
 * anybody else. So whoever causes much work rests after it, and the longer, the more others do so at the same time: together they get
 * about half of the time, and whoever asks for little never waits.
 */

export interface Effort {
  /** Milliseconds to rest after work of that cost; 0 for little. Must be followed by `rested` if it is above 0. */
  rest(cost: number): number;
  rested(): void;
}

/** In values of a message, of which about so many take a millisecond (measured: 5 to 8 µs for a value). */
const VALUES_PER_MILLISECOND = 150;
const LITTLE = 2_000;
const LONGEST = 10_000;

/** One for all the sessions of a peer. */
export const makeEffort = (): Effort => {
  let resting = 0;
  return harden({
    rest: (cost) => {
      if (cost <= LITTLE) return 0;
      resting += 1;
      return Math.min(LONGEST, (cost / VALUES_PER_MILLISECOND) * resting);
    },
    rested: () => {
      resting -= 1;
    },
  } satisfies Effort);
};
harden(makeEffort);

const SHORT = 4_096;
const BYTES_PER_VALUE = 16;
/** Long texts and numbers in a message cost something too. */
const PLAIN_BYTES_PER_VALUE = 128;
const COMMA = 0x2c;

/** About how many values a frame's text holds, found out without taking it apart; rather too many than too few. */
export const costOf = (text: string): number => {
  if (text.length <= SHORT) return text.length / BYTES_PER_VALUE;
  let commas = 0;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) === COMMA) commas += 1;
  return commas + text.length / PLAIN_BYTES_PER_VALUE;
};
harden(costOf);
