import { describe, expect, it } from 'vitest';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';
import { unitOfService } from '../../../src/protocol/resources/unit-name.ts';
import { unitPath } from '../../../src/protocol/resources/unit.ts';

const problemsOf = (...resources: readonly object[]): readonly string[] =>
  findResourceProblems(resources).map(({ path, message }) => `${path}: ${message}`);
const service = (more: object) => ({ id: 's', type: 'service', name: 'nginx', ...more });
const unit = (more: object) => ({ id: 'u', type: 'unit', name: 'app.service', content: '', ...more });

describe('the definition of a service', () => {
  it.each([
    ['a name', {}],
    ['an instance', { name: 'getty@tty1' }],
    ['another type of unit', { name: 'logrotate.timer' }],
    ['a name with dots', { name: 'org.example.app' }],
    ['all that it can say', { enabled: true, running: false, masked: false, 'on-notify': 'reload' }],
    ['what is masked and stopped', { masked: true, running: false, enabled: false }],
  ])('takes %s', (_what, more) => {
    expect(problemsOf(service(more))).toEqual([]);
  });

  it.each([
    ['a second spelling', { name: 'nginx.service' }, /name: must be without "\.service"/],
    ['a template', { name: 'getty@' }, /name: must be the name of a service/],
    ['an option', { name: '--now' }, /name: must be the name of a service/],
    ['a path', { name: '../x' }, /name: must be the name of a service/],
    ['text for a boolean', { running: 'yes' }, /running: must be true or false, not "yes"/],
    ['another effect', { 'on-notify': 'kill' }, /on-notify: must be restart or reload/],
    ['what is masked and runs', { masked: true, running: true }, /running: must not stand beside masked: true/],
    ['what is masked and enabled', { masked: true, enabled: true }, /enabled: must not stand beside masked: true/],
  ])('refuses %s', (_what, more, problem) => {
    expect(problemsOf(service(more))).toEqual([expect.stringMatching(problem)]);
  });

  it('refuses a second one of that name', () => {
    expect(problemsOf(service({}), { ...service({}), id: 't' })).toEqual([
      'resources[1]: "nginx" is the service of resources[0] too',
    ]);
  });

  it('may be told of changes', () => {
    expect(problemsOf({ id: 'f', type: 'file', path: '/etc/f', notify: ['s'] }, service({}))).toEqual([]);
  });

  it('is about a unit', () => {
    expect(unitOfService('nginx')).toBe('nginx.service');
    expect(unitOfService('org.example.app')).toBe('org.example.app.service');
    expect(unitOfService('logrotate.timer')).toBe('logrotate.timer');
  });
});

describe('the definition of a unit', () => {
  it.each([
    ['a service', {}],
    ['a template', { name: 'app@.service' }],
    ['a drop-in', { 'drop-in': '10-more', mode: '0600' }],
    ['a secret', { content: { secret: 'unit' }, mode: '0600' }],
    ['absence', { content: undefined, absent: true }],
  ])('takes %s', (_what, more) => {
    const { content, ...rest } = unit(more);
    expect(problemsOf(content === undefined ? rest : { ...rest, content })).toEqual([]);
  });

  it.each([
    ['a name without a type', { name: 'app' }, /name: must be the name of a unit with its type/],
    ['a path', { name: 'a/b.service' }, /name: must be the name of a unit/],
    ['a drop-in with its suffix', { 'drop-in': 'x.conf' }, /drop-in: must be the name of a drop-in without "\.conf"/],
    ['a secret that others could read', { content: { secret: 'unit' } }, /mode: must be given, and closed to others/],
    ['a drop-in elsewhere', { 'drop-in': '../x' }, /drop-in: must be the name of a drop-in/],
    ['absence with content', { absent: true }, /content: must not stand beside absent: true/],
  ])('refuses %s', (_what, more, problem) => {
    expect(problemsOf(unit(more))).toEqual([expect.stringMatching(problem)]);
  });

  it('refuses one that says neither what it is nor that it is absent', () => {
    expect(problemsOf({ id: 'u', type: 'unit', name: 'app.service' })).toEqual([
      'resources[0].content: is missing; a unit needs it, or absent: true',
    ]);
  });

  it('has a path of its own', () => {
    expect(unitPath({ name: 'app.service' })).toBe('/etc/systemd/system/app.service');
    expect(unitPath({ name: 'app.service', 'drop-in': 'x' })).toBe('/etc/systemd/system/app.service.d/x.conf');
    expect(problemsOf(unit({}), { id: 'f', type: 'file', path: '/etc/systemd/system/app.service' })).toEqual([
      'resources[1].path: "/etc/systemd/system/app.service" is the path of resources[0] too',
    ]);
  });
});
