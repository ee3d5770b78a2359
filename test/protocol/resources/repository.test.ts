import { describe, expect, it } from 'vitest';
import { binaryKey } from '../../../src/protocol/resources/openpgp-key.ts';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';

const problemsOf = (resource: object): readonly string[] =>
  findResourceProblems([resource]).map(({ path, message }) => `${path}: ${message}`);
const body = Buffer.concat([Buffer.from([0x98, 0x33]), Buffer.alloc(58, 7)]).toString('base64');
const armored = (text: string, type = 'PUBLIC') =>
  `-----BEGIN PGP ${type} KEY BLOCK-----\nComment: x\n\n${text.slice(0, 40)}\n${text.slice(40)}\n=abcd\n-----END PGP ${type} KEY BLOCK-----\n`;
const flat = { id: 'r', type: 'repository', name: 'lab', uris: ['http://10.0.0.1:80/x'], suites: ['./'], key: body };
const usual = { ...flat, suites: ['bookworm', 'bookworm-updates'], components: ['main', 'non-free-firmware'] };
const without = (...names: readonly string[]) =>
  Object.fromEntries(Object.entries(usual).filter(([name]) => !names.includes(name)));

describe('a public key of OpenPGP', () => {
  it('is the same armored and in base64', () => {
    expect(binaryKey(armored(body))).toBe(body);
    expect(binaryKey(armored(body).replaceAll('\n', '\r\n'))).toBe(body);
    expect(binaryKey(`${body.slice(0, 20)}\n${body.slice(20)}\n`)).toBe(body);
  });

  it.each([
    ['empty', ''],
    ['a private key', Buffer.from([0x95, 1, 2, 3, 4, 5]).toString('base64')],
    ['a private key, armored', armored(body, 'PRIVATE')],
    ['armored and cut', armored(body).slice(0, 80)],
    ['two of them', armored(body) + armored(body)],
    ['no base64', '!!!!'],
  ])('is not what is %s', (_what, text) => {
    expect(binaryKey(text)).toBeUndefined();
  });
});

describe('the definition of a repository', () => {
  it.each([
    ['a flat one', flat],
    ['one with components', usual],
    ['an armored key', { ...usual, key: armored(body) }],
    ['a key on the host', { ...without('key'), 'signed-by': '/usr/share/keyrings/x.gpg' }],
    ['sources and architectures', { ...usual, types: ['deb', 'deb-src'], architectures: ['amd64'] }],
    ['absence', { id: 'r', type: 'repository', name: 'lab', absent: true }],
  ])('takes %s', (_what, resource) => {
    expect(problemsOf(resource)).toEqual([]);
  });

  it.each([
    ['a name with a dot', { ...usual, name: 'a.list' }, /name: must be lower-case letters/],
    ['no URI', { ...usual, uris: [] }, /uris: must not be empty/],
    ['a URI that breaks its line', { ...usual, uris: ['http://x\nTrusted: yes'] }, /uris: item 1 must be such as/],
    ['a URI with a blank', { ...usual, uris: ['http://x y'] }, /uris: item 1 must be such as/],
    ['a suite that is an option', { ...usual, suites: ['-x'] }, /suites: item 1 must be such as/],
    ['text for a list', { ...usual, uris: 'http://x' }, /uris: must be a list of URIs/],
    ['no place', without('uris'), /uris: is missing/],
    ['no suite', without('suites'), /suites: is missing/],
    ['no components', without('components'), /components: is missing/],
    ['components of a flat one', { ...flat, components: ['main'] }, /components: must not stand beside a suite/],
    ['flat and not flat', { ...flat, suites: ['./', 'x'] }, /suites: must end with "\/" all, or none/],
    ['no key', without('key'), /key: must be there, or signed-by/],
    ['two keys', { ...usual, 'signed-by': '/x' }, /key: must be there, or signed-by/],
    [
      'absence with a key',
      { id: 'r', type: 'repository', name: 'lab', absent: true, key: body },
      /key: must not stand beside absent/,
    ],
  ])('refuses %s', (_what, resource, problem) => {
    expect(problemsOf(resource)).toEqual([expect.stringMatching(problem)]);
  });

  it('does not repeat what may be a private key', () => {
    expect(problemsOf({ ...usual, key: armored(body, 'PRIVATE') })).toEqual([
      'resources[0].key: must be a public key of OpenPGP, armored or in base64',
    ]);
  });
});
