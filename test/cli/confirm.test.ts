/** What the command line says of a boss that was restored from a backup, and how machines go on. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RestoreNotice } from '../../src/protocol/remotes.ts';
import { makeHarness } from './run-in-process.ts';

let at: Awaited<ReturnType<typeof makeHarness>>;
beforeEach(async () => {
  at = await makeHarness();
});
afterEach(() => at.end());

const notice: RestoreNotice = harden({
  taken: Date.UTC(2026, 10, 19, 2),
  restored: Date.UTC(2026, 10, 20, 8, 30),
  held: 2,
  absent: ['web2'],
  orphans: [{ provider: 'local', machineId: 'm7', state: 'running' }],
  silent: ['cloud\u001b[2J'],
});

const addHeld = (name: string) => {
  const machine = at.addReady(name, { resources: [{ id: 'a', type: 'noop' }] });
  at.set(name, { held: true });
  at.restore.notice = notice;
  return machine;
};

describe('a list with machines that are held', () => {
  test('shows which, and says on standard error what was found and what to do', async () => {
    for (const name of ['web1', 'web2']) addHeld(name);
    at.addReady('web3');
    const { code, stdout, stderr } = await at.gobs('machine list');
    expect(code).toBe(0);
    const states = stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2).join(': '));
    expect(states).toEqual(['NAME: STATE', 'web1: ready, held', 'web2: ready, held', 'web3: ready', '']);
    expect(stderr).toContain('taken 2026-11-19 02:00:00Z, restored 2026-11-20 08:30:00Z');
    expect(stderr).toContain('2 machines of it are held');
    expect(stderr).toContain('web2 is held, and its provider does not have it');
    expect(stderr).toContain('provider local has m7 (running), which is no machine of this boss');
    expect(stderr).toContain('provider cloud\\u{1b}[2J could not say');
    expect(stderr).toContain('gobs machine forget NAME');
    expect(stderr).toContain('gobs machine confirm NAME..., or --all');
  });

  test('says so to programs too, which get nothing else on standard output', async () => {
    addHeld('web1');
    const { stdout, stderr } = await at.gobs('machine list --json');
    expect(JSON.parse(stdout)).toMatchObject([{ name: 'web1', held: true }]);
    expect(stderr).toContain('held');
  });

  test('says nothing when all is confirmed', async () => {
    at.addReady('web1');
    at.restore.notice = { ...notice, held: 0 };
    expect((await at.gobs('machine list')).stderr).toBe('');
  });
});

test('a list says of whom the boss was seen when it was further on', async () => {
  for (let n = 1; n <= 12; n += 1) {
    at.addReady(`web${n}`);
    at.set(`web${n}`, { seenEpoch: 9 });
  }
  const { stderr } = await at.gobs('machine list');
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain('and 2 more');
  expect(stderr).toContain('older than it was');
});

test('one that is held says so when it is shown, and what its hob holds', async () => {
  addHeld('web1');
  at.set('web1', { generation: 2, holds: { generation: 4, same: false }, seenEpoch: 57 });
  const { stdout } = await at.gobs('machine show web1');
  expect(stdout).toMatch(/^state: +ready, held$/m);
  expect(stdout).toMatch(/^held: +since the boss was restored.*gobs machine confirm web1/m);
  expect(stdout).toContain('its hob holds generation 4, which says something else than generation 2 here');
  expect(stdout).toContain('opened 57 times');
  const { stdout: json } = await at.gobs('machine show web1 --json');
  expect(JSON.parse(json)).toMatchObject({ held: true, holds: { generation: 4, same: false }, seenEpoch: 57 });
});

describe('plan and apply', () => {
  const document =
    'machines:\n  web1:\n    provider: local\n    resources: [{ id: a, type: noop }, { id: b, type: noop }]\n';

  test('say that a machine is held, and take what it is to be', async () => {
    addHeld('web1');
    at.set('web1', { holds: { generation: 4, same: true } });
    await at.write('fleet.yaml', document);
    const plan = await at.gobs('plan fleet.yaml');
    expect(plan.code).toBe(3);
    expect(plan.stderr).toContain('web1 is held; its hob holds generation 4, which says the same as');
    const apply = await at.gobs('apply fleet.yaml');
    expect(apply.code).toBe(3);
    expect(apply.stderr).toContain('RESTORE_UNCONFIRMED: web1 is held; it takes the change when it is confirmed');
    expect(at.calls).toContain('apply web1');
  });
});

describe('confirm', () => {
  test('confirms those that are named, and looks them all up first', async () => {
    for (const name of ['web1', 'web2']) addHeld(name);
    const { code, stderr } = await at.gobs('machine confirm web1 nowhere');
    expect(code).toBe(1);
    expect(stderr).toContain('NO_SUCH_MACHINE');
    expect(at.calls).toEqual([]);
    expect((await at.gobs('machine confirm web1 web1')).code).toBe(0);
    expect(at.calls).toEqual(['confirm web1']);
  });

  test('--all confirms what is held, or is known to be older, and nothing else', async () => {
    for (const name of ['web1', 'web2']) addHeld(name);
    at.addReady('web3');
    at.addReady('web4');
    at.set('web4', { seenEpoch: 9 });
    const { code, stderr } = await at.gobs('machine confirm --all');
    expect(code).toBe(0);
    expect([...at.calls].sort()).toEqual(['confirm web1', 'confirm web2', 'confirm web4']);
    expect(stderr).toContain('3 of 3 confirmed');
    expect((await at.gobs('machine confirm --all')).stderr).toContain('no machine is held');
  });

  test('says which it could not confirm', async () => {
    for (const name of ['web1', 'web2']) addHeld(name);
    at.unwritable.add('web2');
    const { code, stderr } = await at.gobs('machine confirm --all');
    expect(code).toBe(3);
    expect(stderr).toContain('COMMIT_FAILED: web2: the turn could not be written');
    expect(stderr).toContain('1 of 2 confirmed');
  });

  test.each(['', ' web1 --all'])('wants names or --all: machine confirm%s', async (words) => {
    addHeld('web1');
    const { code, stderr } = await at.gobs(`machine confirm${words}`);
    expect(code).toBe(1);
    expect(stderr).toContain('BAD_USAGE');
    expect(at.calls).toEqual([]);
  });
});
