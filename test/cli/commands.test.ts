import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeHarness } from './run-in-process.ts';

type Harness = Awaited<ReturnType<typeof makeHarness>>;
let at: Harness;
const start = async (held = false) => {
  at?.end();
  at = await makeHarness({ held });
};
beforeEach(() => start());
afterEach(() => {
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

const json = (text: string): unknown => JSON.parse(text);

describe('machine create', () => {
  test('waits until the machine is ready, and prints it', async () => {
    const { code, stdout, stderr } = await at.gobs('machine create web1 --provider local');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^NAME +STATE.*\nweb1 +ready +yes/);
  });

  test('with --json prints one object with the keys of machine list', async () => {
    const { code, stdout } = await at.gobs('machine create web1 --provider local --policy correct --json');
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ name: 'web1', id: 'm1', state: 'ready', online: true, policy: 'correct' });
  });

  test('with --no-wait returns when the boss has taken it', async () => {
    await start(true);
    const { code, stdout } = await at.gobs('machine create web1 --provider local --no-wait --json');
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ state: 'requested', online: false });
  });

  test.each([
    ['web1 --provider nowhere', 'NO_SUCH_PROVIDER', 'hint: gobs provider list'],
    ['Web1 --provider local', 'BAD_NAME', ''],
  ])('%s is refused in one line', async (words, code, hint) => {
    const ran = await at.gobs(`machine create ${words}`);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(new RegExp(`^gobs: ${code}: [^\\n]+\\n(hint: [^\\n]+\\n)?$`));
    expect(ran.stderr).toContain(hint);
    expect([...at.machines.keys()]).toEqual([]);
  });

  test('a name that is taken is refused, and the machine stays as it is', async () => {
    await at.gobs('machine create web1 --provider local');
    const before = at.machines.get('web1')!.status;
    const { code, stderr } = await at.gobs('machine create web1 --provider local');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gobs: NAME_TAKEN: web1/);
    expect(at.machines.get('web1')!.status).toBe(before);
  });

  test('a machine that fails is exit 1, with the reason', async () => {
    await start(true);
    const running = at.gobs('machine create web1 --provider local');
    await at.clock.awaitTimer();
    at.set('web1', {
      state: 'failed',
      failure: { in: 'creating', code: 'PROVIDER_FAILED', message: 'no room\u001b[2J', hint: 'make room' },
    });
    const { code, stdout, stderr } = await running;
    expect(code).toBe(1);
    expect(stdout).toContain('failed');
    expect(stderr).toBe('gobs: PROVIDER_FAILED: web1: no room\\u{1b}[2J (while creating)\nhint: make room\n');
  });

  test('the deadline ends the waiting with 3, and says that the work goes on', async () => {
    await start(true);
    const running = at.gobs('machine create web1 --provider local --timeout 10s');
    await at.clock.awaitTimer();
    at.clock.advance(9_999);
    at.set('web1', { state: 'creating' });
    await at.clock.awaitTimer(2);
    at.clock.advance(2);
    const { code, stderr } = await running;
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^gobs: TIMED_OUT: web1 is still creating; the work goes on\nhint: gobs machine show web1\n$/,
    );
  });

  test('an interrupt ends the waiting with 3, and says that the work goes on and how to look', async () => {
    await start(true);
    const running = at.gobs('machine create web1 --provider local');
    await at.clock.awaitTimer();
    at.interrupt();
    const { code, stderr } = await running;
    expect(code).toBe(3);
    expect(stderr).toBe(
      'gobs: interrupted: the work goes on; look at it with gobs machine list, or gobs machine show NAME\n',
    );
    expect(at.machines.has('web1')).toBe(true);
  });

  test('progress is on a terminal only', async () => {
    const quiet = await at.gobs('machine create web1 --provider local');
    expect(quiet.stderr).toBe('');
    await start(true);
    const running = at.gobs('machine create web1 --provider local', { tty: true });
    await at.clock.awaitTimer();
    at.set('web1', { state: 'ready', online: true });
    expect((await running).stderr).toContain('web1: requested');
  });
});

