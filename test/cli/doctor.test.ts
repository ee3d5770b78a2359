import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import type { Facts } from '../../src/protocol/shapes.ts';
import { makeHarness } from './run-in-process.ts';

type Harness = Awaited<ReturnType<typeof makeHarness>>;
let at: Harness;
beforeEach(async () => {
  at = await makeHarness();
});
afterEach(() => {
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

const host: Facts = harden({
  os: 'Debian 12',
  system: 'debian',
  release: '12',
  codename: 'bookworm',
  kernel: '6.1',
  architecture: 'x64',
  hostname: 'one',
  cpu: { model: 'some', count: 2 },
  memory: { total: 2, free: 1 },
  disk: { total: 100, free: 50 },
  addresses: [],
  bootTime: 0,
  hob: '1.2.3',
});

interface Found {
  about: string;
  code: string;
  what: string;
  hint: string;
}
const found = async (): Promise<{ code: number; findings: readonly Found[] }> => {
  const { code, stdout } = await at.gobs('doctor --json');
  return { code, findings: JSON.parse(stdout) as Found[] };
};
const only = async (): Promise<Found & { exit: number }> => {
  const { code: exit, findings } = await found();
  expect(findings).toHaveLength(1);
  return { exit, ...findings[0]! };
};

test('a fleet that is well has nothing to say', async () => {
  at.addReady('web1');
  at.facts.set('web1', host);
  at.set('web1', {});
  at.addReady('stopped');
  at.set('stopped', { state: 'stopped', online: false });
  expect(await at.gobs('doctor')).toEqual({ code: 0, stdout: '', stderr: 'nothing is wrong\n' });
  expect(await found()).toEqual({ code: 0, findings: [] });
});

test('no boss is exit 1, and says how to start one', async () => {
  at.running.boss = false;
  expect(await only()).toMatchObject({
    exit: 1,
    about: 'here',
    code: 'BOSS_NOT_RUNNING',
    hint: expect.stringContaining('gobs up'),
  });
});

test.each([
  ['the state directory', ''],
  ['the sealing key', 'sealing-key'],
  ["the admin's locator", 'admin.locator'],
])('%s that others can reach is exit 1', async (what, name) => {
  const path = join(at.state, name);
  if (name === 'sealing-key') fs.writeFileSync(path, 'x');
  fs.chmodSync(path, name === '' ? 0o750 : 0o640);
  expect(await only()).toMatchObject({
    exit: 1,
    code: 'permissions',
    what: expect.stringContaining(`others can reach ${what}`),
  });
});

test('a disk that is nearly full is exit 1', async () => {
  const { statfs } = fs.promises;
  const full = async (path: string) => ({ ...(await statfs(path)), blocks: 1_000, bavail: 20 });
  const { code, stdout } = await at.gobs('doctor --json', {
    powers: { fs: { ...fs.promises, statfs: full as never } },
  });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject([
    { about: 'here', code: 'disk', what: expect.stringContaining('2 % of the disk is free') },
  ]);
});

test('a provider that cannot say what it has is exit 1, with its reason', async () => {
  at.troubles.orphans = () => {
    throw makeError('PROVIDER_FAILED', 'cloud: 401', { hint: 'set its token' });
  };
  expect(await only()).toMatchObject({
    exit: 1,
    code: 'provider',
    what: 'PROVIDER_FAILED: cloud: 401',
    hint: 'set its token',
  });
});

test('a machine that nobody knows is exit 1', async () => {
  at.troubles.orphans = () => [{ provider: 'cloud', machineId: 'm9', state: 'running' }];
  expect(await only()).toMatchObject({ exit: 1, code: 'orphan', what: expect.stringContaining('cloud has m9') });
});

const none = { ok: 0, drifted: 0, corrected: 0, failed: 0, unknown: 0, skipped: 0 };
test.each([
  [
    'failed',
    { state: 'failed', online: false, failure: { in: 'creating', code: 'X', message: 'no' } },
    'X: no (while creating)',
  ],
  ['unreachable', { online: false }, 'its hob is not connected'],
  ['held', { held: true }, 'since the boss was restored'],
  ['broken', { drift: { ...none, failed: 1 } }, '1 failed'],
  ['drifted', { drift: { ...none, drifted: 1 } }, '1 drifted'],
] as const)('a machine that is %s is exit 3', async (code, status, what) => {
  at.addReady('web1');
  at.set('web1', status);
  expect(await only()).toMatchObject({
    exit: 3,
    about: 'web1',
    code,
    what: expect.stringContaining(what),
    hint: expect.stringContaining('web1'),
  });
});

test.each([
  ['disk', { disk: { total: 100, free: 3 } }, '3 % of its disk is free'],
  ['version', { hob: '1.0.0' }, 'its hob is version 1.0.0, this is 1.2.3'],
])('a host with a %s that is not as it should be is exit 3', async (code, facts, what) => {
  at.addReady('web1');
  at.facts.set('web1', harden({ ...host, ...facts }));
  expect(await only()).toMatchObject({ exit: 3, about: 'web1', code, what });
});

test('a host with another clock is exit 3', async () => {
  const machine = at.addReady('web1', { resources: [{ id: 'a', type: 'noop' }] });
  machine.report = harden({ ...machine.report!, at: 1_000 - 24 * 60 * 60_000 });
  expect(await only()).toMatchObject({
    exit: 3,
    code: 'clock',
    what: expect.stringContaining("its host's said 1969-12-31 00:00:01Z"),
  });
});

test('whoever was turned away lately is told of', async () => {
  at.addReady('web1');
  const refusal = {
    since: 1,
    times: 3,
    machine: 'web1',
    peerId: 'p',
    peers: [],
    address: '192.0.2.1:5',
    code: 'ENROLMENT_SPENT',
  };
  at.troubles.refusals = harden([
    { ...refusal, at: 40_000 },
    { ...refusal, at: -24 * 60 * 60_000 },
  ]);
  expect(await only()).toMatchObject({
    exit: 3,
    about: 'web1',
    what: expect.stringContaining('192.0.2.1:5 wanted to be its hob, 3 times'),
  });
});

test('each finding is one line and a hint, whatever a host or a provider says', async () => {
  at.addReady('web1');
  at.set('web1', {
    state: 'failed',
    online: false,
    failure: { in: 'creating', code: 'X', message: 'no\nhere: fine\u001b[2K\u202e' },
  });
  at.facts.set('web1', harden({ ...host, hob: '1\nb' }));
  const { stdout } = await at.gobs('doctor');
  expect(stdout.trimEnd().split('\n')).toHaveLength(4);
  expect(stdout).not.toMatch(/[\u001b\u202e]/);
});
