import { describe, expect, it } from 'vitest';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';

const plain = { id: 'p', type: 'package', name: 'nginx' };
const problemsOf = (...resources: readonly object[]): readonly string[] =>
  findResourceProblems(resources).map(({ path, message }) => `${path}: ${message}`);

describe('the definition of a package', () => {
  it.each([
    ['a name', plain],
    ['a name with dots and pluses', { ...plain, name: 'libstdc++6.1' }],
    ['a name that ends in pluses', { ...plain, name: 'g++' }],
    ['another architecture', { ...plain, name: 'libc6:i386' }],
    ['the newest', { ...plain, latest: true }],
    ['a version', { ...plain, version: '1:1.22.1-9+deb12u1~bpo12+1' }],
    ['absence', { ...plain, absent: true }],
  ])('takes %s', (_what, resource) => {
    expect(problemsOf(resource)).toEqual([]);
  });

  it.each([
    ['a name that apt would take for a removal', { ...plain, name: 'nginx-' }, /name: must be the name of a package/],
    ['a pattern', { ...plain, name: 'ngin*' }, /name: must be the name of a package/],
    ['an option', { ...plain, name: '-y' }, /name: must be the name of a package/],
    ['a name with a version in it', { ...plain, name: 'nginx=1' }, /name: must be the name of a package/],
    ['a version that is a number', { ...plain, version: 1.2 }, /version: must be the version .* not the number 1\.2/],
    ['a version with a blank', { ...plain, version: '1 -y' }, /version: must be the version/],
    [
      'the newest and a version',
      { ...plain, version: '1', latest: true },
      /version: must not stand beside latest: true/,
    ],
    ['absence and a version', { ...plain, version: '1', absent: true }, /version: must not stand beside absent: true/],
  ])('refuses %s', (_what, resource, problem) => {
    expect(problemsOf(resource)).toEqual([expect.stringMatching(problem)]);
  });

  it('refuses a second one of that name', () => {
    expect(problemsOf(plain, { ...plain, id: 'q', absent: true })).toEqual([
      'resources[1]: "nginx" is the package of resources[0] too',
    ]);
  });
});
