import { beforeEach, describe, expect, test } from 'vitest';
import { driverMaker } from '../../src/boss/provider-drivers.ts';
import { secretContext } from '../../src/boss/secrets.ts';
import { describeError } from '../../src/errors/gobs-error.ts';
import type { StateDirectory } from '../../src/protocol/state-directory.ts';
import type { ProviderOptions, ProviderType } from '../../src/providers/contract.ts';
import { makeSeal } from '../../src/sealing/seal.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, reach, ready, type BossWorld, type Life } from '../support/boss-world.ts';

const secret = 'canary in a coal mine';
/** The one of boss-world.ts. */
const seal = makeSeal(new Uint8Array(32).fill(8));

let world: BossWorld;
let life: Life;
beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
});

/** Anything, as it might come over the wire. */
const setAnything = (...given: readonly unknown[]): Promise<void> =>
  E(life.boss as unknown as { setSecret(...all: readonly unknown[]): void }).setSecret(...given);

/** A type of provider that notes what its drivers are made with, and can be configured. */
const openWithType = async () => {
  const made: ProviderOptions[] = [];
  const noting: ProviderType = {
    type: 'noting',
    summary: 'for tests',
    validate: () => undefined,
    make: (_powers, settings) => {
      made.push(settings);
      return world.cloud.makeDriver();
    },
  };
  const powers = { providerTypes: { noting }, fs: { promises: {} }, setTimer: () => () => {} } as unknown as Parameters<
    typeof driverMaker
  >[1];
  const makeDriver = driverMaker({ machines: '/m', root: '/' } as StateDirectory, powers, async (name) =>
    seal.unseal(secretContext(name), await E(life.process).sealedSecret(name)),
  );
  world.makeDriver = (configured) => (configured.type === 'noting' ? makeDriver(configured) : undefined);
  await life.stop();
  life = await world.open();
  return made;
};

describe("a boss's secret", () => {
  test('is sealed in its row, and opens where it belongs and nowhere else', async () => {
    await E(life.boss).setSecret('token', secret);
    expect(JSON.stringify(world.store.entries())).not.toContain(secret);
    const sealed = await E(life.process).sealedSecret('token');
    expect(seal.unseal(secretContext('token'), sealed)).toBe(secret);
    expect(() => seal.unseal(secretContext('other'), sealed)).toThrow('SEAL_BROKEN');
    const rows = world.store.entries().filter(([, value]) => value.includes(sealed));
    expect(rows).toHaveLength(1);
    // As whoever leaves sealed things out of what is shown finds it.
    expect(rows[0]![1]).toContain(`{\\"sealed\\":\\"${sealed}\\"}`);
  });

  test('is listed by name and time, set again, removed, and there after a restart', async () => {
    await E(life.boss).setSecret('token', secret);
    world.now += 1_000;
    await E(life.boss).setSecret('another', secret);
    const listed = await E(life.boss).secrets();
    expect(listed).toEqual([
      { name: 'another', at: world.now },
      { name: 'token', at: world.now - 1_000 },
    ]);
    await life.stop();
    life = await world.open();
    expect(await E(life.boss).secrets()).toEqual(listed);
    const before = await E(life.process).sealedSecret('token');
    await E(life.boss).setSecret('token', 'new');
    expect(await E(life.process).sealedSecret('token')).not.toBe(before);
    await E(life.boss).removeSecret('token');
    expect(await E(life.boss).secrets()).toHaveLength(1);
    const refused = await E(life.boss).removeSecret('token').catch(describeError);
    expect(refused).toMatchObject({ code: 'NO_SUCH_SECRET', message: 'there is no secret of that name' });
    expect(await E(life.process).sealedSecret('token').catch(describeError)).toMatchObject({
      code: 'NO_SUCH_SECRET',
      hint: 'set it: gobs secret set token',
    });
  });

  test('that is refused changes nothing and is quoted nowhere, whatever was mixed up', async () => {
    const before = world.store.entries();
    const wrong: readonly (readonly unknown[])[] = [
      ...[
        [],
        [secret],
        [secret, 'token'],
        ['token', secret, secret],
        ['token', ''],
        ['token', 7n],
        ['token', [secret]],
      ],
      ...[
        [{ secret }, 'x'],
        ['token', `${secret} \ud83d`],
        ['token', secret.repeat(5_000)],
        ['Token', secret],
      ],
    ];
    for (const given of wrong) {
      const { code, message, hint } = await setAnything(...(harden(given) as unknown[])).then(() => {
        throw Error('it was set');
      }, describeError);
      expect(['BAD_NAME', 'BAD_ARGUMENTS']).toContain(code);
      expect(`${message} ${hint}`).not.toContain('canary');
    }
    expect(JSON.stringify(life.turnErrors)).not.toContain('canary');
    expect(world.store.entries()).toEqual(before);
  });

  test('is what a provider is made with, whose settings name it; they are stored with its name alone', async () => {
    const made = await openWithType();
    const settings = { region: 'here', token: { secret: 'token' } };
    await E(life.process).configure({ name: 'cloud', type: 'noting', settings });
    const machine = await E(life.boss).createMachine('web1', { provider: 'cloud' });
    const failed = await reach(machine, 'failed');
    expect(failed.failure).toMatchObject({ code: 'NO_SUCH_SECRET' });
    await E(life.boss).setSecret('token', secret);
    await ready(E(life.boss).createMachine('web2', { provider: 'cloud' }));
    expect(made).toEqual([{ region: 'here', token: secret }]);
    await life.stop();
    life = await world.open();
    await ready(E(life.boss).createMachine('web3', { provider: 'cloud' }));
    expect(made).toHaveLength(2);
    const stored = JSON.stringify(world.store.entries());
    expect(stored).toContain('noting');
    expect(stored).not.toContain('canary');
  });
});
