/** A plan for people and for programs. Pure. */
import type { Change } from '../../protocol/shapes.ts';
import { printable } from '../../protocol/printable.ts';
import type { Plan, PlannedAction, ResourceDifference } from '../plan.ts';

const WIDEST = 60;

const show = (text: string): string => {
  const quoted = printable(JSON.stringify(text));
  return [...quoted].length <= WIDEST ? quoted : `${[...quoted].slice(0, WIDEST - 1).join('')}…`;
};

const changeLine = ({ what, from, to }: Change): string => `${printable(what)}: ${show(from)} → ${show(to)}`;

const signs = harden({ add: '+', change: '~', remove: '-' } as const);

const differenceLines = ({ id, type, action, changes }: ResourceDifference): string[] => [
  `    ${signs[action]} ${printable(id)} (${printable(type)})${action === 'remove' ? ': released, stays on the host' : ''}`,
  ...changes.map((change) => `        ${changeLine(change)}`),
];

const actionLines = (planned: PlannedAction): string[] => {
  const name = printable(planned.name);
  switch (planned.action) {
    case 'create':
      return [
        `+ create ${name} at ${printable(planned.spec.provider)}`,
        ...planned.differences.flatMap(differenceLines),
      ];
    case 'update':
      return [
        `~ update ${name}`,
        ...planned.changes.map((change) => `    ${changeLine(change)}`),
        ...planned.differences.flatMap(differenceLines),
      ];
    case 'destroy':
      return [`- destroy ${name}`];
    case 'unmanaged':
      return [`  unmanaged ${name}: not in the document, left alone`];
    case 'unchanged':
      return [];
  }
};

const countWords = (plan: Plan): string =>
  (['create', 'update', 'destroy', 'unchanged', 'unmanaged'] as const)
    .map((action) => ({ action, count: plan.filter((planned) => planned.action === action).length }))
    .filter(({ action, count }) => count > 0 || action === 'unchanged')
    .map(
      ({ action, count }) =>
        `${count} ${action === 'create' || action === 'update' || action === 'destroy' ? `to ${action}` : action}`,
    )
    .join(', ');

/** Every action but the unchanged ones, and a last line that counts. */
export const planText = (plan: Plan): string => [...plan.flatMap(actionLines), countWords(plan)].join('\n');
harden(planText);

/** `plan --json`: one object per machine; no contents of files that stay as they are. */
export const planRecords = (plan: Plan): unknown[] =>
  plan.map((planned) => {
    const { action, name } = planned;
    if (planned.action === 'create') {
      return { name, action, provider: planned.spec.provider, resources: planned.differences };
    }
    if (planned.action === 'update') return { name, action, changes: planned.changes, resources: planned.differences };
    return { name, action };
  });
harden(planRecords);
