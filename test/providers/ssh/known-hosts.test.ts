/** Compared with what ssh-keygen says, where there is one. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fingerprintOf, keyLine, parseKeyLine, parsePin } from '../../../src/providers/ssh/host-key.ts';
import { findKnownKeys, knownName } from '../../../src/providers/ssh/known-hosts.ts';

const one = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGW5ogOSv6r4iQz43I1rQyDzHZKNP/eRA0hhdtMsqcR2';
const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO1qfSNCTvnKpmP6JPJhQzVPHcWbkBDmBzTFGTzNwMtS';
const found = (text: string, name: string): string[] => findKnownKeys(text, name).keys.map(keyLine);

describe('known_hosts', () => {
  test('names hosts plainly, by pattern, in lists, with ports, and says who it is not', () => {
    const text = [
      '# a comment',
      '',
      `plain.example ${one} somebody@somewhere`,
      `a.example,b.example\t${one}`,
      `*.dmz.example,!bad.dmz.example ${one}`,
      `10.0.0.? ${one}`,
      `[port.example]:2222 ${one}`,
      `twice.example ${one}`,
      `twice.example ${other}`,
      'broken.example ssh-ed25519 nonsense',
      'short.example',
      `old.example ssh-dss AAAAB3NzaC1kc3MAAACBAP`,
    ].join('\n');
    for (const name of [
      'plain.example',
      'a.example',
      'b.example',
      'x.dmz.example',
      '10.0.0.7',
      '[port.example]:2222',
    ]) {
      expect([name, found(text, name)]).toEqual([name, [one]]);
    }
    for (const name of [
      'bad.dmz.example',
      'port.example',
      '10.0.0.77',
      'plainxexample',
      'broken.example',
      'short.example',
      'old.example',
      '#',
    ]) {
      expect([name, found(text, name)]).toEqual([name, []]);
    }
    expect(found(text, 'twice.example')).toEqual([one, other]);
  });

  test('has keys that are revoked, and authorities, which are told apart', () => {
    const text = [`@revoked * ${other}`, `@cert-authority *.example ${one}`, `a.example ${one}`].join('\n');
    const known = findKnownKeys(text, 'a.example');
    expect(known.keys.map(keyLine)).toEqual([one]);
    expect(known.revoked.map(keyLine)).toEqual([other]);
    expect(known.hasAuthority).toBe(true);
    expect(findKnownKeys(text, 'b.org')).toMatchObject({ keys: [], hasAuthority: false });
  });

  test('has tabs between its fields, or blanks, as ssh takes them', () => {
    const tabs = (line: string): string => line.replaceAll(' ', '\t');
    const known = findKnownKeys(`${tabs(`@revoked * ${other} stolen`)}\n${tabs(`a.example ${one}`)}`, 'a.example');
    expect(known.keys.map(keyLine)).toEqual([one]);
    expect(known.revoked.map(keyLine)).toEqual([other]);
  });

  test('of any port has a name', () => {
    expect(knownName('Host.Example', 22)).toBe('host.example');
    expect(knownName('fd00::1', 2222)).toBe('[fd00::1]:2222');
  });

  test.runIf(existsSync('/usr/bin/ssh-keygen'))('is understood as ssh-keygen does, hashed names too', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gobs-known-'));
    const file = join(directory, 'known_hosts');
    const names = ['plain.example', '[port.example]:2222', '10.0.0.1', 'x.dmz.example', 'nobody.example'];
    await writeFile(file, `plain.example,10.0.0.1 ${one}\n[port.example]:2222 ${other}\n`);
    spawnSync('ssh-keygen', ['-H', '-f', file]);
    const hashed = spawnSync('cat', [file], { encoding: 'utf8' }).stdout;
    expect(hashed).toMatch(/^\|1\|/);
    for (const name of names) {
      const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
      const said = stdout
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split(' ').slice(1).join(' '));
      expect([name, found(hashed, name)]).toEqual([name, said]);
    }
    await writeFile(join(directory, 'key.pub'), `${one}\n`);
    const { stdout } = spawnSync('ssh-keygen', ['-lf', join(directory, 'key.pub')], { encoding: 'utf8' });
    expect(stdout).toContain(fingerprintOf(parseKeyLine(one)!));
    await rm(directory, { recursive: true });
  });
});

test('a pin is a fingerprint or the line of a key, and nothing else', () => {
  const fingerprint = fingerprintOf(parseKeyLine(one)!);
  expect(parsePin(one)).toEqual({ fingerprint, type: 'ssh-ed25519' });
  expect(parsePin(`${one} root@host`)).toEqual({ fingerprint, type: 'ssh-ed25519' });
  expect(parsePin(fingerprint)).toEqual({ fingerprint });
  const wrong = ['', 'SHA256:', `${fingerprint}x`, 'MD5:00:11', one.replace('ssh-ed25519', 'ssh-rsa'), 'ssh-dss AAAA'];
  expect(wrong.map(parsePin)).toEqual(wrong.map(() => undefined));
});
