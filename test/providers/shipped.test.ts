import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import net from 'node:net';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { passStyleOf } from '@endo/far';
import { isName } from '../../src/protocol/shapes.ts';
import type { ProviderPowers, ProviderType } from '../../src/providers/contract.ts';
import { shippedProviders } from '../../src/providers/shipped.ts';
import { localPowers } from '../support/local-world.ts';
import * as fs from 'node:fs/promises';

describe.each(Object.entries<ProviderType>(shippedProviders))('the provider type %s', (key, providerType) => {
  const directory = join(tmpdir(), `gobs-never-made-${process.pid}`);
  const powers: ProviderPowers = {
    ...{ ...localPowers(directory), fs, hobFile: '/nowhere', net, random: () => 0.5, tell: () => {} },
    loadSsh: () => Promise.reject(Error('nothing is needed yet')),
    boss: { peerId: () => 'a'.repeat(52), dial: () => net.connect(1) },
  };

  it('is listed under its own name, with one line about it', () => {
    expect(providerType.type).toBe(key);
    expect(isName(key)).toBe(true);
    expect(providerType.summary).toMatch(/^[^\n]+$/);
  });

  it('refuses a setting that it does not have, by name', () => {
    expect(() => providerType.validate(harden({ 'no-such-setting': 1 }))).toThrow(/^BAD_SPEC: .*no-such-setting/);
  });

  it('makes a driver that can be sent to a vat, and touches nothing yet', async () => {
    expect(passStyleOf(providerType.make(powers, harden({})))).toBe('remotable');
    await expect(access(directory)).rejects.toThrow('ENOENT');
  });
});