describe('machine list and show', () => {
  test('list prints a table, all pages of it', async () => {
    for (const name of ['web3', 'web1', 'web2']) at.addReady(name);
    const { code, stdout } = await at.gobs('machine list');
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['NAME', 'web1', 'web2', 'web3', '']);
  });

  test('list --json is an array with exactly the documented keys', async () => {
    at.addReady('web1');
    const { stdout } = await at.gobs('machine list --json');
    const [machine] = json(stdout) as Record<string, unknown>[];
    expect(Object.keys(machine!)).toEqual([
      'name',
      'id',
      'provider',
      'state',
      'online',
      'lastSeen',
      'generation',
      'policy',
      'labels',
      'drift',
      'held',
    ]);
    expect(machine!.drift).toEqual({ ok: 0, drifted: 0, corrected: 0, failed: 0, unknown: 0, skipped: 0 });
  });

  test('an empty list is [] for programs, and a note for people', async () => {
    expect((await at.gobs('machine list --json')).stdout).toBe('[]\n');
    const { stdout, stderr } = await at.gobs('machine list');
    expect(stdout).toBe('');
    expect(stderr).toContain('gobs machine create');
  });

  test('show has status and log', async () => {
    at.addReady('web1');
    expect((await at.gobs('machine show web1')).stdout).toMatch(
      /^name: +web1\n[^]*WHEN +WHAT\n1970-01-01 00:00:01Z +requested\n$/,
    );
    expect(json((await at.gobs('machine show web1 --json')).stdout)).toMatchObject({
      name: 'web1',
      facts: null,
      log: [{ what: 'requested' }],
    });
  });

  test('a machine that is not there is one line and exit 1', async () => {
    const { code, stdout, stderr } = await at.gobs('machine show web9');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('gobs: NO_SUCH_MACHINE: web9: there is no such machine\n');
  });
});

