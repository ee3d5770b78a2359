import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FleetMachine, FleetProvider } from '../../src/cli/fleet-schema.ts';
import { differenceBetween, undoneBy } from '../../src/cli/plan-differences.ts';
import { hasChanges, makePlan, refusalOf, type CurrentMachine, type PlannedAction } from '../../src/cli/plan.ts';
import { planRecords, planText } from '../../src/cli/views/plan.ts';
import type { ProviderEntry } from '../../src/protocol/remotes.ts';
import type { MachineStatus, Resource } from '../../src/protocol/shapes.ts';

const motd: Resource = { id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n' };
const logs: Resource = { id: 'logs', type: 'directory', path: '/var/log/app' };

const wanted = (name: string, patch: Partial<FleetMachine> = {}): FleetMachine => ({
  name,
  provider: 'local',
  policy: 'report',
  resources: [],
  options: {},
  labels: {},
  ...patch,
});

/** As a document made it. */
const current = ({ name, provider, policy, resources, labels, options }: FleetMachine): CurrentMachine => ({
  status: { name, provider, policy, labels } as MachineStatus,
  basis: {
    desired: { generation: 3, policy, resources },
    labels,
    options,
    applied: { at: 1_000, labels, same: true },
  },
});

const local = { name: 'local', type: 'local', settings: {} };
const wholePlan = (machines: FleetMachine[], there: CurrentMachine[], prune = false) =>
  makePlan({ machines, providers: [] }, there, { prune, providers: [local] });
const plan = (machines: FleetMachine[], there: CurrentMachine[], prune = false) =>
  wholePlan(machines, there, prune).machines;

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
    expect(plan([machine], [current(machine)])).toMatchObject([{ action: 'unchanged', name: 'web1', isNoted: true }]);
  });

  test('compares records key by key, in any order, and shows them', () => {
    const page: Resource = { id: 'page', type: 'file', path: '/page', data: { title: 'hello', port: 80 } };
    const same: Resource = { ...page, data: { port: 80, title: 'hello' } };
    const there = [current(wanted('web1', { resources: [page] }))];
    expect(plan([wanted('web1', { resources: [same] })], there)).toMatchObject([
      { action: 'unchanged', name: 'web1', isNoted: true },
    ]);
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
        wanted: { resources: after.resources },
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
    expect(plan([after], [current(after)])).toMatchObject([{ action: 'unchanged', name: 'web1', isNoted: true }]);
  });

  test('destroys what is not named only when pruning was asked for', () => {
    const there = [current(wanted('old'))];
    expect(plan([], there)).toEqual([{ action: 'unmanaged', name: 'old' }]);
    expect(hasChanges(wholePlan([], there))).toBe(false);
    expect(plan([], there, true)).toEqual([{ action: 'destroy', name: 'old' }]);
    expect(hasChanges(wholePlan([], there, true))).toBe(true);
  });

  test('refuses to move a machine', () => {
    expect(() => plan([wanted('web1', { provider: 'other' })], [current(wanted('web1'))])).toThrow(
      /BAD_DOCUMENT: machines\.web1\.provider: is "other", but the machine is at "local"/,
    );
  });

  test('is shown without control characters, also of what the boss held before', () => {
    const before = wanted('web1', { resources: [{ ...motd, content: '\u001b[2J\u009b\nforged' }] });
    const text = planText(wholePlan([wanted('web1', { resources: [motd] })], [current(before)]));
    expect(text).toBe(
      '~ update web1\n    ~ motd (file)\n        content: "\\u001b[2J\\u{9b}\\nforged" → "hello\\n"\n1 to update, 0 unchanged',
    );
  });

  test('has one record a machine for programs', () => {
    const machine = wanted('web1', { resources: [motd] });
    expect(planRecords(wholePlan([machine, wanted('web2')], [current(machine), current(wanted('old'))]))).toEqual([
      { name: 'old', action: 'unmanaged' },
      { name: 'web1', action: 'unchanged' },
      { name: 'web2', action: 'create', provider: 'local', resources: [] },
    ]);
  });
});

