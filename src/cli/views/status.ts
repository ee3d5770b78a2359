/** A fleet on one screen: how many of what, and the worst machines first. Pure. */
import type { DriftCounts, LifecycleState, MachineStatus } from '../../protocol/shapes.ts';
import { lifecycleStates, noDrift } from '../../protocol/shapes.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { age, renderFields, renderTable } from '../tables.ts';
import { driftWords, machineRecord } from './machines.ts';

/** What is wrong with a machine, the worst first. `ready`: nothing. A machine has the first that fits. */
export const conditions = harden([
  'failed',
  'unreachable',
  'held',
  'broken',
  'unknown',
  'drifted',
  'behind',
  'moving',
  'stopped',
  'ready',
] as const);
harden(conditions);
export type Condition = (typeof conditions)[number];

/** Of these, only what is drifted, or all right, is known to the end. */
const known: readonly Condition[] = harden(['drifted', 'broken', 'ready']);

export const conditionOf = (status: MachineStatus): Condition => {
  const { state, online, held, drift, generation, reported } = status;
  if (state === 'failed') return 'failed';
  if (state === 'ready' && !online) return 'unreachable';
  if (held) return 'held';
  if (drift.failed > 0) return 'broken';
  if (drift.unknown > 0) return 'unknown';
  if (drift.drifted > 0) return 'drifted';
  if (state === 'stopped') return 'stopped';
  if (state !== 'ready') return 'moving';
  return generation > 0 && reported !== generation ? 'behind' : 'ready';
};
harden(conditionOf);

/** Why a machine is not as it should be, in words. */
export const whyOf = (status: MachineStatus, condition: Condition, now: number): string => {
  const { failure, lastSeen, generation, drift, state } = status;
  const words: Readonly<Record<Condition, () => string>> = {
    failed: () => (failure === undefined ? 'failed' : `${failure.code}: ${failure.message} (while ${failure.in})`),
    unreachable: () => `its hob is not connected, last seen ${age(lastSeen, now)}`,
    held: () => `since the boss was restored from a backup; gobs machine confirm ${status.name}`,
    broken: () => driftWords(drift),
    unknown: () => driftWords(drift),
    drifted: () => driftWords(drift),
    behind: () => `has not reported on generation ${generation} yet`,
    moving: () => state,
    stopped: () => `last seen ${age(lastSeen, now)}`,
    ready: () => '',
  };
  return words[condition]();
};
harden(whyOf);

export interface FleetCounts {
  readonly machines: number;
  readonly states: Readonly<Partial<Record<LifecycleState, number>>>;
  readonly online: number;
  readonly held: number;
  /** Resources, of the last reports. */
  readonly resources: DriftCounts;
}

export const countFleet = (statuses: readonly MachineStatus[]): FleetCounts => {
  const states: Partial<Record<LifecycleState, number>> = {};
  const resources: Record<keyof DriftCounts, number> = { ...noDrift };
  for (const { state, drift } of statuses) {
    states[state] = (states[state] ?? 0) + 1;
    for (const each of Object.keys(resources) as (keyof DriftCounts)[]) resources[each] += drift[each];
  }
  const count = (accept: (status: MachineStatus) => boolean): number => statuses.filter(accept).length;
  return {
    machines: statuses.length,
    states,
    online: count(({ online }) => online),
    held: count(({ held }) => held),
    resources,
  };
};
harden(countFleet);

interface Attention {
  readonly status: MachineStatus;
  readonly condition: Condition;
}

/** All that are not as they should be, the worst first; of those that are alike, by name. */
const attentionOf = (statuses: readonly MachineStatus[]): readonly Attention[] => {
  const rank = ({ condition }: Attention): number => conditions.indexOf(condition);
  return statuses
    .map((status) => ({ status, condition: conditionOf(status) }))
    .filter(({ condition }) => condition !== 'ready')
    .sort((one, other) => rank(one) - rank(other) || (one.status.name < other.status.name ? -1 : 1));
};

/** 3 for what is offline, failed or not known; else 2 for drift. */
export const statusExit = (statuses: readonly MachineStatus[]): ExitCode => {
  const found = statuses.map((status) => ({ condition: conditionOf(status), online: status.online }));
  if (found.some(({ condition, online }) => !known.includes(condition) || !online)) return exitCodes.partly;
  return found.some(({ condition }) => condition !== 'ready') ? exitCodes.differs : exitCodes.done;
};
harden(statusExit);

/** `status --json`. */
export const statusRecord = (statuses: readonly MachineStatus[], limit: number, now: number) => {
  const attention = attentionOf(statuses);
  return {
    counts: countFleet(statuses),
    attention: attention.slice(0, limit).map(({ status, condition }) => ({
      condition,
      why: whyOf(status, condition, now),
      ...machineRecord(status),
      ...(status.failure === undefined ? {} : { failure: status.failure }),
    })),
    more: Math.max(0, attention.length - limit),
  };
};
harden(statusRecord);

const stateWords = ({ states }: FleetCounts): string =>
  lifecycleStates
    .filter((state) => (states[state] ?? 0) > 0)
    .map((state) => `${states[state]} ${state}`)
    .join(', ');

const countFields = (counts: FleetCounts): [string, unknown][] => [
  ['machines', counts.machines === 0 ? '0' : `${counts.machines}: ${stateWords(counts)}`],
  ['online', `${counts.online} of ${counts.machines}`],
  ...((counts.held > 0 ? [['held', String(counts.held)]] : []) as [string, unknown][]),
  ['resources', driftWords(counts.resources)],
];

/** `gobs status`. */
export const statusText = (statuses: readonly MachineStatus[], limit: number, now: number): string => {
  const attention = attentionOf(statuses);
  const fields = renderFields(countFields(countFleet(statuses)));
  if (attention.length === 0) return fields;
  const rows = attention
    .slice(0, limit)
    .map(({ status, condition }) => [status.name, condition, whyOf(status, condition, now)]);
  return `${fields}\n\n${renderTable(['NAME', 'CONDITION', 'WHY'], rows)}`;
};
harden(statusText);

/** How many are worth attention and not shown. */
export const moreThan = (statuses: readonly MachineStatus[], limit: number): number =>
  Math.max(0, attentionOf(statuses).length - limit);
harden(moreThan);
