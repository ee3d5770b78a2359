/** What a host says of itself, and what is made of it. */
import { describe, expect, test } from 'vitest';
import { describeError } from '../../../../src/errors/gobs-error.ts';
import { readSurvey } from '../../../../src/providers/ssh/install/survey.ts';

const us = { machineId: 'm1', boss: 'b'.repeat(52) };
const lines: Readonly<Record<string, string>> = {
  system: 'Linux',
  machine: 'x86_64',
  uid: '0',
  programs: '/opt/gobs',
  directory: '/var/lib/gobs/hob',
  units: '/etc/systemd/system',
  service: 'system',
  programsfree: '/dev/vda1 1000000 400000 600000 40% /',
  statefree: '/dev/vdb 10 4 6 40% /var',
  libc: 'glibc 2.36',
  end: 'yes',
};
const whole = {
  whole: 'yes',
  owner: JSON.stringify(us),
  current: '1.0.0-abc',
  state: 'yes',
  runnable: 'yes',
  unit: 'yes',
  release: '1.0.0-abc',
};
const said = (more: Readonly<Record<string, string>> = {}) =>
  Object.entries({ ...lines, ...more })
    .filter(([, value]) => value !== '-')
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
const survey = (more?: Readonly<Record<string, string>>) => readSurvey(said(more), us, 'root@web1');
const refusal = (more: Readonly<Record<string, string>>) => {
  try {
    survey(more);
  } catch (error) {
    const { code, message } = describeError(error);
    return `${code} ${message}`;
  }
  return 'none';
};

describe('a survey', () => {
  test('knows architecture, C library, room and Node', () => {
    expect(survey({ node: 'v24.1.0 /usr/bin/node' })).toMatchObject({
      architecture: 'x64',
      libc: 'glibc',
      node: { path: '/usr/bin/node', version: 'v24.1.0' },
      free: { programs: 600_000 * 1024, state: 6 * 1024 },
      state: 'absent',
      owner: null,
    });
    expect(survey({ machine: 'riscv64', libc: 'musl', statefree: 'df: no' })).toMatchObject({
      architecture: 'riscv64',
      libc: 'musl',
      node: null,
      free: { state: null },
    });
  });

  test.each([
    ['stopped', whole],
    ['running', { ...whole, active: 'active' }],
    ['running', { ...whole, active: 'activating' }],
    ['running', { ...whole, service: 'own', supervise: 'yes', pid: '7' }],
    ['broken', { ...whole, service: 'own' }],
    ['broken', { ...whole, unit: '-' }],
    ['broken', { ...whole, runnable: '-' }],
    ['broken', { ...whole, state: '-' }],
    ['broken', { ...whole, removing: 'yes' }],
    ['broken', { maker: JSON.stringify(us), making: '/var/lib/gobs/hob.making.m1' }],
    ['broken', { leaving: JSON.stringify(us), removing: 'yes' }],
    ['broken', { whole: 'yes' }],
    ['absent', { ...whole, owner: JSON.stringify({ ...us, machineId: 'm2' }) }],
    ['absent', { ...whole, owner: JSON.stringify({ ...us, boss: 'c'.repeat(52) }) }],
  ] as const)('says %s', (state, more) => {
    expect(survey(more as Readonly<Record<string, string>>).state).toBe(state);
  });

  test('refuses a host on which no hob can be, and says why', () => {
    expect(refusal({ end: '-' })).toMatch(/^HOST_NOT_MANAGEABLE root@web1: its shell/);
    expect(refusal({ system: 'FreeBSD' })).toContain('it runs FreeBSD, not Linux');
    expect(refusal({ missing: 'setsid' })).toContain('it lacks setsid');
    expect(refusal({ homeless: '/nonexistent' })).toContain('/nonexistent cannot be written to');
  });

  test('believes no place that could be more than a place in a script or a unit', () => {
    for (const place of ['/opt/$(reboot)', "/opt/a'b", '/opt/a b', 'opt/gobs', '/opt/%h', '']) {
      expect(refusal({ programs: place })).toMatch(/^HOST_NOT_MANAGEABLE/);
    }
  });

  test('shows nothing that a host could forge a line with', () => {
    expect(refusal({ system: 'Linux2\u001b[31m\u202e' })).not.toMatch(/[\u001b\u202e]/);
    expect(survey({ ...whole, release: '1.0.0\u001b[2J' }).releases[0]).not.toContain('\u001b');
  });
});
