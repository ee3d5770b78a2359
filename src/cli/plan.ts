/**
 * What it takes to make a fleet as its document says: pure, from the document and what the boss holds now to one list of
 * actions. `gobs plan` prints the list, `gobs apply` prints it and carries it out: there is no other way from a document to a fleet.
 *
 * Desired states are compared, not hosts: whether a host is as desired is its hob's to say, and is shown as drift.
 */
import { makeError } from '../errors/gobs-error.ts';
import { canonicalValue, valueText } from '../protocol/resources/values.ts';
import type {
  Change,
  DesiredState,
  MachineSpec,
  MachineStatus,
  Policy,
  Resource,
  ResourceValue,
} from '../protocol/shapes.ts';
import type { FleetDocument, FleetMachine } from './fleet-schema.ts';

/** What the boss holds of one machine. */
export interface CurrentMachine {
  readonly status: MachineStatus;
  /** Asked for only where the document names the machine. */
  readonly desired?: DesiredState;
}

/** One resource that will be different. `remove`: it leaves the desired state; the host keeps it. */
export interface ResourceDifference {
  readonly id: string;
  readonly type: string;
  readonly action: 'add' | 'change' | 'remove';
  /** Property by property; for `change` only. A property that is not there is the empty text. */
  readonly changes: readonly Change[];
}

export type PlannedAction =
  | {
      readonly action: 'create';
      readonly name: string;
      readonly spec: MachineSpec;
      readonly differences: readonly ResourceDifference[];
    }
  | {
      readonly action: 'update';
      readonly name: string;
      readonly policy: Policy;
      readonly resources: readonly Resource[];
      /** Differences of the machine itself: its policy, the order of its resources. */
      readonly changes: readonly Change[];
      readonly differences: readonly ResourceDifference[];
    }
  | { readonly action: 'unchanged'; readonly name: string }
  /** There, but not in the document: left alone. */
  | { readonly action: 'unmanaged'; readonly name: string }
  /** There, not in the document, and pruning was asked for. */
  | { readonly action: 'destroy'; readonly name: string };

/** By name of machine. */
export type Plan = readonly PlannedAction[];

const textOf = (value: ResourceValue | undefined): string => (value === undefined ? '' : valueText(value));

const changesBetween = (from: Resource, to: Resource): Change[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((what) => canonicalValue(from[what]) !== canonicalValue(to[what]))
    .map((what) => ({ what, from: textOf(from[what]), to: textOf(to[what]) }));

const differencesBetween = (from: readonly Resource[], to: readonly Resource[]): ResourceDifference[] => {
  const before = new Map(from.map((resource) => [resource.id, resource]));
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

/** The ids of the resources that both have, in the order of the first. */
const sharedOrder = (of: readonly Resource[], other: readonly Resource[]): string => {
  const ids = new Set(other.map(({ id }) => id));
  return of
    .map(({ id }) => id)
    .filter((id) => ids.has(id))
    .join(', ');
};

const update = (wanted: FleetMachine, desired: DesiredState): PlannedAction => {
  const { name, policy, resources } = wanted;
  const changes: Change[] = [];
  if (desired.policy !== policy) changes.push({ what: 'policy', from: desired.policy, to: policy });
  const from = sharedOrder(desired.resources, resources);
  const to = sharedOrder(resources, desired.resources);
  if (from !== to) changes.push({ what: 'order', from, to });
  const differences = differencesBetween(desired.resources, resources);
  if (changes.length === 0 && differences.length === 0) return { action: 'unchanged', name };
  return { action: 'update', name, policy, resources, changes, differences };
};

const create = ({ name, provider, policy, resources }: FleetMachine): PlannedAction => ({
  action: 'create',
  name,
  spec: { provider, policy, resources },
  differences: differencesBetween([], resources),
});

/** Before anything is done: one machine of a document that cannot be made is a reason to make none. */
const requireProvider = ({ name, provider }: FleetMachine, providers: readonly string[]): void => {
  if (providers.includes(provider)) return;
  throw makeError('NO_SUCH_PROVIDER', `machines.${name}.provider: there is no provider ${JSON.stringify(provider)}`, {
    hint: `there are: ${providers.join(', ')}`,
  });
};

const planMachine = (
  wanted: FleetMachine,
  current: CurrentMachine | undefined,
  providers: readonly string[],
): PlannedAction => {
  if (current === undefined) {
    requireProvider(wanted, providers);
    return create(wanted);
  }
  const { status, desired } = current;
  if (status.provider !== wanted.provider) {
    throw makeError(
      'BAD_DOCUMENT',
      `machines.${wanted.name}.provider: is "${wanted.provider}", but the machine is at "${status.provider}"`,
      { hint: 'a machine cannot move; destroy it, or give the new one another name' },
    );
  }
  if (desired === undefined) throw TypeError(`no desired state of ${wanted.name} to plan with`);
  return update(wanted, desired);
};

/** What the boss has, and what was asked for. */
export interface PlanOptions {
  readonly providers: readonly string[];
  readonly prune: boolean;
}

/** Throws BAD_DOCUMENT or NO_SUCH_PROVIDER if the document cannot be reached from here. */
export const makePlan = (
  document: FleetDocument,
  current: readonly CurrentMachine[],
  { prune, providers }: PlanOptions,
): Plan => {
  const there = new Map(current.map((machine) => [machine.status.name, machine]));
  const named = new Set(document.machines.map(({ name }) => name));
  const planned = document.machines.map((wanted) => planMachine(wanted, there.get(wanted.name), providers));
  const others = [...there.keys()]
    .filter((name) => !named.has(name))
    .map((name): PlannedAction => ({ action: prune ? 'destroy' : 'unmanaged', name }));
  return harden([...planned, ...others].sort((left, right) => (left.name < right.name ? -1 : 1)));
};
harden(makePlan);

/** Would carrying it out change anything? */
export const hasChanges = (plan: Plan): boolean =>
  plan.some(({ action }) => action === 'create' || action === 'update' || action === 'destroy');
harden(hasChanges);