describe('a plan with what was changed by hand since the last document', () => {
  const web1 = (resources: readonly Resource[], patch: Partial<FleetMachine> = {}) =>
    wanted('web1', { resources, ...patch });
  /** The document said `base`, and then somebody changed it to `now`. */
  const changed = (base: FleetMachine, now: FleetMachine): CurrentMachine => {
    const there = current(now);
    const applied = { at: 1_000, labels: base.labels, same: false };
    return {
      ...there,
      basis: { ...there.basis!, applied },
      said: { policy: base.policy, resources: base.resources },
    };
  };
  /** Of a machine that no document said anything about. */
  const byHand = (now: FleetMachine): CurrentMachine => {
    const there = current(now);
    return { ...there, basis: { ...there.basis!, applied: null } };
  };
  const one = (document: FleetMachine, there: CurrentMachine): PlannedAction => plan([document], [there])[0]!;
  const refusal = (document: FleetMachine, there: CurrentMachine, overwrite = false): string | undefined => {
    const whole = wholePlan([document], [there]);
    return refusalOf(whole.machines[0]!, whole, overwrite)?.message;
  };
  const bye = { ...motd, content: 'bye\n' };
  const other = { ...motd, content: 'other\n' };

  test('shows what it would undo, and apply refuses that unless it is told to', () => {
    const there = changed(web1([motd]), web1([bye]));
    const planned = one(web1([motd]), there);
    expect(planned).toMatchObject({
      action: 'update',
      differences: [{ changes: [{ what: 'content', from: 'bye\n', to: 'hello\n' }] }],
      undoes: { differences: [{ id: 'motd', changes: [{ what: 'content', from: 'hello\n', to: 'bye\n' }] }] },
    });
    expect(refusal(web1([motd]), there)).toBe(
      'CHANGED_MEANWHILE: web1: motd was changed by hand since the last apply, and the document would undo it\n' +
        'hint: nothing was changed on web1: write it into the document, or apply with --overwrite',
    );
    expect(refusal(web1([motd]), there, true)).toBeUndefined();
    expect(planText(wholePlan([web1([motd])], [there]))).toBe(
      `~ update web1
    ~ motd (file)
        content: "bye\\n" → "hello\\n"
    changed since the last apply (1970-01-01 00:00:01Z), and undone by this; apply wants --overwrite:
        ~ motd (file)
            content: "hello\\n" → "bye\\n"
1 to update, 0 unchanged`,
    );
    expect(planRecords(wholePlan([web1([motd])], [there]))).toMatchObject([
      { name: 'web1', action: 'update', undoes: { changes: [], resources: [{ id: 'motd', action: 'change' }] } },
    ]);
  });

  test('has nothing against a document that says the same, and the boss is told that one did', () => {
    const there = changed(web1([motd]), web1([bye, logs], { labels: { role: 'web' } }));
    expect(one(web1([bye, logs], { labels: { role: 'web' } }), there)).toMatchObject({
      action: 'unchanged',
      isNoted: false,
    });
  });

  test('has nothing against one that goes on from there', () => {
    const there = changed(web1([motd]), web1([bye]));
    const further = web1([{ ...bye, mode: '0600' }, logs], { policy: 'correct' });
    expect(one(further, there)).toMatchObject({ action: 'update', undoes: { changes: [], differences: [] } });
    expect(refusal(further, there)).toBeUndefined();
  });

  test.each<[string, FleetMachine, FleetMachine, FleetMachine, string]>([
    ['a resource that was put in', web1([motd]), web1([motd, logs]), web1([motd]), 'logs'],
    ['a resource that was put in otherwise', web1([]), web1([bye]), web1([motd]), 'motd'],
    ['a resource that was taken out', web1([motd, logs]), web1([motd]), web1([motd, logs]), 'logs'],
    ['one property of two', web1([motd]), web1([{ ...motd, mode: '0600' }]), web1([other]), 'motd'],
    ['a policy', web1([]), web1([], { policy: 'correct' }), web1([]), 'policy'],
    ['a label', web1([]), web1([], { labels: { role: 'db' } }), web1([], { labels: { role: 'web' } }), 'label role'],
    ['a label that was put on', web1([]), web1([], { labels: { role: 'db' } }), web1([]), 'label role'],
    ['an order', web1([motd, logs]), web1([logs, motd]), web1([motd, logs]), 'order'],
  ])('would undo %s', (_what, base, now, document, what) => {
    expect(refusal(document, changed(base, now))).toContain(`web1: ${what} was changed by hand since the last apply`);
  });

  test('counts what was said of a machine before any document', () => {
    expect(refusal(web1([motd]), byHand(web1([])))).toBeUndefined();
    expect(refusal(web1([motd]), byHand(web1([logs])))).toContain('web1: logs was said by hand, and the document');
    expect(refusal(web1([logs, motd]), byHand(web1([logs])))).toBeUndefined();
  });

  test('agrees with a document that says whatever is there, and undoes no more than what was done', () => {
    const resource = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      type: fc.constantFrom('file', 'noop'),
      content: fc.constantFrom('x', 'y'),
    });
    const state = fc.record({
      policy: fc.constantFrom<'report' | 'correct'>('report', 'correct'),
      resources: fc.uniqueArray(resource, { selector: ({ id }) => id }),
      labels: fc.dictionary(fc.constantFrom('role', 'zone'), fc.constantFrom('a', 'b'), { noNullPrototype: true }),
    });
    const none = { changes: [], differences: [] };
    fc.assert(
      fc.property(state, state, state, (base, now, document) => {
        expect(undoneBy(base, now, now)).toEqual(none);
        expect(undoneBy(now, now, document)).toEqual(none);
        const undone = undoneBy(base, now, document).differences.map(({ id }) => id);
        const done = differenceBetween(base, now).differences.map(({ id }) => id);
        const planned = differenceBetween(now, document).differences.map(({ id }) => id);
        expect(done).toEqual(expect.arrayContaining(undone));
        expect(planned).toEqual(expect.arrayContaining(undone));
        // Back to where it was undoes all that was done.
        expect(undoneBy(base, now, base).differences.map(({ id }) => id)).toEqual(done);
      }),
    );
  });
});

