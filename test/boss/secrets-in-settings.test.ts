import { describe, expect, test } from 'vitest';
import { makeWithSecrets } from '../../src/boss/secrets-in-settings.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import type { ProviderOptions, ProviderSettings } from '../../src/providers/contract.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeFakeCloud } from '../support/fake-provider.ts';
import { machineRef } from '../support/machine-ref.ts';

const withSettings = (settings: ProviderSettings, secrets: Record<string, string>) => {
  const made: ProviderOptions[] = [];
  const read: string[] = [];
  const cloud = makeFakeCloud();
  const driver = makeWithSecrets(
    settings,
    (texts) => {
      made.push(texts);
      return cloud.makeDriver();
    },
    async (name) => {
      read.push(name);
      if (secrets[name] === undefined) throw makeError('NO_SUCH_SECRET', `${name}: there is no secret of that name`);
      return secrets[name];
    },
  );
  return { driver, made, read };
};

const request = (machineId: string) => harden({ machineId, name: 'x', options: {}, locator: 'gobs://x.tls/s/y' });

describe('settings', () => {
  test('without secrets make their driver at once', () => {
    const { made, read } = withSettings({ region: 'here', size: 3 }, {});
    expect([made, read]).toEqual([[{ region: 'here', size: 3 }], []]);
  });

  test('with secrets make it at the first call, once, with their texts; calls keep their order', async () => {
    const { driver, made, read } = withSettings({ region: 'here', token: { secret: 'token' } }, { token: 'hunter2' });
    expect([made, read]).toEqual([[], []]);
    const done: string[] = [];
    await Promise.all(
      ['m1', 'm2', 'm3'].map(async (id) => {
        await E(driver).create(request(id));
        done.push(id);
      }),
    );
    expect(done).toEqual(['m1', 'm2', 'm3']);
    expect(await E(driver).find(machineRef('m2'))).toEqual({ machineId: 'm2', state: 'running' });
    expect([made, read]).toEqual([[{ region: 'here', token: 'hunter2' }], ['token']]);
  });

  test('with a secret that is not there refuse every call, until it is', async () => {
    const secrets: Record<string, string> = {};
    const { driver, made } = withSettings({ token: { secret: 'token' } }, secrets);
    expect(await E(driver).list().catch(codeOf)).toBe('NO_SUCH_SECRET');
    secrets['token'] = 'hunter2';
    expect(await E(driver).list()).toEqual([]);
    expect(made).toEqual([{ token: 'hunter2' }]);
  });
});
