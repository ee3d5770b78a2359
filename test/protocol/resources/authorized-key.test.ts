import { describe, expect, it } from 'vitest';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';

const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIKq2V4n0Yy3Q6cB0qkSgJt8o2m2mJk3s0H1rX9f4r7uZ';
const key = `ssh-ed25519 ${blob}`;
const problemsOf = (...resources: readonly object[]): readonly string[] =>
  findResourceProblems(resources).map(({ path, message }) => `${path}: ${message}`);
const wanted = (more: object = {}) => ({ id: 'k', type: 'authorized-key', user: 'ada', key, ...more });
const header = (type: string): string =>
  Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), Buffer.alloc(60)]).toString('base64');

describe('the definition of an authorized-key', () => {
  it.each([
    ['a key', {}],
    ['a key with a comment', { key: `${key} ada, of the laptop` }],
    ['options', { options: 'restrict,command="/bin/x \\"a b\\"",from="10.0.0.0/8,*.example.org"' }],
    ['absence', { absent: true }],
  ])('takes %s', (_what, more) => {
    expect(problemsOf(wanted(more))).toEqual([]);
  });

  it.each([
    'ssh-rsa',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'sk-ssh-ed25519@openssh.com',
    'sk-ecdsa-sha2-nistp256@openssh.com',
  ])('takes a key of type %s', (type) => {
    expect(problemsOf(wanted({ key: `${type} ${header(type)}` }))).toEqual([]);
  });

  it.each([
    ['a key of another type than it says', { key: `ssh-rsa ${blob}` }],
    ['a key of a type that is not safe', { key: `ssh-dss ${header('ssh-dss')}` }],
    ['a key with options', { key: `no-pty ${key}` }],
    ['a key of two blanks', { key: key.replace(' ', '  ') }],
    ['half a key', { key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA' }],
    ['a private key', { key: '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk' }],
  ])('refuses %s, and does not repeat it', (_what, more) => {
    const problems = problemsOf(wanted(more));
    expect(problems).toEqual([
      'resources[0].key: must be a public key in one line, such as "ssh-ed25519 AAAA… comment", without options',
    ]);
  });

  it.each([
    ['a key of two lines', { key: `${key} a\nssh-rsa b` }, /key: must be one printable line/],
    ['options that do not end', { options: 'command="x' }, /options: must be options as sshd/],
    ['options with a blank', { options: 'no-pty, restrict' }, /options: must be options as sshd/],
    ['options in two lines', { options: 'no-pty\nssh-rsa' }, /options: must be one printable line/],
    ['options of what is absent', { options: 'no-pty', absent: true }, /options: must not stand beside absent/],
  ])('refuses %s', (_what, more, problem) => {
    expect(problemsOf(wanted(more))).toEqual([expect.stringMatching(problem)]);
  });

  it('refuses the same key of the same user, whatever its comment', () => {
    expect(
      problemsOf(wanted(), { ...wanted({ key: `${key} x` }), id: 'l' }, { ...wanted({ user: 'bob' }), id: 'm' }),
    ).toEqual([
      expect.stringMatching(/^resources\[1\]: "ada ssh-ed25519 .*" is the authorized-key of resources\[0\] too$/),
    ]);
  });
});
