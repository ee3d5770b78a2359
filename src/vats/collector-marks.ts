/** Which actors a cycle has found, by vat and instance number, which is unique in its vat. */
import { makeNumberSet, type NumberSet } from './number-set.ts';

export interface Marks {
  /** False if it was marked already. */
  add(vat: string, instance: number): boolean;
  has(vat: string, instance: number): boolean;
  readonly count: number;
}

export const makeMarks = (): Marks => {
  const vats = new Map<string, NumberSet>();
  let count = 0;

  const marksOf = (vat: string): NumberSet => {
    const known = vats.get(vat);
    if (known !== undefined) return known;
    const made = makeNumberSet();
    vats.set(vat, made);
    return made;
  };

  return harden({
    add: (vat, instance) => {
      const isNew = marksOf(vat).add(instance);
      if (isNew) count += 1;
      return isNew;
    },
    has: (vat, instance) => vats.get(vat)?.has(instance) === true,
    get count() {
      return count;
    },
  } satisfies Marks);
};
harden(makeMarks);
