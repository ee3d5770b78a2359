import { Far } from '@endo/far';
import { beforeEach, describe, expect, test } from 'vitest';
import { providerKind, type Provider } from '../../src/boss/provider.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import type { ProviderDriver } from '../../src/providers/contract.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { openTestKernel } from '../support/test-kernel.ts';
import { makeFakeCloud, type FakeCloud } from '../support/fake-provider.ts';
import { machineRef } from '../support/machine-ref.ts';

const open = async (driver: ProviderDriver): Promise<Provider> => {
  const vat = openTestKernel(makeMemoryStore()).openVat('provider-x');
  vat.register(providerKind, { driver });
  return (await vat.makeOnce('provider', ({ spawn }) => spawn(providerKind, { name: 'x' }))) as Provider;
};
const request = harden({ machineId: 'm1', name: 'web1', options: {}, locator: 'gobs://x.tls/s/y' });

describe('a provider', () => {
  let cloud: FakeCloud;
  let provider: Provider;
  beforeEach(async () => {
    cloud = makeFakeCloud();
    provider = await open(cloud.makeDriver());
  });

  test('asks its driver', async () => {
    await E(provider).validate({ size: 3 });
    await E(provider).create(request);
    expect(await E(provider).list()).toEqual([{ machineId: 'm1', state: 'running' }]);
    await E(provider).stop(machineRef('m1'));
    await E(provider).start(machineRef('m1'));
    expect(await E(provider).remains(machineRef('m1'))).toEqual(['host m1 of the fake cloud']);
    await E(provider).destroy(machineRef('m1'));
    expect(await E(provider).list()).toEqual([]);
  });

  test('passes on what its driver complains of', async () => {
    cloud.failNext('create', makeError('PROVIDER_FAILED', 'no room', { hint: 'buy more' }));
    await expect(E(provider).create(request)).rejects.toThrow('PROVIDER_FAILED: no room\nhint: buy more');
    await expect(E(provider).validate({ colour: 'red' })).rejects.toThrow(/^BAD_SPEC/);
  });

  test('does not believe an answer of another shape', async () => {
    const answers: unknown[] = ['all', [{ machineId: 'm1' }], [{ machineId: 'm1', state: 'happy' }], undefined, [1]];
    for (const answer of answers) {
      const liar = await open(
        Far('Liar', { list: () => harden(answer), remains: () => harden(answer) } as never) as never,
      );
      expect(await E(liar).list().catch(codeOf)).toBe('PROVIDER_FAILED');
      expect(await E(liar).remains(machineRef('m1')).catch(codeOf)).toBe('PROVIDER_FAILED');
    }
  });
});
