/**
 * What whoever holds a locator of a lesser facet can do with it, in a process of its own. The same statements, with the same arguments, are
 * run by the holder of each facet.
 */
import { E } from '@endo/far';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MachineAdminI, MachineObserverI, MachineOperatorI } from '../../src/protocol/interfaces.ts';
import type { Boss } from '../../src/protocol/remotes.ts';
import { methodsOf } from '../support/authority-walk.ts';
import { gobs, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { liveRowsOf } from '../support/e2e/live-rows.ts';
import { commitsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';

type Facet = 'observer' | 'operator' | 'admin';
const [observerMethods, operatorMethods, adminMethods] = [MachineObserverI, MachineOperatorI, MachineAdminI].map(
  (guard) => methodsOf(guard),
) as [readonly string[], readonly string[], readonly string[]];

/** By method, as text of a statement: what succeeds on the admin facet, in this order. */
const argumentsOf: Readonly<Record<string, string>> = {
  status: '',
  nextStatus: '0',
  facts: '',
  drift: '',
  log: '',
  nextLog: 'null',
  asObserver: '',
  check: '',
  converge: '',
  asOperator: '',
  desired: '',
  planBasis: '',
  lastApplied: '',
  applyDocument: `{ policy: 'report', resources: [], labels: {} }, { generation: 1, labels: {} }`,
  setLabels: `{ role: 'web' }`,
  setDesired: `{ policy: 'correct', resources: [{ id: 'motd', type: 'file', path: '/etc/motd', content: 'other' }] }`,
  bind: `'self', shared`,
  lookup: `'self'`,
  bindings: '',
  confirm: '',
  unbind: `'self'`,
  trace: '',
  asExecutor: '',
  asCopier: '',
  asJournal: '',
  start: '',
  stop: '',
  forget: '',
  destroy: '',
};

let sandbox: Sandbox;
let serving: ServingBoss;
let boss: Boss;
beforeEach(async () => {
  sandbox = await makeSandbox();
  serving = await startBoss(sandbox);
  boss = await serving.admin();
  const resources = [{ id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n' }];
  const machine = await E(boss).createMachine('web1', harden({ provider: 'local', resources }));
  await statusOnce(machine, isWell);
  await E(machine).check();
});
afterEach(() => sandbox.end());

/** The file of a locator that was shared on the command line. */
const share = async (name: string, facet: Facet): Promise<string> => {
  const { code, stdout } = await serving.gobs('share', name, '--as', facet);
  expect(code).toBe(0);
  return sandbox.write(`${name}-${facet}.locator`, stdout);
};

/** Calls each method in a REPL that has nothing but a locator. By method: `done`, or the code of the refusal. */
const attempt = async (file: string, methods: readonly string[]): Promise<Readonly<Record<string, string>>> => {
  const statements = methods.map(
    (method) =>
      `await E(shared).${method}(${argumentsOf[method]!}).then(() => 'done', (error) => error.message.split(':')[0])`,
  );
  const ran = await gobs(sandbox, ['repl', '--connect-file', file], { stdin: `${statements.join('\n')}\n` });
  expect(ran.code).toBe(0);
  const outcomes = ran.stdout.trim().split('\n');
  expect(outcomes).toHaveLength(methods.length);
  return Object.fromEntries(methods.map((method, at) => [method, outcomes[at]!]));
};

const all = (methods: readonly string[], outcome: string) =>
  Object.fromEntries(methods.map((method) => [method, outcome]));
const minus = (methods: readonly string[], others: readonly string[]): string[] =>
  Object.keys(argumentsOf).filter((method) => methods.includes(method) && !others.includes(method));

const rowsNow = async (): Promise<unknown> => ({
  rows: await liveRowsOf(sandbox, serving.state),
  commits: commitsOf(serving.state),
});

describe('a locator', () => {
  test('of an observer, used from another process, reads status and drift', async () => {
    const file = await share('web1', 'observer');
    const shown = await gobs(sandbox, ['machine', 'show', '--connect-file', file, '--json']);
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject({ name: 'web1', state: 'ready', online: true, drift: { ok: 1 } });
    const drift = await gobs(sandbox, ['drift', '--cached', '--connect-file', file, '--json']);
    expect(drift.code).toBe(0);
    expect(JSON.parse(drift.stdout)).toMatchObject([{ name: 'web1', resources: [{ id: 'motd', state: 'ok' }] }]);
    expect(await attempt(file, observerMethods)).toEqual(all(observerMethods, 'done'));
  });

  test('of an observer is refused every method of an operator and an admin, and leaves all rows equal', async () => {
    const file = await share('web1', 'observer');
    const greater = minus(adminMethods, observerMethods);
    expect(greater.toSorted()).toEqual(adminMethods.filter((method) => !observerMethods.includes(method)));
    const before = await rowsNow();
    expect(await attempt(file, greater)).toEqual(all(greater, 'NO_SUCH_METHOD'));
    expect(await attempt(file, observerMethods)).toEqual(all(observerMethods, 'done'));
    expect(await rowsNow()).toEqual(before);
  });

  test('of an operator is refused every method of an admin, and leaves all rows equal', async () => {
    const file = await share('web1', 'operator');
    const greater = minus(adminMethods, operatorMethods);
    const before = await rowsNow();
    expect(await attempt(file, greater)).toEqual(all(greater, 'NO_SUCH_METHOD'));
    expect(await rowsNow()).toEqual(before);
    expect(await attempt(file, operatorMethods)).toEqual(all(operatorMethods, 'done'));
  });

  test('of an admin is refused nothing with the same arguments', async () => {
    const file = await share('web1', 'admin');
    const before = await rowsNow();
    const first = minus(adminMethods, ['forget', 'destroy']);
    expect(await attempt(file, first)).toEqual(all(first, 'done'));
    expect(await rowsNow()).not.toEqual(before);
    await statusOnce(await E(boss).machine('web1'), ({ state, online }) => state === 'stopped' && !online);
    expect(await attempt(file, ['forget'])).toEqual({ forget: 'done' });

    await statusOnce(await E(boss).createMachine('web2', harden({ provider: 'local' })), isWell);
    expect(await attempt(await share('web2', 'admin'), ['destroy'])).toEqual({ destroy: 'done' });
  });
});
