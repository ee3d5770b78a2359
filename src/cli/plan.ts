/**
 * What it takes to make a fleet as its document says: pure, from the document and what the boss holds now to one list of
 * actions. `gobs plan` prints the list, `gobs apply` prints it and carries it out: there is no other way from a document to a fleet.
 *
 * Desired states are compared, not hosts: whether a host is as desired is its hob's to say, and is shown as drift. They are compared three ways, with what the
 * last document said too: so what somebody changed by hand since is told, and not undone unseen.
 */
import { makeError } from '../errors/gobs-error.ts';
import { canonicalValue, valueText } from '../protocol/resources/values.ts';
import type { ProviderEntry, ProviderSpec } from '../protocol/remotes.ts';
import type {
  Change,
  DesiredState,
  DocumentedState,
  MachineSpec,
  MachineStatus,
  PlanBasis,
  PlannedFrom,
  ResourceValue,
} from '../protocol/shapes.ts';
import type { FleetDocument, FleetMachine, FleetProvider } from './fleet-schema.ts';
import {
  differenceBetween,
  differencesBetween,
  isNone,
  undoneBy,
  type ResourceDifference,
  type StateDifference,
} from './plan-differences.ts';

/** What the boss holds of one machine. */
export interface CurrentMachine {
  readonly status: MachineStatus;
  /** Asked for only where the document names the machine. */
  readonly basis?: PlanBasis;
  /** What the last document said, where that is not what is wanted now. */
  readonly said?: Pick<DesiredState, 'policy' | 'resources'>;
}

/** What is the same for a machine that is there, whatever has to be done about it. */
interface Standing {
  readonly name: string;
  readonly wanted: DocumentedState;
  readonly from: PlannedFrom;
  /** Options of which the document says something else than what the machine was made with. They stay. */
  readonly options: readonly Change[];
}

export type PlannedAction =
  | {
      readonly action: 'create';
      readonly name: string;
      readonly spec: MachineSpec;
      readonly differences: readonly ResourceDifference[];
    }
  | ({
      readonly action: 'update';
      /** What somebody changed by hand, and this would undo. */
      readonly undoes: StateDifference;
      /** When the last document was applied, by the boss's clock; null: none was. */
      readonly applied: number | null;
    } & StateDifference &
      Standing)
  /** `isNoted`: the boss knows that a document said so. */
  | ({ readonly action: 'unchanged'; readonly isNoted: boolean } & Standing)
  /** There, but not in the document: left alone. */
  | { readonly action: 'unmanaged'; readonly name: string }
  /** There, not in the document, and pruning was asked for. */
  | { readonly action: 'destroy'; readonly name: string };

export type PlannedProvider =
  | { readonly action: 'create'; readonly name: string; readonly spec: ProviderSpec }
  /** It is there, and something about it is not as the document says; it stays as it is. */
  | { readonly action: 'differs'; readonly name: string; readonly changes: readonly Change[] }
  | { readonly action: 'unchanged'; readonly name: string };

export interface Plan {
  /** In the order of the document. */
  readonly providers: readonly PlannedProvider[];
  /** By name of machine. */
  readonly machines: readonly PlannedAction[];
}

type Values = Readonly<Record<string, ResourceValue>>;

/** Of what `to` says: what it does not say is left as it is. */
const valueChanges = (from: Values, to: Values): Change[] =>
  Object.entries(to).flatMap(([key, value]) => {
    const old = Object.hasOwn(from, key) ? from[key] : undefined;
    if (canonicalValue(old) === canonicalValue(value)) return [];
    return [{ what: key, from: old === undefined ? '' : valueText(old), to: valueText(value) }];
  });

// ---------------------------------------------------------------------------------------------- machines

const noChange: StateDifference = harden({ changes: [], differences: [] });

/** That of a machine about which nobody has said anything. */
const nothingSaid: DocumentedState = harden({ policy: 'report', resources: [], labels: {} });

const planThere = (wanted: FleetMachine, { basis, said }: CurrentMachine): PlannedAction => {
  const { name, policy, resources, labels } = wanted;
  if (basis === undefined) throw TypeError(`nothing of ${name} to plan with`);
  const { desired, applied } = basis;
  const now = { policy: desired.policy, resources: desired.resources, labels: basis.labels };
  const state = { policy, resources, labels };
  const standing: Standing = {
    name,
    wanted: state,
    from: { generation: desired.generation, labels: basis.labels },
    options: valueChanges(basis.options, wanted.options),
  };
  const difference = differenceBetween(now, state);
  const base = applied === null ? nothingSaid : { ...now, ...said, labels: applied.labels };
  const isNoted = applied !== null && isNone(differenceBetween(base, now));
  if (isNone(difference)) return { action: 'unchanged', isNoted, ...standing };
  const undoes = isNoted ? noChange : undoneBy(base, now, state);
  return { action: 'update', ...standing, ...difference, undoes, applied: applied?.at ?? null };
};

const create = ({ name, provider, policy, resources, labels, options }: FleetMachine): PlannedAction => ({
  action: 'create',
  name,
  spec: {
    provider,
    policy,
    resources,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  },
  differences: differencesBetween([], resources),
});

