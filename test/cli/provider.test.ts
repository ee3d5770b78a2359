import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeHarness } from './run-in-process.ts';

let at: Awaited<ReturnType<typeof makeHarness>>;
beforeEach(async () => {
  at = await makeHarness({});
});
afterEach(() => {
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

describe('provider add', () => {
  test('takes settings as what they look like, and secrets by their names', async () => {
    const words =
      'provider add dc1 --type ssh --set user=root --set port=2222 --set sudo=true --set zip=007 --set empty= --set e=a=b --secret passphrase=ssh-key';
    expect(await at.gobs(words)).toEqual({
      code: 0,
      stdout: '',
      stderr: 'gobs: dc1 is there; gobs machine create NAME --provider dc1 uses it\n',
    });
    expect(at.providers.get('dc1')).toEqual({
      type: 'ssh',
      settings: {
        user: 'root',
        port: 2222,
        sudo: true,
        zip: '007',
        empty: '',
        e: 'a=b',
        passphrase: { secret: 'ssh-key' },
      },
    });
    expect((await at.gobs('provider list')).stdout).toMatch(
      /^NAME +TYPE +SETTINGS\nlocal +local +-\ndc1 +ssh +user=root/,
    );
    await at.gobs('provider add dc2 --type ssh --secret password=ssh-key');
    expect((await at.gobs('provider list')).stdout).toContain('password=<secret ssh-key>');
    expect(JSON.parse((await at.gobs('provider list --json')).stdout)).toContainEqual({
      name: 'dc1',
      ...at.providers.get('dc1'),
    });
  });

  test.each([
    ['dc1', /required option '--type <type>'/],
    ['dc1 --type ssh --set user', /option --set: it must be such as key=value/],
    ['dc1 --type ssh --set =hunter2', /option --set: it must be such as key=value/],
    ['dc1 --type ssh --set a=1 --set a=hunter2', /option --set: a is given twice/],
    ['dc1 --type ssh --set a=hunter2 --secret a=b', /a is both a setting and a secret/],
    ['dc1 dc2 --type ssh', /too many arguments/],
    ['dc1 --type cloud', /there is no such type/],
  ])('refuses %s, and quotes no value', async (words, complaint) => {
    const { code, stdout, stderr } = await at.gobs(`provider add ${words}`);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(complaint);
    expect(stderr).not.toContain('hunter2');
    expect([...at.providers.keys()]).toEqual(['local']);
  });

  test('and remove again', async () => {
    await at.gobs('provider add dc1 --type ssh');
    expect(await at.gobs('provider remove dc1')).toEqual({ code: 0, stdout: '', stderr: 'gobs: dc1 is forgotten\n' });
    expect((await at.gobs('provider remove dc1')).stderr).toMatch(/NO_SUCH_PROVIDER/);
  });
});

describe('machine create with options', () => {
  const words = 'machine create web1 --provider local --option host=10.0.0.1 --option port=2222';
  const pinned = '--option hostKey=SHA256:a --option jumpKeys=SHA256:b';
  const created = () => at.machines.get('web1')?.options;

  test('hands them over, and asks nothing that they say', async () => {
    expect((await at.gobs(`${words} ${pinned}`, { tty: true })).code).toBe(0);
    expect(created()).toEqual({ host: '10.0.0.1', port: 2222, hostKey: 'SHA256:a', jumpKeys: 'SHA256:b' });
    expect(at.questions).toEqual([]);
  });

  test('asks a terminal for what nobody vouched for, one thing after the other, and keeps what was said', async () => {
    expect((await at.gobs(words, { tty: true, answer: 'yes' })).code).toBe(0);
    expect(at.questions).toEqual([
      'web1: root@10.0.0.1 shows a key that nobody knows. Is that its jumpKeys? [y/N] ',
      'web1: root@10.0.0.1 shows a key that nobody knows. Is that its hostKey? [y/N] ',
    ]);
    expect(created()).toMatchObject({ hostKey: 'SHA256:hostKey', jumpKeys: 'SHA256:jumpKeys' });
  });

  test.each(['', 'n', 'no', 'Y es', 'sure', 'yes please'])('takes %j for a no, and makes nothing', async (answer) => {
    const { code, stderr } = await at.gobs(words, { tty: true, answer });
    expect(code).toBe(1);
    expect(stderr).toMatch(/HOST_KEY_UNKNOWN: web1: nobody said yes, so nothing was made\nhint: set jumpKeys=/);
    expect(created()).toBeUndefined();
    expect(at.calls).not.toContain('create web1');
  });

  test('refuses where there is nobody to ask, and says how to say it beforehand', async () => {
    const { code, stderr } = await at.gobs(words);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /HOST_KEY_UNKNOWN: web1: root@10.0.0.1 shows .* There is nobody to ask\nhint: set jumpKeys=SHA256:jumpKeys/,
    );
    expect(at.questions).toEqual([]);
    expect(created()).toBeUndefined();
  });

  test('asks no provider that is told nothing', async () => {
    await at.gobs('machine create web1 --provider local');
    expect(at.calls.some((call) => call.startsWith('confirmations'))).toBe(false);
  });

  test.each(['--option host', '--option =x', '--option a=1 --option a=2', '--option'])('refuses %s', async (wrong) => {
    const { code, stderr } = await at.gobs(`machine create web1 --provider local ${wrong}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gobs: BAD_USAGE/);
    expect(created()).toBeUndefined();
  });
});

test('machine destroy says what it left', async () => {
  at.addReady('web1');
  at.leave('web1', ['root@10.0.0.1: what its resources made \u001b[31mstays']);
  const { code, stderr } = await at.gobs('machine destroy web1 --yes');
  expect(code).toBe(0);
  expect(stderr).toContain('gobs: left: root@10.0.0.1: what its resources made \\u{1b}[31mstays');
});
