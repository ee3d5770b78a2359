import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

const motd = { id: 'motd', type: 'noop' };
const drifted = (name: string): void => {
  at.addReady(name, { resources: [motd] }).differences.set('motd', [{ what: 'mode', from: '0600', to: '0644' }]);
  at.look(name, 'drifted', 'asked');
};

describe('status', () => {
  test('of a fleet that is as wanted is its counts, and exit 0', async () => {
    at.addReady('web1', { resources: [motd] });
    at.addReady('web2');
    const { code, stdout, stderr } = await at.gobs('status');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('machines:  2: 2 ready\nonline:    2 of 2\nresources: 1 ok\n');
  });

  test('of no machines is 0, too', async () => {
    expect(await at.gobs('status')).toEqual({
      code: 0,
      stdout: 'machines:  0\nonline:    0 of 0\nresources: -\n',
      stderr: '',
    });
  });

  test('is 2 where something has drifted and all are there', async () => {
    at.addReady('web1');
    drifted('web2');
    const { code, stdout } = await at.gobs('status');
    expect(code).toBe(2);
    expect(stdout).toMatch(/\n\nNAME +CONDITION +WHY\nweb2 +drifted +1 drifted\n$/);
  });

  test('lists the worst first', async () => {
    for (const name of [
      'a-stopped',
      'b-behind',
      'c-held',
      'd-offline',
      'e-failed',
      'f-fine',
      'g-unknown',
      'h-broken',
    ]) {
      at.addReady(name, { resources: [motd] });
    }
    drifted('a-drifted');
    at.set('a-stopped', { state: 'stopped', online: false });
    at.set('b-behind', { generation: 2 });
    at.set('c-held', { held: true });
    at.set('d-offline', { online: false, lastSeen: 40_000 });
    at.set('e-failed', {
      state: 'failed',
      online: false,
      failure: { in: 'creating', code: 'PROVIDER_FAILED', message: 'no room' },
    });
    const none = { ok: 0, drifted: 0, corrected: 0, failed: 0, unknown: 0, skipped: 0 };
    at.set('g-unknown', { drift: { ...none, unknown: 1, drifted: 4 } });
    at.set('h-broken', { drift: { ...none, failed: 2, unknown: 1 } });
    const { code, stdout } = await at.gobs('status');
    expect(code).toBe(3);
    const [counts = '', table = ''] = stdout.split('\n\n');
    expect(counts).toMatch(/^machines: +9: 7 ready, 1 stopped, 1 failed\nonline: +6 of 9\nheld: +1\nresources: /);
    const rows = table.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2).join(' '))).toEqual([
      'e-failed failed',
      'd-offline unreachable',
      'c-held held',
      'h-broken broken',
      'g-unknown unknown',
      'a-drifted drifted',
      'b-behind behind',
      'a-stopped stopped',
    ]);
    expect(rows[0]).toContain('PROVIDER_FAILED: no room (while creating)');
    expect(rows[1]).toContain('its hob is not connected, last seen 1 min ago');
    expect(rows[3]).toContain('2 failed, 1 unknown');
  });

  test.each([
    ['is stopped', { state: 'stopped', online: false }],
    ['runs without a hob', { online: false }],
    ['is held', { held: true }],
    ['is being made', { state: 'booting', online: false }],
    ['has not said how things are with what is wanted now', { generation: 7 }],
  ] as const)('is 3 where a machine %s', async (_what, status) => {
    at.addReady('web1');
    at.set('web1', status);
    expect(await at.gobs('status')).toMatchObject({ code: 3 });
  });

  test('shows no more than a screen, and says how many there are besides', async () => {
    for (let n = 0; n < 20; n += 1) drifted(`web${n}`);
    const { stdout, stderr } = await at.gobs('status');
    expect(stdout.split('\n')).toHaveLength(3 + 1 + 1 + 15 + 1);
    expect(stderr).toMatch(/^gobs: and 5 more; [^\n]+\n$/);
    expect((await at.gobs('status --limit 30')).stderr).toBe('');
  });

  test('with --json prints counts and the worst', async () => {
    at.addReady('web1', { resources: [motd] });
    drifted('web2');
    drifted('web3');
    const { code, stdout } = await at.gobs('status --json --limit 1');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      counts: {
        machines: 3,
        states: { ready: 3 },
        online: 3,
        held: 0,
        resources: { ok: 1, drifted: 2, corrected: 0, failed: 0, unknown: 0, skipped: 0 },
      },
      attention: [{ name: 'web2', condition: 'drifted', why: '1 drifted', state: 'ready', drift: { drifted: 1 } }],
      more: 1,
    });
  });

  test('what a provider says can forge no line', async () => {
    at.addReady('web1');
    const message = 'no\nweb9  ready  \u001b[2K\u202eevil';
    at.set('web1', { state: 'failed', online: false, failure: { in: 'starting', code: 'X', message } });
    const { stdout } = await at.gobs('status');
    expect(stdout.split('\n').filter((line) => line.startsWith('web'))).toHaveLength(1);
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
    expect((await at.gobs('status --json')).stdout).not.toMatch(/[\u001b\u202e]|\n./);
  });

  test('of what was shared is of that machine', async () => {
    at.addReady('web1');
    const { facets } = at.machines.get('web1')!;
    at.locators.set('gobs://shared', facets.observer);
    const file = `${at.directory}/shared`;
    await at.write('shared', 'gobs://shared\n');
    const { code, stdout } = await at.run(`status --connect-file ${file}`);
    expect(code).toBe(0);
    expect(stdout).toContain('machines:  1: 1 ready');
  });
});