describe('a plan with options and providers', () => {
  const dc1 = { name: 'dc1', type: 'ssh', settings: { user: 'root', passphrase: { secret: 'pass' } } };
  const both = (providers: FleetProvider[], known: ProviderEntry[], machines: FleetMachine[] = []) =>
    makePlan({ machines, providers }, [], { prune: false, providers: known });

  test('tells options that are others than those that the machine was made with, and apply leaves it alone', () => {
    const there = current(wanted('web1', { options: { host: '10.0.0.1', hostKey: 'SHA256:x', port: 22 } }));
    const document = wanted('web1', { options: { host: '10.0.0.2', port: 22 }, resources: [motd] });
    const whole = wholePlan([document], [there]);
    expect(planText(whole)).toBe(
      `~ update web1
    + motd (file)
! web1 was made with other options, and keeps them; apply leaves it alone
    host: "10.0.0.1" → "10.0.0.2"
1 to update, 0 unchanged`,
    );
    expect(refusalOf(whole.machines[0]!, whole, true)?.message).toContain(
      'BAD_SPEC: web1: it was made with another host, and its options stay as they are',
    );
    const nothingElse = wholePlan([wanted('web1', { options: { host: '10.0.0.2' } })], [there]);
    expect(hasChanges(nothingElse)).toBe(true);
    expect(planRecords(nothingElse)).toEqual([
      { name: 'web1', action: 'unchanged', options: [{ what: 'host', from: '10.0.0.1', to: '10.0.0.2' }] },
    ]);
  });

  test('is shown without control characters, whatever the boss and the document say', () => {
    const evil = '\u001b[2J\n- destroy all\u202e';
    const there = current(
      wanted('web1', { options: { [evil]: evil }, resources: [{ ...motd, id: evil, content: evil }] }),
    );
    const changed: CurrentMachine = {
      ...there,
      basis: { ...there.basis!, applied: { at: 1_000, labels: { [evil]: evil }, same: false } },
      said: { policy: 'report', resources: [{ ...motd, id: evil, content: `${evil}x` }] },
    };
    const document = wanted('web1', {
      options: { [evil]: `${evil}y` },
      resources: [{ ...motd, id: evil, content: 'x' }],
    });
    const known = { name: 'dc1', type: evil, settings: { [evil]: evil } };
    const whole = makePlan({ machines: [document], providers: [dc1] }, [changed], {
      prune: false,
      providers: [local, known],
    });
    const text = planText(whole);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(text.split('\n').filter((line) => line.startsWith('- destroy'))).toEqual([]);
    expect(text).toContain('destroy all');
  });

  test('tells a number from the text of it', () => {
    const there = current(wanted('web1', { options: { port: 22 } }));
    expect(plan([wanted('web1', { options: { port: '22' } })], [there])).toMatchObject([
      { options: [{ what: 'port' }] },
    ]);
  });

  test('makes providers that are missing, of which machines may be', () => {
    const whole = both(
      [dc1],
      [local],
      [wanted('web1', { provider: 'dc1', options: { host: 'h' }, labels: { a: 'b' } })],
    );
    expect(whole).toMatchObject({
      providers: [{ action: 'create', name: 'dc1', spec: { type: 'ssh', settings: dc1.settings } }],
      machines: [{ action: 'create', spec: { provider: 'dc1', options: { host: 'h' }, labels: { a: 'b' } } }],
    });
    expect(planText(whole)).toBe('+ create provider dc1 (ssh)\n+ create web1 at dc1\n1 to create, 0 unchanged');
    expect(planRecords(whole)).toMatchObject([{ kind: 'provider', name: 'dc1', action: 'create', type: 'ssh' }, {}]);
  });

  test('finds providers as they are, whatever the order of their settings', () => {
    const known = { ...dc1, settings: { passphrase: { secret: 'pass' }, user: 'root' } };
    expect(both([dc1], [known])).toEqual({ providers: [{ action: 'unchanged', name: 'dc1' }], machines: [] });
    expect(hasChanges(both([dc1], [known]))).toBe(false);
  });

  test('tells those that are others, and makes no machine there', () => {
    const known = { ...dc1, settings: { user: 'admin', agent: true } };
    const whole = both([dc1], [known], [wanted('web1', { provider: 'dc1' })]);
    expect(planText(whole)).toBe(
      `! provider dc1 is another, and stays as it is; gobs provider remove dc1 lets it be made anew
    user: "admin" → "root"
    passphrase: "" → "{ secret: \\"pass\\" }"
    agent: "true" → ""
+ create web1 at dc1
1 to create, 0 unchanged`,
    );
    expect(hasChanges(whole)).toBe(true);
    expect(refusalOf(whole.machines[0]!, whole, true)?.message).toContain(
      'PROVIDER_EXISTS: provider dc1 is another one',
    );
  });
});

