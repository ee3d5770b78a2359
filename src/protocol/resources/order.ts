/**
 * In which order the resources of a machine are looked after. Pure; the same for whoever refuses a document and for the hob.
 *
 * One comes after another if it names it in `after`, or is named by it in `notify`. Resources are taken in the order of the document, and in front of
 * each those that it comes after and that were not taken yet, and in front of those theirs. So a document without either keeps its order, and
 * one that is in order already does, too.
 *
 *     document   page (after app), motd, app (after db), db        order   db, app, page, motd
 */

/** What of a resource says where it stands. */
export interface OrderLink {
  readonly id?: string;
  readonly after?: readonly string[];
  readonly notify?: readonly string[];
}

/** A walk from each to what it comes after that came back to where it had been. */
export interface Circle {
  /** Who comes after what leads back. */
  readonly index: number;
  /** Where it leads back to, and all the way to `index`; of a long one the end only, which then does not begin with `to`. */
  readonly to: number;
  readonly way: readonly number[];
}

/**
 * Of each the ones that it comes after, each once, all by their index. Of two with one id the first is meant; a name that there is not is left out.
 */
export const predecessorsOf = (links: readonly OrderLink[]): readonly (readonly number[])[] => {
  const indices = new Map<string, number>();
  for (const [index, { id }] of links.entries()) if (id !== undefined && !indices.has(id)) indices.set(id, index);
  const predecessors = links.map(({ after = [] }) => new Set(after.flatMap((id) => indices.get(id) ?? [])));
  for (const [index, { notify = [] }] of links.entries()) {
    for (const id of notify) predecessors[indices.get(id) ?? -1]?.add(index);
  }
  return predecessors.map((of) => [...of]);
};
harden(predecessorsOf);

const LONGEST_WAY = 6;

interface Step {
  readonly index: number;
  /** Of its predecessors, which comes next. */
  next: number;
}

/** The part of a walk that is a circle. Bounded: there may be ten thousand circles of ten thousand resources. */
const wayFrom = (to: number, walk: readonly Step[]): readonly number[] => {
  const end = walk.slice(-LONGEST_WAY).map(({ index }) => index);
  return end.slice(Math.max(0, end.indexOf(to)));
};

/**
 * `order` has each index once. Of each resource the first circle is told that it closes; what leads back does not count for the order. By hand and
 * not by recursion: a chain may be as long as the list.
 */
export const orderOf = (
  predecessors: readonly (readonly number[])[],
): { readonly order: readonly number[]; readonly circles: readonly Circle[] } => {
  const order: number[] = [];
  const circles = new Map<number, Circle>();
  const states: ('begun' | 'done' | undefined)[] = predecessors.map(() => undefined);
  const walkFrom = (start: number): void => {
    const walk: Step[] = [{ index: start, next: 0 }];
    while (walk.length > 0) {
      const step = walk.at(-1)!;
      const { index } = step;
      states[index] = 'begun';
      const before = predecessors[index]![step.next];
      step.next += 1;
      if (before === undefined) {
        states[index] = 'done';
        order.push(index);
        walk.pop();
      } else if (states[before] === undefined) walk.push({ index: before, next: 0 });
      else if (states[before] === 'begun' && !circles.has(index)) {
        circles.set(index, { index, to: before, way: wayFrom(before, walk) });
      }
    }
  };
  for (const index of predecessors.keys()) if (states[index] === undefined) walkFrom(index);
  return { order, circles: [...circles.values()] };
};
harden(orderOf);