/** Before anything is done: one machine of a document that cannot be made is a reason to make none. */
const requireProvider = ({ name, provider }: FleetMachine, providers: ReadonlySet<string>): void => {
  if (providers.has(provider)) return;
  throw makeError('NO_SUCH_PROVIDER', `machines.${name}.provider: there is no provider ${JSON.stringify(provider)}`, {
    hint: `there are: ${[...providers].join(', ')}`,
  });
};

const planMachine = (
  wanted: FleetMachine,
  current: CurrentMachine | undefined,
  providers: ReadonlySet<string>,
): PlannedAction => {
  if (current === undefined) {
    requireProvider(wanted, providers);
    return create(wanted);
  }
  const { status } = current;
  if (status.provider === wanted.provider) return planThere(wanted, current);
  throw makeError(
    'BAD_DOCUMENT',
    `machines.${wanted.name}.provider: is "${wanted.provider}", but the machine is at "${status.provider}"`,
    { hint: 'a machine does not move by itself; destroy it, or give the new one another name' },
  );
};

// ---------------------------------------------------------------------------------------------- providers

const planProvider = (
  { name, type, settings }: FleetProvider,
  there: ReadonlyMap<string, ProviderEntry>,
): PlannedProvider => {
  const known = there.get(name);
  if (known === undefined) return { action: 'create', name, spec: { type, settings } };
  const ofType = known.type === type ? [] : [{ what: 'type', from: known.type, to: type }];
  const gone = Object.keys(known.settings)
    .filter((key) => !Object.hasOwn(settings, key))
    .map((key) => ({ what: key, from: valueText(known.settings[key]!), to: '' }));
  const changes = [...ofType, ...valueChanges(known.settings, settings), ...gone];
  return changes.length === 0 ? { action: 'unchanged', name } : { action: 'differs', name, changes };
};

/** What the boss has, and what was asked for. */
export interface PlanOptions {
  readonly providers: readonly ProviderEntry[];
  readonly prune: boolean;
}

/** Throws BAD_DOCUMENT or NO_SUCH_PROVIDER if the document cannot be reached from here. */
export const makePlan = (
  document: Pick<FleetDocument, 'providers' | 'machines'>,
  current: readonly CurrentMachine[],
  { prune, providers: known }: PlanOptions,
): Plan => {
  const there = new Map(current.map((machine) => [machine.status.name, machine]));
  const named = new Set(document.machines.map(({ name }) => name));
  const entries = new Map(known.map((entry) => [entry.name, entry]));
  const providers = document.providers.map((provider) => planProvider(provider, entries));
  const names = new Set([...entries.keys(), ...providers.map(({ name }) => name)]);
  const planned = document.machines.map((wanted) => planMachine(wanted, there.get(wanted.name), names));
  const others = [...there.keys()]
    .filter((name) => !named.has(name))
    .map((name): PlannedAction => ({ action: prune ? 'destroy' : 'unmanaged', name }));
  const machines = [...planned, ...others].sort((left, right) => (left.name < right.name ? -1 : 1));
  return harden({ providers, machines });
};
harden(makePlan);

/** Would somebody have to do something, so that all is as the document says? */
export const hasChanges = ({ providers, machines }: Plan): boolean =>
  providers.some(({ action }) => action !== 'unchanged') ||
  machines.some((planned) => {
    if (planned.action === 'unchanged') return planned.options.length > 0;
    return planned.action !== 'unmanaged';
  });
harden(hasChanges);

const atAnother = (name: string, hint: string): Error =>
  makeError('PROVIDER_EXISTS', `provider ${name} is another one than the document says`, { hint });

/** What `apply` says of a provider that it cannot make so. */
export const providerRefusal = ({ name }: Pick<PlannedProvider, 'name'>): Error =>
  atAnother(
    name,
    `nothing was changed about it: gobs provider remove ${name} lets it be made anew, or write it as it is`,
  );
harden(providerRefusal);

const optionRefusal = ({ name, options }: Standing): Error | undefined => {
  const [option] = options;
  if (option === undefined) return undefined;
  return makeError('BAD_SPEC', `${name}: it was made with another ${option.what}, and its options stay as they are`, {
    hint: `nothing was changed on ${name}: write the option as it is, or destroy the machine`,
  });
};

/** Why `apply` leaves a machine alone; undefined if it does not. */
export const refusalOf = (planned: PlannedAction, { providers }: Plan, overwrite: boolean): Error | undefined => {
  const { name } = planned;
  if (planned.action === 'create') {
    const { provider } = planned.spec;
    const isOther = providers.some((each) => each.name === provider && each.action === 'differs');
    return isOther ? atAnother(provider, `${name} was not made`) : undefined;
  }
  if (planned.action !== 'update' && planned.action !== 'unchanged') return undefined;
  const refusal = optionRefusal(planned);
  if (refusal !== undefined) return refusal;
  if (planned.action === 'unchanged' || overwrite || isNone(planned.undoes)) return undefined;
  const { changes, differences } = planned.undoes;
  const what = differences[0]?.id ?? changes[0]?.what ?? '';
  const more = changes.length + differences.length - 1;
  const since = planned.applied === null ? 'was said by hand' : 'was changed by hand since the last apply';
  return makeError(
    'CHANGED_MEANWHILE',
    `${name}: ${what}${more === 0 ? '' : ` (and ${more} more)`} ${since}, and the document would undo it`,
    { hint: `nothing was changed on ${name}: write it into the document, or apply with --overwrite` },
  );
};
harden(refusalOf);