test('10,000 resources, each changed by hand and by the document, cost no look of each at each', () => {
  const many = (content: string): Resource[] =>
    Array.from({ length: 10_000 }, (_, n) => ({ id: `file-${n}`, type: 'file', path: `/f/${n}`, content }));
  let looks = 0;
  const counting = (resources: readonly Resource[]): Resource[] =>
    resources.map(
      (resource) =>
        new Proxy(resource, {
          get: (target, key) => {
            looks += 1;
            return target[key as string];
          },
        }),
    );
  const said = { policy: 'report', labels: {} } as const;
  const undone = undoneBy(
    { ...said, resources: counting(many('base')) },
    { ...said, resources: counting(many('now')) },
    { ...said, resources: counting(many('document')) },
  );
  expect(undone.differences).toHaveLength(10_000);
  expect(looks).toBeLessThan(1_000_000);
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
    options: fc.constant({}),
    labels: fc.dictionary(fc.constantFrom('role', 'zone'), fc.constantFrom('a', 'b'), { noNullPrototype: true }),
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
          fleetNow = [...others, { name: planned.name, labels: {}, options: {}, ...planned.spec } as FleetMachine];
        }
        if (planned.action === 'update') {
          fleetNow = [...others, { ...before, ...planned.wanted }];
        }
      }
      const again = plan(document, fleetNow.map(current), true);
      expect(again.every(({ action }) => action === 'unchanged')).toBe(true);
      expect(again).toHaveLength(document.length);
    }),
  );
});
