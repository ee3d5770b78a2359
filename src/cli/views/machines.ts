/** Machines for people and for programs. Pure. */
import { labelsText } from '../../protocol/labels.ts';
import type { DriftCounts, Facts, LogEntry, MachineStatus } from '../../protocol/shapes.ts';
import { holdsWords } from './restore.ts';
import { age, moment, renderFields, renderTable } from '../tables.ts';
import { factFields } from './facts.ts';

/** `2 ok, 1 drifted`, or nothing before the first report. */
export const driftWords = (drift: DriftCounts): string =>
  (['ok', 'drifted', 'corrected', 'failed', 'unknown', 'skipped'] as const)
    .filter((state) => drift[state] > 0)
    .map((state) => `${drift[state]} ${state}`)
    .join(', ');
harden(driftWords);

/** What the hob has of what was asked: `3`, or `2 of 3` while it has an older one. */
const generationWords = ({ generation, reported }: MachineStatus): string =>
  reported === null || reported === generation ? String(generation) : `${reported} of ${generation}`;

const stateWords = ({ state, held }: MachineStatus): string => (held ? `${state}, held` : state);

/** There is a column for labels where there are any. */
export const machineTable = (statuses: readonly MachineStatus[], now: number): string => {
  const labelled = statuses.some(({ labels }) => Object.keys(labels).length > 0);
  return renderTable(
    [
      'NAME',
      'STATE',
      'ONLINE',
      'LAST SEEN',
      'PROVIDER',
      'GENERATION',
      'POLICY',
      'DRIFT',
      ...(labelled ? ['LABELS'] : []),
    ],
    statuses.map((status) => [
      status.name,
      stateWords(status),
      status.online ? 'yes' : 'no',
      age(status.lastSeen, now),
      status.provider,
      generationWords(status),
      status.policy,
      driftWords(status.drift),
      ...(labelled ? [labelsText(status.labels)] : []),
    ]),
  );
};
harden(machineTable);

/** One element of `machine list --json`. */
export const machineRecord = ({
  name,
  id,
  provider,
  state,
  online,
  lastSeen,
  generation,
  policy,
  labels,
  drift,
  held,
}: MachineStatus) => ({
  name,
  id,
  provider,
  state,
  online,
  lastSeen,
  generation,
  policy,
  labels,
  drift,
  held,
});
harden(machineRecord);

export interface MachineDetails {
  readonly status: MachineStatus;
  readonly facts: Facts | null;
  readonly log: readonly LogEntry[];
}

/** `machine show --json`. */
export const detailsRecord = ({ status, facts, log }: MachineDetails) => ({
  ...machineRecord(status),
  reported: status.reported,
  holds: status.holds,
  seenEpoch: status.seenEpoch,
  ...(status.failure === undefined ? {} : { failure: status.failure }),
  facts,
  log,
});
harden(detailsRecord);

const heldFields = (status: MachineStatus): [string, unknown][] => {
  const { name, held, seenEpoch } = status;
  const holds = holdsWords(status);
  return [
    ...(held
      ? [['held', `since the boss was restored from a backup; gobs machine confirm ${name} lets it go on`]]
      : []),
    ...(holds === undefined ? [] : [['desired', holds]]),
    ...(seenEpoch === null ? [] : [['boss', `its hob has seen it when its store had been opened ${seenEpoch} times`]]),
  ] as [string, unknown][];
};

const statusFields = (status: MachineStatus, now: number): [string, unknown][] => [
  ['name', status.name],
  ['id', status.id],
  ['provider', status.provider],
  ['state', stateWords(status)],
  ...heldFields(status),
  ...(status.failure === undefined
    ? []
    : ([['failure', `${status.failure.code}: ${status.failure.message} (while ${status.failure.in})`]] as [
        string,
        unknown,
      ][])),
  ['online', status.online ? 'yes' : `no, last seen ${age(status.lastSeen, now)}`],
  ['generation', generationWords(status)],
  ['policy', status.policy],
  ...(Object.keys(status.labels).length === 0 ? [] : ([['labels', labelsText(status.labels)]] as [string, unknown][])),
  ['drift', driftWords(status.drift)],
];

/** `machine show`. */
export const detailsText = ({ status, facts, log }: MachineDetails, now: number): string => {
  const fields = [...statusFields(status, now), ...(facts === null ? [] : factFields(facts))];
  const lines =
    log.length === 0
      ? []
      : [
          '',
          renderTable(
            ['WHEN', 'WHAT'],
            log.map(({ at, what }) => [moment(at), what]),
          ),
        ];
  return [renderFields(fields), ...lines].join('\n');
};
harden(detailsText);
