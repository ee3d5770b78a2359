import * as fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeAccounts } from '../../src/hob/accounts.ts';

const accountsOf = (files: Readonly<Record<string, string>>, code = 'ENOENT') =>
  makeAccounts({
    fs: {
      ...fs,
      promises: {
        ...fs.promises,
        readFile: async (path: string) => files[path] ?? Promise.reject(Object.assign(new Error(code), { code })),
      },
    } as unknown as typeof fs,
  });

describe('the accounts of a host', () => {
  it('are found by name and by number', async () => {
    const accounts = makeAccounts({ fs });
    expect(await accounts.idOf('user', 'root')).toBe(0);
    expect(await accounts.idOf('group', 'root')).toBe(0);
    expect(await accounts.nameOf('user', 0)).toBe('root');
    expect(await accounts.idOf('user', 'nobody-has-this-name')).toBeUndefined();
    expect(await accounts.nameOf('group', 4_000_000_000)).toBeUndefined();
  });
  it('are by number whatever number it is', async () => {
    expect(await accountsOf({}).idOf('user', 54_321)).toBe(54_321);
  });
  it('are the first of a name, and lines that are none are passed over', async () => {
    const accounts = accountsOf({
      '/etc/passwd': '\n# a:b:1\nbad\nx:y:z:\nweb:x:33:33::/:/bin/sh\nweb:x:34:34\n',
      '/etc/group': 'web:x:35:\n',
    });
    expect(await accounts.idOf('user', 'web')).toBe(33);
    expect(await accounts.idOf('group', 'web')).toBe(35);
    expect(await accounts.idOf('user', 'x')).toBeUndefined();
  });
  it('are none where there is no such file, and cannot be looked at where it cannot be read', async () => {
    expect(await accountsOf({}).idOf('user', 'root')).toBeUndefined();
    await expect(accountsOf({}, 'EACCES').idOf('user', 'root')).rejects.toThrow(
      'CANNOT_LOOK: /etc/passwd: permission denied',
    );
  });
});
