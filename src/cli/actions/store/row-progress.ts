/** How far it is with rows, on a terminal, ten times a second at most. */
import type { Output } from '../../output.ts';
import type { CliPowers } from '../../powers.ts';

export interface RowProgress {
  /** So many so far. */
  rows(count: number): void;
  /** Clears the line. */
  end(): void;
}

export const makeRowProgress = (what: string, { now }: Pick<CliPowers, 'now'>, output: Output): RowProgress => {
  let last = -Infinity;
  return harden({
    rows: (count) => {
      if (now() - last < 100) return;
      last = now();
      output.progress(`${count.toLocaleString('en')} rows ${what}`);
    },
    end: () => output.progress(''),
  } satisfies RowProgress);
};
harden(makeRowProgress);
