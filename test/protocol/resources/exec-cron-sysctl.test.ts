import { describe, expect, it } from 'vitest';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';

const problems = (resource: object): readonly string[] =>
  findResourceProblems([{ id: 'a', ...resource }]).map(
    ({ path, message }) => `${path.replace('resources[0].', '')}: ${message}`,
  );

describe('an exec', () => {
  const exec = (more: object) => problems({ type: 'exec', command: ['true'], ...more });
  it('is a list of words, and one thing at most that says whether it is due', () => {
    for (const more of [{}, { creates: '/x' }, { unless: ['false'] }, { 'only-notified': true }, { deadline: 3600 }]) {
      expect(exec({ ...more, user: 'ada', cwd: '/', environment: { A: 'b', C: 1 } })).toEqual([]);
    }
    expect(exec({ command: 'true' })).toEqual([expect.stringMatching(/^command: must be a list of words/)]);
    expect(exec({ command: [] })).toEqual(['command: must not be empty']);
    expect(exec({ command: ['a b'] })).toEqual(['command: must begin with a program, not "a b"']);
    expect(exec({ command: ['a', 'b\0c'] })).toEqual(['command: item 2 must not have a null character']);
    expect(exec({ creates: '/x', unless: ['false'] })).toEqual([
      'unless: must not stand beside creates: one says whether it is due',
    ]);
    expect(exec({ creates: '/x', user: 0, cwd: 'x', deadline: 0, environment: { 'a-b': '' } })).toEqual([
      'user: must be the name of a user, not the number 0',
      'cwd: must be absolute, beginning with "/", not "x"',
      'deadline: must be a number of seconds from 1 to 3600, not the number 0',
      'environment: has a name "a-b", and names are letters, digits and underscores',
    ]);
    expect(exec({ creates: '/x', environment: { A: 'b\nc' } })).toEqual(['environment: A must be one printable line']);
  });

  it('has no variable that would be taken for a secret', () => {
    const message = 'environment: must not have a variable secret: no secret goes into an environment';
    expect(exec({ creates: '/x', environment: { A: 'b', secret: 'hello world' } })).toEqual([message]);
    expect(exec({ creates: '/x', environment: { SECRET: 'hello world' } })).toEqual([]);
  });
});

describe('a sysctl', () => {
  const sysctl = (more: object) => problems({ type: 'sysctl', ...more });
  it('has a key that leads nowhere else, and words', () => {
    for (const key of [
      'net.ipv4.ip_forward',
      'net.ipv4.conf.eth0/100.rp_filter',
      'vm.swappiness',
      'kernel.core_pattern',
    ]) {
      expect(sysctl({ key, value: 1 })).toEqual([]);
    }
    for (const key of [
      'swappiness',
      '../../etc/passwd',
      'net..ipv4',
      'net.ipv4.',
      'a.b/../c',
      '/vm.x',
      'vm.a b',
      'vm.a\n',
      7,
    ]) {
      expect(sysctl({ key, value: 1 }), String(key)).toEqual([expect.stringMatching(/^key: must be names with dots/)]);
    }
    for (const value of ['', ' 1', '1  2', '1\n2', 1.5, true]) {
      expect(sysctl({ key: 'vm.x', value }), String(value)).toEqual([
        expect.stringMatching(/^value: must be a whole number/),
      ]);
    }
    expect(sysctl({ key: 'vm.x' })).toEqual(['value: is missing; a sysctl needs it, or absent: true']);
    expect(sysctl({ key: 'vm.x', value: 1, absent: true })).toEqual(['value: must not stand beside absent: true']);
  });

  it('is one at most for each key, and nobody else writes its file', () => {
    const one = { id: 'a', type: 'sysctl', key: 'vm.x', value: 1 };
    const file = { id: 'b', type: 'file', path: '/etc/sysctl.d/60-gobs-vm.x.conf', content: '' };
    expect(findResourceProblems([one, file])).toHaveLength(1);
    expect(findResourceProblems([one, { ...one, id: 'b' }])).toHaveLength(1);
  });
});

describe('a cron', () => {
  const cron = (more: object) => problems({ type: 'cron', name: 'job', schedule: '@daily', command: 'true', ...more });
  it('has a schedule that cron understands', () => {
    for (const schedule of [
      '* * * * *',
      '*/5 0-23/2 1,15 jan-mar,dec mon-fri',
      '59 23 31 12 7',
      '0 0 * * SUN',
      '@reboot',
    ]) {
      expect(cron({ schedule }), schedule).toEqual([]);
    }
    const bad: Readonly<Record<string, string>> = {
      '60 * * * *': 'has "60" for the minute',
      '* 24 * * *': 'has "24" for the hour',
      '* * 0 * *': 'has "0" for the day of month',
      '* * * foo *': 'has "foo" for the month',
      '* * * * 8': 'has "8" for the day of week',
      '*/0 * * * *': 'has "*/0" for the minute',
      '5/2 * * * *': 'has "5/2" for the minute',
      '9-3 * * * *': 'has "9-3" for the minute',
      '1, * * * *': 'has "1," for the minute',
    };
    for (const [schedule, message] of Object.entries(bad)) expect(cron({ schedule })).toEqual([`schedule: ${message}`]);
    for (const schedule of ['* * * *', '*  * * * *', '* * * * * root', '']) {
      expect(cron({ schedule })).toEqual([expect.stringMatching(/^schedule: must be five fields/)]);
    }
    expect(cron({ schedule: '@sometimes' })).toEqual([expect.stringMatching(/^schedule: must be one of @reboot/)]);
  });

  it('is one line, in a file that cron reads', () => {
    expect(cron({ name: 'a.b' })).toEqual([expect.stringMatching(/^name: must be letters/)]);
    expect(cron({ name: '../x' })).toEqual([expect.stringMatching(/^name: must be letters/)]);
    expect(cron({ command: 'a\n* * * * * root b' })).toEqual(['command: must be one printable line']);
    expect(cron({ command: 'date +\\%F' })).toEqual(['command: must have % as it is; it is escaped for cron']);
    expect(cron({ environment: { MAILTO: 'a"b' } })).toEqual([
      'environment: MAILTO must not have a " in it, which cron cannot read',
    ]);
    expect(problems({ type: 'cron', name: 'job', absent: true })).toEqual([]);
    expect(problems({ type: 'cron', name: 'job', schedule: '@daily' })).toEqual([
      'command: is missing; a cron needs schedule and command, or absent: true',
    ]);
  });
});