describe('machine start, stop, destroy, forget', () => {
  test('stop and start wait until they have', async () => {
    at.addReady('web1');
    expect((await at.gobs('machine stop web1')).code).toBe(0);
    expect(at.machines.get('web1')!.status.state).toBe('stopped');
    expect((await at.gobs('machine start web1')).code).toBe(0);
    expect(at.machines.get('web1')!.status.state).toBe('ready');
  });

  test('one mistyped name of several changes nothing', async () => {
    at.addReady('web1');
    const { code } = await at.gobs('machine stop web1 web9');
    expect(code).toBe(1);
    expect(at.machines.get('web1')!.status.state).toBe('ready');
  });

  test('destroy without a terminal wants --yes, and asks the boss for nothing', async () => {
    at.addReady('web1');
    const { code, stderr } = await at.gobs('machine destroy web1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gobs: BAD_USAGE: destroying web1 wants --yes/);
    expect(at.calls).toEqual([]);
  });

  test('destroy --yes waits until the machine is gone', async () => {
    at.addReady('web1');
    expect(await at.gobs('machine destroy web1 --yes')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(at.machines.has('web1')).toBe(false);
  });

  test('on a terminal destroy wants the name, and nothing else will do', async () => {
    at.addReady('web1');
    const refused = await at.gobs('machine destroy web1', { tty: true, answer: 'yes' });
    expect(refused.code).toBe(1);
    expect(at.calls).toEqual([]);
    expect(at.questions[0]).toContain('web1');
    expect((await at.gobs('machine destroy web1', { tty: true, answer: 'web1' })).code).toBe(0);
    expect(at.calls).toEqual(['destroy web1']);
  });

  test('forget says what remains', async () => {
    at.addReady('web1');
    at.addReady('web2');
    expect((await at.gobs('machine forget web1')).stdout).toBe('directory /srv/web1\n');
    expect(json((await at.gobs('machine forget web2 --json')).stdout)).toEqual({
      name: 'web2',
      remains: ['directory /srv/web2'],
    });
  });
});

const fleet = (lines: string) => `machines:\n${lines}`;
const oneMachine = fleet(
  '  web1:\n    provider: local\n    resources: [{ id: motd, type: file, path: /etc/motd, content: "hello\\n" }]\n',
);

describe('plan and apply', () => {
  test('plan says what apply would do, exits 2, and changes nothing', async () => {
    await at.write('fleet.yaml', oneMachine);
    const { code, stdout } = await at.gobs('plan fleet.yaml');
    expect(code).toBe(2);
    expect(stdout).toBe('+ create web1 at local\n    + motd (file)\n1 to create, 0 unchanged\n');
    expect(at.calls).toEqual([]);
  });

  test('apply does what plan said; then both have nothing to do', async () => {
    await at.write('fleet.yaml', oneMachine);
    const planned = (await at.gobs('plan fleet.yaml')).stdout;
    const applied = await at.gobs('apply fleet.yaml');
    expect(applied.code).toBe(0);
    expect(applied.stdout).toBe(planned);
    expect(at.calls).toEqual(['create web1']);
    expect(await at.gobs('plan fleet.yaml')).toMatchObject({ code: 0, stdout: '1 unchanged\n' });
    expect((await at.gobs('apply fleet.yaml')).code).toBe(0);
    expect(at.calls).toEqual(['create web1']);
  });

  test('a change of one property is an update, shown from what to what', async () => {
    await at.write('fleet.yaml', oneMachine);
    await at.gobs('apply fleet.yaml');
    await at.write('fleet.yaml', oneMachine.replace('hello', 'goodbye'));
    const { code, stdout } = await at.gobs('plan fleet.yaml');
    expect(code).toBe(2);
    expect(stdout).toContain('~ update web1\n    ~ motd (file)\n        content: "hello\\n" → "goodbye\\n"\n');
    expect((await at.gobs('apply fleet.yaml --json')).stdout).toBe(
      '{"name":"web1","action":"update","outcome":"done"}\n',
    );
    expect(at.machines.get('web1')!.desired.resources[0]).toMatchObject({ content: 'goodbye\n' });
  });

  test('a machine that the document does not name is left alone without --prune', async () => {
    at.addReady('old1');
    await at.write('fleet.yaml', oneMachine);
    const { code, stdout } = await at.gobs('apply fleet.yaml');
    expect(code).toBe(0);
    expect(stdout).toContain('  unmanaged old1: not in the document, left alone\n');
    expect([...at.machines.keys()].sort()).toEqual(['old1', 'web1']);
  });

  test('--prune wants --yes without a terminal, before anything is changed', async () => {
    at.addReady('old1');
    await at.write('fleet.yaml', oneMachine);
    const { code, stderr } = await at.gobs('apply fleet.yaml --prune');
    expect(code).toBe(1);
    expect(stderr).toMatch(/BAD_USAGE: destroying old1 wants --yes/);
    expect(at.calls).toEqual([]);
    expect((await at.gobs('apply fleet.yaml --prune --yes')).code).toBe(0);
    expect([...at.machines.keys()]).toEqual(['web1']);
  });

  test('an offline machine is exit 3 for plan, and for apply after some patience', async () => {
    const machine = at.addReady('web1');
    at.set('web1', { online: false });
    await at.write('fleet.yaml', oneMachine);
    expect((await at.gobs('plan fleet.yaml')).code).toBe(3);
    const running = at.gobs('apply fleet.yaml');
    await at.clock.awaitTimer();
    at.clock.advance(20_000);
    const { code, stderr } = await running;
    expect(code).toBe(3);
    expect(stderr).toContain('gobs: HOB_UNREACHABLE: web1 is offline; it takes the change when it is back\n');
    expect(machine.desired.resources).toHaveLength(1);
  });

  test('drift under the policy report is left, and said', async () => {
    await at.write('fleet.yaml', oneMachine);
    await at.gobs('apply fleet.yaml');
    at.machines.get('web1')!.differences.set('motd', [{ what: 'mode', from: '0600', to: '0644' }]);
    at.look('web1', 'drifted', 'interval');
    const said = 'gobs: web1: 1 drifted; its policy is report; gobs drift web1 shows how it differs\n';
    expect(await at.gobs('plan fleet.yaml')).toEqual({ code: 2, stdout: '1 unchanged\n', stderr: said });
    expect(await at.gobs('apply fleet.yaml')).toEqual({ code: 0, stdout: '1 unchanged\n', stderr: said });
    expect(at.calls).toEqual(['create web1']);
  });

  test('some failed and some done is exit 3; all failed is exit 1', async () => {
    at.unwritable.add('web2');
    await at.write('fleet.yaml', `${oneMachine}  web2: { provider: local }\n`);
    const some = await at.gobs('apply fleet.yaml --json');
    expect(some.code).toBe(3);
    expect(some.stdout.trim().split('\n').map(json)).toEqual([
      {
        name: 'web2',
        action: 'create',
        outcome: 'failed',
        error: expect.objectContaining({ code: 'COMMIT_FAILED' }),
      },
      { name: 'web1', action: 'create', outcome: 'done' },
    ]);
    await at.write('fleet.yaml', fleet('  web2: { provider: local }\n'));
    expect((await at.gobs('apply fleet.yaml')).code).toBe(1);
  });

  test('a resource that failed is a failure', async () => {
    await start(true);
    await at.write('fleet.yaml', oneMachine);
    const running = at.gobs('apply fleet.yaml');
    await at.clock.awaitTimer();
    const drift = { ok: 0, drifted: 0, corrected: 0, failed: 1, unknown: 0, skipped: 0 };
    at.set('web1', { state: 'ready', online: true, reported: 1, drift });
    const { code, stderr } = await running;
    expect(code).toBe(1);
    expect(stderr).toContain('gobs: MACHINE_FAILED: web1: 1 of its resources failed\nhint: gobs drift web1 --cached\n');
  });

  test.each(['plan', 'apply'])('%s with a bad document is one line, and the boss is not even asked', async (verb) => {
    await at.write('fleet.yaml', oneMachine.replace('path: /etc/motd', 'mode: 0644, path: /etc/motd'));
    const { code, stdout, stderr } = await at.gobs(`${verb} fleet.yaml`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^gobs: BAD_DOCUMENT: fleet\.yaml:4: machines\.web1\.resources\[0\]\.mode: [^\n]+\n$/);
    expect(at.sessions().opened).toBe(0);
  });

  test('a document can come from standard input', async () => {
    expect(await at.gobs('plan -', { stdin: oneMachine })).toMatchObject({ code: 2 });
  });

  test('a machine cannot move to another provider', async () => {
    at.addReady('web1');
    await at.write('fleet.yaml', fleet('  web1: { provider: other }\n'));
    expect(await at.gobs('plan fleet.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/BAD_DOCUMENT: machines.web1.provider/),
    });
  });

  test('init writes a document that plan takes, and never over another', async () => {
    expect((await at.run('init')).code).toBe(0);
    expect((await at.gobs('plan fleet.yaml')).code).toBe(2);
    await at.write('fleet.yaml', 'mine');
    expect((await at.run('init')).code).toBe(1);
    expect((await at.gobs('plan fleet.yaml')).stderr).toContain('BAD_DOCUMENT');
  });
});

describe('drift', () => {
  const resources = [{ id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n' }];
  const changes = [{ what: 'content', from: '"evil\u001b[31m\nroot  /etc/shadow"', to: '"hello\\n"' }];

  test('nothing drifted is exit 0', async () => {
    at.addReady('web1', { resources });
    expect(await at.gobs('drift')).toEqual({ code: 0, stdout: '', stderr: 'everything is as wanted\n' });
  });

  test('what drifted is shown from what to what, and exits 2; text of a host forges no lines', async () => {
    at.addReady('web1', { resources }).differences.set('motd', changes);
    const { code, stdout } = await at.gobs('drift web1');
    expect(code).toBe(2);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stdout).toMatch(
      /\nweb1 +motd +drifted +content +"evil\\u\{1b\}\[31m\\nroot {2}\/etc\/shadow" +"hello\\n"\n$/,
    );
  });

  test('--json has the report', async () => {
    at.addReady('web1', { resources }).differences.set('motd', changes);
    const { stdout } = await at.gobs('drift web1 --json');
    expect(json(stdout)).toEqual([
      {
        name: 'web1',
        online: true,
        receivedAt: 1_000,
        resources: [{ id: 'motd', type: 'file', state: 'drifted', changes }],
      },
    ]);
  });

  test('an offline machine is 3, which beats 2; its last report is shown', async () => {
    at.addReady('web1', { resources }).differences.set('motd', changes);
    at.look('web1', 'drifted', 'interval');
    at.addReady('web2', { resources }).differences.set('motd', changes);
    at.set('web1', { online: false });
    const { code, stdout } = await at.gobs('drift');
    expect(code).toBe(3);
    expect(stdout).toMatch(/web1 +- +unknown +offline; reported 1 min ago/);
    expect(stdout).toMatch(/web1 +motd +drifted[^]*web2 +motd +drifted/);
  });

  test('--cached asks no hob, and shows the age', async () => {
    at.addReady('web1', { resources });
    const { code, stdout } = await at.gobs('drift web1 --cached');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^MACHINE +ONLINE +REPORTED\nweb1 +yes +1 min ago\n$/);
    expect(at.calls).toEqual([]);
  });

  test('a hob that does not answer is 3 at the deadline', async () => {
    at.addReady('web1', { resources });
    at.deaf.add('web1');
    const running = at.gobs('drift web1 --timeout 30s --json');
    await at.clock.awaitTimer();
    at.clock.advance(30_000);
    const { code, stdout } = await running;
    expect(code).toBe(3);
    expect(json(stdout)).toMatchObject([{ name: 'web1', resources: null, error: { code: 'TIMED_OUT' } }]);
  });

  test('converge makes machines as wanted, and shows what was mended', async () => {
    at.addReady('web1', { resources }).differences.set('motd', changes);
    const { code, stdout } = await at.gobs('converge web1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/web1 +motd +corrected/);
    expect(at.calls).toEqual(['converge web1']);
  });

  test('converge of a machine that is offline is 3', async () => {
    at.addReady('web1', { resources });
    at.set('web1', { online: false });
    expect((await at.gobs('converge web1')).code).toBe(3);
  });

  test('converge asks for names', async () => {
    expect((await at.gobs('converge')).code).toBe(1);
    expect((await at.gobs('converge web9')).stderr).toMatch(/^gobs: NO_SUCH_MACHINE: /);
  });
});

describe('share, and what was shared', () => {
  const share = async (facet: string) => {
    at.addReady('web1');
    const { code, stdout } = await at.gobs(`share web1 --as ${facet}`);
    expect(code).toBe(0);
    await at.write('shared', stdout);
    return stdout.trim();
  };

  test('prints the locator, alone, on standard output', async () => {
    expect(await share('observer')).toMatch(/^gobs:\/\/\S+$/);
    expect(at.locators.values().next().value).toBe(at.machines.get('web1')!.facets.observer);
  });

  test('an observer locator shows the machine and its last report', async () => {
    await share('observer');
    expect((await at.run('machine show --connect-file shared')).stdout).toMatch(/^name: +web1/);
    expect((await at.run('drift --cached --connect-file shared')).code).toBe(0);
    const refused = await at.run('drift --connect-file shared');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--cached') });
  });

  test('an operator locator also lets its hob be asked', async () => {
    await share('operator');
    expect((await at.run('drift --connect-file shared')).code).toBe(0);
    expect(at.calls).toEqual(['check web1']);
  });

  test('a machine is no boss', async () => {
    await share('admin');
    expect(await at.run('machine list --connect-file shared')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not a boss'),
    });
  });

  test('a locator can come from standard input, and from a file that others can read only with a warning', async () => {
    const locator = await share('observer');
    expect((await at.run('machine show --connect-file -', { stdin: `${locator}\n` })).stderr).toBe('');
    expect((await at.run('machine show --connect-file shared')).stderr).toMatch(/^gobs: .*others can read it/);
  });
});

test('providers are listed', async () => {
  expect((await at.gobs('provider list')).stdout).toBe('NAME   TYPE   SETTINGS\nlocal  local  -\n');
  expect(json((await at.gobs('provider list --json')).stdout)).toEqual([
    { name: 'local', type: 'local', settings: {} },
  ]);
});

test('no boss where one was looked for is one line with a hint', async () => {
  const { code, stdout, stderr } = await at.run(`machine list --state ${at.directory}/other`);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    `gobs: BOSS_NOT_RUNNING: no boss is running in ${at.directory}/other\nhint: start one with gobs up --state ${at.directory}/other\n`,
  );
});
