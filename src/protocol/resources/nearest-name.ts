/** The name that somebody probably meant: for "did you mean". Pure. */

/** How many letters must be put in, left out, replaced or swapped with their neighbour to make `b` of `a`. */
const distance = (a: string, b: string): number => {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      }
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
};

/** Undefined if nothing is near: more than a third of the letters, and at least two, would have to change. */
export const nearestName = (name: string, candidates: readonly string[]): string | undefined => {
  if (name.length > 60) return undefined;
  const limit = Math.max(2, Math.floor(name.length / 3));
  let nearest: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    const steps = distance(name.toLowerCase(), candidate);
    if (steps < least && steps < candidate.length) {
      nearest = candidate;
      least = steps;
    }
  }
  return nearest;
};
harden(nearestName);
