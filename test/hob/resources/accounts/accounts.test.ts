import { describe, expect, it } from 'vitest';
import { findShadow, findUser, parseGroups } from '../../../../src/hob/resources/accounts/account-files.ts';
import {
  changesOf,
  newUserWords,
  passwordFor,
  type FoundUser,
} from '../../../../src/hob/resources/accounts/user-changes.ts';
import type { UserResource } from '../../../../src/protocol/resources/user.ts';

const passwd =
  'root:x:0:0:root:/root:/bin/bash\nada:x:1815:3000:Ada, Lovelace:/home/ada:/bin/sh\nadam:x:2:2::/:\nbad:x:a:1:::\n+::::::\n';

describe('the files of accounts', () => {
  it('have users by their whole name', () => {
    expect(findUser(passwd, 'ada')).toEqual({
      name: 'ada',
      uid: 1815,
      gid: 3000,
      comment: 'Ada, Lovelace',
      home: '/home/ada',
      shell: '/bin/sh',
    });
    expect(findUser(passwd, 'adam')).toMatchObject({ uid: 2, comment: '', shell: '' });
  });

  it.each(['ad', 'bad', 'x', '+', ''])('have no user %j', (name) => {
    expect(findUser(passwd, name)).toBeUndefined();
  });

  it('have passwords and their ends', () => {
    expect(findShadow('ada:$6$x:19000:0:99999:7::1:\n', 'ada')).toEqual({ password: '$6$x', expires: '1' });
    expect(findShadow('ada:!:19000:0:99999:7:::\n', 'ada')).toEqual({ password: '!', expires: '' });
    expect(findShadow('', 'ada')).toEqual({ password: '', expires: '' });
  });

  it('have groups with their members', () => {
    expect(parseGroups('crew:x:3000:ada,bob\nempty:x:1:\nshort:x:2\nbad:x:y:ada\n')).toEqual([
      { name: 'crew', gid: 3000, members: ['ada', 'bob'] },
      { name: 'empty', gid: 1, members: [] },
      { name: 'short', gid: 2, members: [] },
    ]);
  });
});

const resource = (more: object): UserResource => ({ id: 'u', type: 'user', name: 'ada', ...more }) as UserResource;
const groups = parseGroups('crew:x:3000:\ndeck:x:3001:ada\nada:x:3002:\n');
const found = (password = '!', expires = ''): FoundUser => ({
  user: findUser(passwd, 'ada')!,
  shadow: { password, expires },
  groups,
  hasHome: true,
});
const wordsFor = (more: object, there = found()) => changesOf(resource(more), there).flatMap(({ words }) => words);

describe('what usermod is told', () => {
  it.each([
    ['nothing, where nothing differs', { uid: 1815, group: 'crew', groups: ['deck'], home: '/home/ada' }, []],
    ['all that differs', { uid: 1, shell: '/x', comment: '' }, ['-u', '1', '-s', '/x', '-c', '']],
    ['all of its groups', { groups: ['deck', 'wheel'] }, ['-G', 'deck,wheel']],
    ['that it has no groups', { groups: [] }, ['-G', '']],
    ['nothing about its own group', { groups: ['deck', 'crew'] }, []],
    ['to lock it', { locked: true }, ['-L', '-e', '1']],
  ])('is %s', (_what, more, words) => {
    expect(wordsFor(more)).toEqual(words);
  });

  it.each([
    ['a password that is locked', found('!$6$x', ''), ['-U', '-e', '']],
    ['a password that is locked, of an account at its end', found('!$6$x', '1'), ['-U', '-e', '']],
    ['no password, of an account at its end', found('!', '0'), ['-e', '']],
    ['no password', found('!', ''), []],
    ['nothing but a star', found('!*', ''), []],
    ['a password', found('$6$x', ''), []],
    ['an end of its own', found('$6$x', '20000'), []],
  ])('unlocks %s', (_what, there, words) => {
    expect(wordsFor({ locked: false }, there)).toEqual(words);
  });

  it('is nothing of passwords', () => {
    expect(changesOf(resource({ 'password-hash': '$6$new' }), found('$6$old'))).toEqual([
      { what: 'password-hash', from: 'another', to: 'as the document says', words: [] },
    ]);
  });
});

describe('what is to stand in the place of a password', () => {
  it.each([
    ['nothing new, where it stands', {}, '$6$new', undefined],
    ['nothing new, where it stands locked', {}, '!$6$new', undefined],
    ['the hash', {}, '$6$old', '$6$new'],
    ['the hash, where there is none', {}, '!', '$6$new'],
    ['the hash, locked as the other was', {}, '!$6$old', '!$6$new'],
    ['the hash, locked', { locked: true }, '$6$old', '!$6$new'],
    ['the hash, not locked', { locked: false }, '!$6$old', '$6$new'],
  ])('is %s', (_what, more, password, expected) => {
    expect(passwordFor(resource({ 'password-hash': '$6$new', ...more }), { password, expires: '' })).toBe(expected);
  });
});

describe('what useradd is told', () => {
  it.each([
    ['its home is made', {}, ['-g', 'ada', '-m']],
    ['of the system, none is', { system: true }, ['-g', 'ada', '-r', '-M']],
    ['its groups', { group: 'crew', groups: ['deck'] }, ['-g', 'crew', '-G', 'deck', '-m']],
    ['no groups', { group: 'crew', groups: [] }, ['-g', 'crew', '-m']],
  ])('is that %s', (_what, more, words) => {
    expect(newUserWords(resource(more), groups)).toEqual(words);
  });

  it('leaves its group to useradd where there is none of its name', () => {
    expect(newUserWords(resource({ uid: 7 }), [])).toEqual(['-u', '7', '-m']);
  });
});
