/** What differs between two things that a machine is to be: property by property, in one way for plans, and for what somebody changed by hand. Pure. */
import { canonicalValue, valueText } from '../protocol/resources/values.ts';
import type { Change, DocumentedState, Labels, Resource, ResourceValue } from '../protocol/shapes.ts';

/** One resource that is different. `remove`: it leaves the desired state; the host keeps it. */
export interface ResourceDifference {
  readonly id: string;
  readonly type: string;
  readonly action: 'add' | 'change' | 'remove';
  /** Property by property; for `change` only. A property that is not there is the empty text. */
  readonly changes: readonly Change[];
}

export interface StateDifference {
  /** Of the machine itself: its policy, its labels, the order of its resources. */
  readonly changes: readonly Change[];
  readonly differences: readonly ResourceDifference[];
}

const textOf = (value: ResourceValue | undefined): string => (value === undefined ? '' : valueText(value));

const changesBetween = (from: Resource, to: Resource): Change[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((what) => canonicalValue(from[what]) !== canonicalValue(to[what]))
    .map((what) => ({ what, from: textOf(from[what]), to: textOf(to[what]) }));

const byId = (resources: readonly Resource[]): ReadonlyMap<string, Resource> =>
  new Map(resources.map((resource) => [resource.id, resource]));

export const differencesBetween = (from: readonly Resource[], to: readonly Resource[]): ResourceDifference[] => {
  const before = byId(from);
  const wanted = new Set(to.map(({ id }) => id));
  const changed = to.flatMap((resource): ResourceDifference[] => {
    const { id, type } = resource;
    const old = before.get(id);
    if (old === undefined) return [{ id, type, action: 'add', changes: [] }];
    const changes = changesBetween(old, resource);
    return changes.length === 0 ? [] : [{ id, type, action: 'change', changes }];
  });
  const removed = from
    .filter(({ id }) => !wanted.has(id))
    .map(({ id, type }): ResourceDifference => ({ id, type, action: 'remove', changes: [] }));
  return [...changed, ...removed];
};
harden(differencesBetween);

/** The ids of the resources that both have, in the order of the first. */
const sharedOrder = (of: readonly Resource[], other: readonly Resource[]): string => {
  const ids = new Set(other.map(({ id }) => id));
  return of
    .map(({ id }) => id)
    .filter((id) => ids.has(id))
    .join(', ');
};

const labelChanges = (from: Labels, to: Labels): Change[] => {
  const at = (labels: Labels, key: string): string => (Object.hasOwn(labels, key) ? labels[key]! : '');
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .sort()
    .filter((key) => at(from, key) !== at(to, key))
    .map((key) => ({ what: `label ${key}`, from: at(from, key), to: at(to, key) }));
};

export const differenceBetween = (from: DocumentedState, to: DocumentedState): StateDifference => {
  const changes: Change[] = [];
  if (from.policy !== to.policy) changes.push({ what: 'policy', from: from.policy, to: to.policy });
  changes.push(...labelChanges(from.labels, to.labels));
  const before = sharedOrder(from.resources, to.resources);
  const after = sharedOrder(to.resources, from.resources);
  if (before !== after) changes.push({ what: 'order', from: before, to: after });
  return { changes, differences: differencesBetween(from.resources, to.resources) };
};
harden(differenceBetween);

export const isNone = ({ changes, differences }: StateDifference): boolean =>
  changes.length === 0 && differences.length === 0;
harden(isNone);

/** Of what was done to a resource, what the wanted one does not have: undefined if it agrees, or goes on from there. */
const undoneOf = (
  done: ResourceDifference,
  now: Resource | undefined,
  wanted: Resource | undefined,
): ResourceDifference | undefined => {
  if (done.action === 'remove') return wanted === undefined ? undefined : done;
  if (wanted === undefined || now === undefined) return done;
  const differs = (what: string): boolean => canonicalValue(now[what]) !== canonicalValue(wanted[what]);
  if (done.action === 'add') return Object.keys(now).some(differs) ? done : undefined;
  const changes = done.changes.filter(({ what }) => differs(what));
  return changes.length === 0 ? undefined : { ...done, changes };
};

/**
 * What was changed from `base` to `now`, and would be undone by `wanted`. What is in `wanted` too, or only in `wanted`, is not in it: three ways, as
 * where texts are merged.
 */
export const undoneBy = (base: DocumentedState, now: DocumentedState, wanted: DocumentedState): StateDifference => {
  const done = differenceBetween(base, now);
  const ahead = new Set(differenceBetween(now, wanted).changes.map(({ what }) => what));
  const nowById = byId(now.resources);
  const wantedById = byId(wanted.resources);
  return {
    changes: done.changes.filter(({ what }) => ahead.has(what)),
    differences: done.differences.flatMap(
      (difference) => undoneOf(difference, nowById.get(difference.id), wantedById.get(difference.id)) ?? [],
    ),
  };
};
harden(undoneBy);
