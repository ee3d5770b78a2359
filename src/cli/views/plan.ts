/** A plan for people and for programs. Pure. */
import type { Change } from '../../protocol/shapes.ts';
import { printable } from '../../protocol/printable.ts';
import { isNone, type ResourceDifference, type StateDifference } from '../plan-differences.ts';
import type { Plan, PlannedAction, PlannedProvider } from '../plan.ts';
import { moment } from '../tables.ts';

const WIDEST = 60;

const show = (text: string): string => {
  // What is cut off anyhow need not be made printable.
  const quoted = printable(JSON.stringify(text.slice(0, 4 * WIDEST)));
  return [...quoted].length <= WIDEST && text.length <= 4 * WIDEST
    ? quoted
    : `${[...quoted].slice(0, WIDEST - 1).join('')}…`;
};

const changeLine = ({ what, from, to }: Change): string => `${printable(what)}: ${show(from)} → ${show(to)}`;

const signs = harden({ add: '+', change: '~', remove: '-' } as const);

const differenceLines = (
  { id, type, action, changes }: ResourceDifference,
  indent = '    ',
  removed = ': released, stays on the host',
): string[] => [
  `${indent}${signs[action]} ${printable(id)} (${printable(type)})${action === 'remove' ? removed : ''}`,
  ...changes.map((change) => `${indent}    ${changeLine(change)}`),
];

const undoneLines = (undoes: StateDifference, applied: number | null): string[] => {
  if (isNone(undoes)) return [];
  const since = applied === null ? 'said by hand' : `changed since the last apply (${moment(applied)})`;
  return [
    `    ${since}, and undone by this; apply wants --overwrite:`,
    ...undoes.changes.map((change) => `        ${changeLine(change)}`),
    ...undoes.differences.flatMap((difference) => differenceLines(difference, '        ', '')),
  ];
};

const optionLines = (name: string, options: readonly Change[]): string[] =>
  options.length === 0
    ? []
    : [
        `! ${name} was made with other options, and keeps them; apply leaves it alone`,
        ...options.map((change) => `    ${changeLine(change)}`),
      ];

const actionLines = (planned: PlannedAction): string[] => {
  const name = printable(planned.name);
  switch (planned.action) {
    case 'create':
      return [
        `+ create ${name} at ${printable(planned.spec.provider)}`,
        ...planned.differences.flatMap((difference) => differenceLines(difference)),
      ];
    case 'update':
      return [
        `~ update ${name}`,
        ...planned.changes.map((change) => `    ${changeLine(change)}`),
        ...planned.differences.flatMap((difference) => differenceLines(difference)),
        ...undoneLines(planned.undoes, planned.applied),
        ...optionLines(name, planned.options),
      ];
    case 'destroy':
      return [`- destroy ${name}`];
    case 'unmanaged':
      return [`  unmanaged ${name}: not in the document, left alone`];
    case 'unchanged':
      return optionLines(name, planned.options);
  }
};

const providerLines = (planned: PlannedProvider): string[] => {
  const name = printable(planned.name);
  switch (planned.action) {
    case 'create':
      return [`+ create provider ${name} (${printable(planned.spec.type)})`];
    case 'differs':
      return [
        `! provider ${name} is another, and stays as it is; gobs provider remove ${name} lets it be made anew`,
        ...planned.changes.map((change) => `    ${changeLine(change)}`),
      ];
    case 'unchanged':
      return [];
  }
};

const countWords = ({ machines }: Plan): string =>
  (['create', 'update', 'destroy', 'unchanged', 'unmanaged'] as const)
    .map((action) => ({ action, count: machines.filter((planned) => planned.action === action).length }))
    .filter(({ action, count }) => count > 0 || action === 'unchanged')
    .map(
      ({ action, count }) =>
        `${count} ${action === 'create' || action === 'update' || action === 'destroy' ? `to ${action}` : action}`,
    )
    .join(', ');

/** Every action but the unchanged ones, and a last line that counts machines. */
export const planText = (plan: Plan): string =>
  [...plan.providers.flatMap(providerLines), ...plan.machines.flatMap(actionLines), countWords(plan)].join('\n');
harden(planText);

const providerRecord = (planned: PlannedProvider): unknown => {
  const { action, name } = planned;
  if (planned.action === 'create') return { kind: 'provider', name, action, type: planned.spec.type };
  if (planned.action === 'differs') return { kind: 'provider', name, action, changes: planned.changes };
  return { kind: 'provider', name, action };
};

const machineRecord = (planned: PlannedAction): unknown => {
  const { action, name } = planned;
  if (planned.action === 'create') {
    return { name, action, provider: planned.spec.provider, resources: planned.differences };
  }
  const options = 'options' in planned && planned.options.length > 0 ? { options: planned.options } : {};
  if (planned.action !== 'update') return { name, action, ...options };
  const { changes, differences, undoes } = planned;
  const undone = isNone(undoes) ? {} : { undoes: { changes: undoes.changes, resources: undoes.differences } };
  return { name, action, changes, resources: differences, ...undone, ...options };
};

/** `plan --json`: one object per provider of the document, and per machine; no contents of files that stay as they are. */
export const planRecords = ({ providers, machines }: Plan): unknown[] => [
  ...providers.map(providerRecord),
  ...machines.map(machineRecord),
];
harden(planRecords);
