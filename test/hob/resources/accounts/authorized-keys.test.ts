import { describe, expect, it } from 'vitest';
import { editKeys, parseKeyLine } from '../../../../src/hob/resources/accounts/authorized-keys.ts';

const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIKq2V4n0Yy3Q6cB0qkSgJt8o2m2mJk3s0H1rX9f4r7uZ';
const key = `ssh-ed25519 ${blob} ada@laptop`;
const line = (options: string) => ({ options, type: 'ssh-ed25519', blob });

describe('a line of authorized_keys', () => {
  it.each([
    ['without options', key, ''],
    ['with blanks', `  ssh-ed25519\t ${blob}  a comment `, ''],
    ['without a comment', `ssh-ed25519 ${blob}`, ''],
    ['with options', `no-pty,restrict ${key}`, 'no-pty,restrict'],
    ['with blanks in its options', `command="a b \\" c",no-pty ${key}`, 'command="a b \\" c",no-pty'],
    ['with a key in its options', `command="ssh-rsa AAAA" ${key}`, 'command="ssh-rsa AAAA"'],
  ])('is a key %s', (_what, text, options) => {
    expect(parseKeyLine(text)).toEqual(line(options));
  });

  it.each([
    ['empty', ''],
    ['a comment', `# ${key}`],
    ['a type alone', 'ssh-ed25519'],
    ['a quote that does not end', `command="x ${key}`],
    ['of another type', 'ssh-dss AAAA'],
    ['a property that every object has', 'constructor AAAA'],
  ])('is no key if it is %s', (_what, text) => {
    expect(parseKeyLine(text)).toBeUndefined();
  });
});

describe('the lines for a key', () => {
  it.each([
    ['are as wanted', [key], {}, undefined],
    ['are as wanted, with another comment', [`ssh-ed25519 ${blob} x`], {}, undefined],
    ['get it at the end', ['# a', ''], {}, ['# a', '', key]],
    ['get it with options', [], { options: 'no-pty' }, [`no-pty ${key}`]],
    ['have other options', ['# a', `no-pty ${key}`, 'b'], {}, ['# a', key, 'b']],
    ['are two', [key, 'b', `no-pty ${key}`], {}, [key, 'b']],
    ['are to go', ['a', key, 'b', `no-pty ${key}`], { absent: true as const }, ['a', 'b']],
    ['are gone', ['a'], { absent: true as const }, undefined],
  ])('%s', (_what, lines, more, expected) => {
    expect(editKeys(lines, { key, ...more })?.lines).toEqual(expected);
  });
});