describe('--on', () => {
  beforeEach(() => {
    at.addReady('web1');
    at.set('web1', { labels: { role: 'web' } });
    drifted('web2');
    at.set('web2', { labels: { role: 'web', canary: 'true' } });
    at.addReady('db1');
  });

  test.each([
    ['status', 2, 'machines:  3: 3 ready'],
    ['status --on role=web', 2, 'machines:  2: 2 ready'],
    ['status --on role=web,!canary', 0, 'machines:  1: 1 ready'],
    ['status --on role=db', 0, 'machines:  0'],
    ['drift --on !role', 0, ''],
    ['drift --on role', 2, 'web2'],
    ['machine list --on role=web,canary', 0, 'web2'],
    ['machine list --on role=mail', 0, ''],
  ])('%s is exit %i', async (words, code, shown) => {
    const ran = await at.gobs(words);
    expect(ran.code).toBe(code);
    expect(ran.stdout).toContain(shown);
    expect(ran.stdout).not.toContain('db1');
    expect(ran.stdout.includes('web1')).toBe(false);
  });

  test('is looked at before anybody is asked', async () => {
    const { code, stderr } = await at.gobs('status --on role=');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gobs: BAD_USAGE: .*at column 6: there must be a value, not the end/);
    expect(at.sessions().opened).toBe(0);
  });

  test('does not go with names', async () => {
    for (const command of ['drift', 'facts']) {
      expect(await at.gobs(`${command} web1 --on role=web`)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('BAD_USAGE: names, or --on, but not both'),
      });
    }
  });
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
  memory: { total: 2 ** 31, free: 2 ** 30 },
  disk: { total: 2 ** 40, free: 2 ** 30 },
  addresses: ['192.0.2.1', '2001:db8::1'],
  bootTime: 0,
  hob: '0.1.0',
});

describe('facts', () => {
  beforeEach(() => {
    at.addReady('web1');
    at.facts.set('web1', host);
  });

  test('of one machine are its fields', async () => {
    const { code, stdout } = await at.gobs('facts web1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^name: +web1\nsystem: +Debian 12, kernel 6\.1, x64\nhost name: +one\n/);
    expect(stdout).toMatch(/^memory: +1\.0 GiB free of 2\.0 GiB$/m);
    expect(stdout).toMatch(/^addresses: +192\.0\.2\.1, 2001:db8::1$/m);
  });

  test('of all are a row for each; one that never came makes it 3', async () => {
    expect(await at.gobs('facts')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^NAME .*\nweb1 +one /) });
    at.addReady('web2');
    const { code, stdout } = await at.gobs('facts');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^web2 +- +-/m);
  });

  test('with --json are an array', async () => {
    const { stdout } = await at.gobs('facts web1 --json');
    expect(JSON.parse(stdout)).toEqual([{ name: 'web1', facts: host }]);
  });

  test('of a machine that there is not are refused', async () => {
    expect(await at.gobs('facts web1 web7')).toMatchObject({ code: 1, stdout: '' });
  });

  test('that a host made up can forge no line', async () => {
    at.facts.set(
      'web1',
      harden({ ...host, hostname: 'a\nweb2  ok\u001b[1A\u2066', addresses: ['\u009b2K', 'b\u2028'] }),
    );
    for (const words of ['facts', 'facts web1', 'facts web1 --json']) {
      const { stdout } = await at.gobs(words);
      expect(stdout).not.toMatch(/[\u001b\u009b\u2028\u2066]|^web2/m);
    }
  });
});
