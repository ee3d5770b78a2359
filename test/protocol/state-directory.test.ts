import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  defaultStateRoot,
  SOCKET_PATH_LIMIT,
  stateDirectory,
  whyUntrusted,
  type Places,
} from '../../src/protocol/state-directory.ts';

const places = (env: Places['env'] = {}): Places => ({
  env,
  homeDirectory: '/home/ada',
  uid: 1000,
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
});

describe('the state directory', () => {
  test.each<[Places['env'], string]>([
    [{}, '/home/ada/.local/state/gobs'],
    [{ XDG_STATE_HOME: '/state/' }, '/state/gobs'],
    [{ XDG_STATE_HOME: 'relative' }, '/home/ada/.local/state/gobs'],
    [{ XDG_STATE_HOME: '/state', GOBS_STATE: '/mine' }, '/mine'],
    [{ GOBS_STATE: '' }, '/home/ada/.local/state/gobs'],
  ])('of %j is %s', (env, root) => {
    expect(defaultStateRoot(places(env))).toBe(root);
  });

  test('has its things in it', () => {
    const { root, ...paths } = stateDirectory('/s', places());
    expect(Object.values(paths).every((path) => path.startsWith(`${root}/`))).toBe(true);
  });

  test('must be absolute', () => {
    expect(() => stateDirectory('s', places())).toThrow(TypeError);
  });
});

describe('the socket', () => {
  const ofLength = (bytes: number) => `/${'x'.repeat(bytes - '/boss.sock'.length - 1)}`;

  test('is in the state directory as long as its path is not too long', () => {
    const root = ofLength(SOCKET_PATH_LIMIT);
    expect(stateDirectory(root, places()).socket).toBe(`${root}/boss.sock`);
  });

  test.each<[Places['env'], RegExp]>([
    [{}, /^\/tmp\/gobs-1000\/[0-9a-f]{32}\.sock$/],
    [{ XDG_RUNTIME_DIR: '/run/user/1000' }, /^\/run\/user\/1000\/gobs\/[0-9a-f]{32}\.sock$/],
    [{ XDG_RUNTIME_DIR: `/${'y'.repeat(80)}` }, /^\/tmp\/gobs-1000\//],
    [{ XDG_RUNTIME_DIR: 'relative' }, /^\/tmp\/gobs-1000\//],
  ])('is a short one in the runtime directory otherwise: %j', (env, expected) => {
    const one = stateDirectory(ofLength(SOCKET_PATH_LIMIT + 1), places(env)).socket;
    expect(one).toMatch(expected);
    expect(Buffer.byteLength(one)).toBeLessThanOrEqual(SOCKET_PATH_LIMIT);
    expect(stateDirectory(`${ofLength(SOCKET_PATH_LIMIT)}/2`, places(env)).socket).not.toBe(one);
  });

  test('is measured in bytes, not in letters', () => {
    expect(stateDirectory(`/${'ä'.repeat(60)}`, places()).socket).toMatch(/^\/tmp/);
    expect(stateDirectory(`/${'%'.repeat(60)}`, places()).socket).toMatch(/^\/%/);
  });
});

describe('a runtime directory that others could have made', () => {
  const stats = (patch: object = {}) => ({ uid: 1000, mode: 0o40700, isDirectory: () => true, ...patch });

  test('may be used if it is ours alone', () => {
    expect(whyUntrusted(stats(), 1000)).toBeUndefined();
  });

  test.each([
    [{ uid: 0 }, 'belongs to user 0, not to user 1000'],
    [{ mode: 0o40755 }, 'is open to others (mode 0755)'],
    [{ mode: 0o40701 }, 'is open to others (mode 0701)'],
    [{ isDirectory: () => false }, 'is not a directory'],
  ])('must not otherwise: %j', (patch, why) => {
    expect(whyUntrusted(stats(patch), 1000)).toBe(why);
  });
});
