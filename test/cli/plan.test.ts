import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FleetMachine } from '../../src/cli/fleet-schema.ts';
import { hasChanges, makePlan, type CurrentMachine } from '../../src/cli/plan.ts';
import { planRecords, planText } from '../../src/cli/views/plan.ts';
import type { MachineStatus, Resource } from '../../src/protocol/shapes.ts';

const motd: Resource = { id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n' };
const logs: Resource = { id: 'logs', type: 'directory', path: '/var/log/app' };

const wanted = (name: string, patch: Partial<FleetMachine> = {}): FleetMachine => ({
  name,
  provider: 'local',
  policy: 'report',
  resources: [],
  ...patch,
});

const current = ({ name, provider, policy, resources }: FleetMachine): CurrentMachine => ({
  status: { name, provider, policy } as MachineStatus,
  desired: { generation: 3, policy, resources },
});

const plan = (machines: FleetMachine[], there: CurrentMachine[], prune = false) =>
  makePlan({ machines }, there, { prune, providers: ['local'] });

describe('a plan', () => {
  test('makes what is not there, with everything the document says', () => {
    expect(plan([wanted('web1', { policy: 'correct', resources: [motd] })], [])).toEqual([
      {
        action: 'create',
        name: 'web1',
        spec: { provider: 'local', policy: 'correct', resources: [motd] },
        differences: [{ id: 'motd', type: 'file', action: 'add', changes: [] }],
      },
    ]);
  });

  test('is not made with a provider that is not there: one such machine is a reason to make none', () => {
    expect(() => plan([wanted('db'), wanted('web1', { provider: 'nowhere' })], [])).toThrow(
      'NO_SUCH_PROVIDER: machines.web1.provider: there is no provider "nowhere"\nhint: there are: local',
    );
  });

  test('leaves alone what is as it should be', () => {
    const machine = wanted('web1', { resources: [motd, logs] });
    expect(plan([machine], [current(machine)])).toEqual([{ action: 'unchanged', name: 'web1' }]);
  });

  test('compares records key by key, in any order, and shows them', () => {
    const page: Resource = { id: 'page', type: 'file', path: '/page', data: { title: 'hello', port: 80 } };
    const same: Resource = { ...page, data: { port: 80, title: 'hello' } };
    const there = [current(wanted('web1', { resources: [page] }))];
    expect(plan([wanted('web1', { resources: [same] })], there)).toEqual([{ action: 'unchanged', name: 'web1' }]);
    const other: Resource = { ...page, data: { port: '80', title: 'hello' } };
    expect(plan([wanted('web1', { resources: [other] })], there)).toMatchObject([
      {
        differences: [
          {
            changes: [{ what: 'data', from: '{ port: 80, title: "hello" }', to: '{ port: "80", title: "hello" }' }],
          },
        ],
      },
    ]);
  });

  test('says of each resource what is added, changed and removed', () => {
    const before = wanted('web1', { resources: [motd, logs] });
    const after = wanted('web1', {
      resources: [
        { ...motd, content: 'bye\n', mode: '0600' },
        { id: 'new', type: 'noop' },
      ],
    });
    expect(plan([after], [current(before)])).toMatchObject([
      {
        action: 'update',
        resources: after.resources,
        differences: [
          {
            id: 'motd',
            action: 'change',
            changes: [
              { what: 'content', from: 'hello\n', to: 'bye\n' },
              { what: 'mode', from: '', to: '0600' },
            ],
          },
          { id: 'new', action: 'add' },
          { id: 'logs', action: 'remove' },
        ],
      },
    ]);
  });

  test('notices policy and order', () => {
    const before = wanted('web1', { resources: [motd, logs] });
    const after = wanted('web1', { policy: 'correct', resources: [logs, motd] });
    expect(plan([after], [current(before)])).toMatchObject([
      {
        action: 'update',
        differences: [],
        changes: [
          { what: 'policy', from: 'report', to: 'correct' },
          { what: 'order', from: 'motd, logs', to: 'logs, motd' },
        ],
      },
    ]);
  });

  test('notices what comes after what, and shows it as a list of ids', () => {
    const before = wanted('web1', { resources: [motd, { ...logs, after: ['motd'] }] });
    const after = wanted('web1', { resources: [motd, { ...logs, after: ['motd', 'x'] }] });
    const planned = plan([after], [current(before)]);
    expect(planned).toMatchObject([
      { differences: [{ id: 'logs', action: 'change', changes: [{ what: 'after', from: 'motd', to: 'motd, x' }] }] },
    ]);
    expect(plan([after], [current(after)])).toEqual([{ action: 'unchanged', name: 'web1' }]);
  });

  test('destroys what is not named only when pruning was asked for', () => {
    const there = [current(wanted('old'))];
    expect(plan([], there)).toEqual([{ action: 'unmanaged', name: 'old' }]);
    expect(hasChanges(plan([], there))).toBe(false);
    expect(plan([], there, true)).toEqual([{ action: 'destroy', name: 'old' }]);
    expect(hasChanges(plan([], there, true))).toBe(true);
  });

  test('refuses to move a machine', () => {
    expect(() => plan([wanted('web1', { provider: 'other' })], [current(wanted('web1'))])).toThrow(
      /BAD_DOCUMENT: machines\.web1\.provider: is "other", but the machine is at "local"/,
    );
  });

  test('is shown without control characters, also of what the boss held before', () => {
    const before = wanted('web1', { resources: [{ ...motd, content: '\u001b[2J\u009b\nforged' }] });
    const text = planText(plan([wanted('web1', { resources: [motd] })], [current(before)]));
    expect(text).toBe(
      '~ update web1\n    ~ motd (file)\n        content: "\\u001b[2J\\u{9b}\\nforged" → "hello\\n"\n1 to update, 0 unchanged',
    );
  });

  test('has one record a machine for programs', () => {
    const machine = wanted('web1', { resources: [motd] });
    expect(planRecords(plan([machine, wanted('web2')], [current(machine), current(wanted('old'))]))).toEqual([
      { name: 'old', action: 'unmanaged' },
      { name: 'web1', action: 'unchanged' },
      { name: 'web2', action: 'create', provider: 'local', resources: [] },
    ]);
  });
});

test('after a plan was carried out there is nothing to do, whatever was there', () => {
  const resource = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    type: fc.constantFrom('file', 'noop'),
    content: fc.constantFrom('x', 'y'),
  });
  const machine = fc.record({
    name: fc.constantFrom('m1', 'm2', 'm3'),
    provider: fc.constant('local'),
    policy: fc.constantFrom<'report' | 'correct'>('report', 'correct'),
    resources: fc.uniqueArray(resource, { selector: ({ id }) => id }),
  });
  const fleet = fc.uniqueArray(machine, { selector: ({ name }) => name });
  fc.assert(
    fc.property(fleet, fleet, (document, there) => {
      let fleetNow: FleetMachine[] = there;
      for (const planned of plan(document, there.map(current), true)) {
        const others = fleetNow.filter(({ name }) => name !== planned.name);
        const before = fleetNow.find(({ name }) => name === planned.name)!;
        if (planned.action === 'destroy') fleetNow = others;
        if (planned.action === 'create') {
          fleetNow = [...others, { name: planned.name, ...planned.spec } as FleetMachine];
        }
        if (planned.action === 'update') {
          fleetNow = [...others, { ...before, policy: planned.policy, resources: planned.resources }];
        }
      }
      const again = plan(document, fleetNow.map(current), true);
      expect(again.every(({ action }) => action === 'unchanged')).toBe(true);
      expect(again).toHaveLength(document.length);
    }),
  );
});
