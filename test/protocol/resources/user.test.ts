import { describe, expect, it } from 'vitest';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';

const problemsOf = (...resources: readonly object[]): readonly string[] =>
  findResourceProblems(resources).map(({ path, message }) => `${path}: ${message}`);
const user = (more: object = {}) => ({ id: 'u', type: 'user', name: 'ada', ...more });
const group = (more: object = {}) => ({ id: 'g', type: 'group', name: 'crew', ...more });

describe('the definition of a user', () => {
  it.each([
    ['a name', {}],
    [
      'all there is to say',
      { uid: 1, group: 'crew', groups: [], home: '/h', shell: '/s', comment: '', locked: true, system: true },
    ],
    [
      'a hash by yescrypt',
      { 'password-hash': '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7' },
    ],
    ['a hash by SHA-512', { 'password-hash': '$6$rounds=5000$salt$abcdefghijk' }],
    ['a hash by bcrypt', { 'password-hash': '$2b$12$abcdefghijklmnopqrstuv' }],
    ['a hash that is a secret', { 'password-hash': { secret: 'login' } }],
    ['absence', { absent: true }],
  ])('takes %s', (_what, more) => {
    expect(problemsOf(user(more))).toEqual([]);
  });

  it.each([
    ['a name in capitals', { name: 'Ada' }, /name: must be lower-case letters/],
    ['an option', { name: '-r' }, /name: must be lower-case letters/],
    ['a name with a colon', { name: 'a:b' }, /name: must be lower-case letters/],
    ['a number as text', { uid: '1' }, /uid: must be a whole number from 0/],
    ['a number that is none', { uid: 4_294_967_295 }, /uid: must be a whole number/],
    ['a group twice', { groups: ['crew', 'crew'] }, /groups: names "crew" twice/],
    ['a home with a colon', { home: '/a:b' }, /home: must be without ":"/],
    ['a shell that is no path', { shell: 'bash' }, /shell: must be absolute/],
    ['a comment with a colon', { comment: 'a:b' }, /comment: must be without ":"/],
    ['a comment of two lines', { comment: 'a\nb' }, /comment: must be one printable line/],
    ['a hash by MD5', { 'password-hash': '$1$salt$abcdefghijk' }, /password-hash: must be a hash as crypt/],
    ['absence with a shell', { absent: true, shell: '/s' }, /shell: must not stand beside absent/],
    ['that root is absent', { name: 'root', absent: true }, /absent: must not be said of root/],
  ])('refuses %s', (_what, more, problem) => {
    expect(problemsOf(user(more))).toEqual([expect.stringMatching(problem)]);
  });

  it('does not repeat what may be a password', () => {
    const problems = problemsOf(user({ 'password-hash': 'hunter2hunter2' }), {
      ...user({ 'password-hash': 'x:hunter2' }),
      id: 'v',
      name: 'bob',
    });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('refuses a second one of that name, and takes a group of that name', () => {
    expect(problemsOf(user(), group({ name: 'ada' }), { ...user(), id: 'v' })).toEqual([
      'resources[2]: "ada" is the user of resources[0] too',
    ]);
  });
});

describe('the definition of a group', () => {
  it.each([
    ['a name', {}],
    ['a number', { gid: 0, system: true }],
    ['absence', { absent: true }],
  ])('takes %s', (_what, more) => {
    expect(problemsOf(group(more))).toEqual([]);
  });

  it.each([
    ['a number below zero', { gid: -1 }, /gid: must be a whole number/],
    ['absence with a number', { absent: true, gid: 1 }, /gid: must not stand beside absent/],
    ['that root is absent', { name: 'root', absent: true }, /absent: must not be said of root/],
  ])('refuses %s', (_what, more, problem) => {
    expect(problemsOf(group(more))).toEqual([expect.stringMatching(problem)]);
  });
});
