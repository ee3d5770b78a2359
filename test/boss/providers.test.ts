import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';
import type { Boss, ProviderSpec } from '../../src/protocol/remotes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, ready, reach, type BossWorld, type Life } from '../support/boss-world.ts';

const failureOf = async (promise: Promise<unknown>) =>
  describeError(
    await promise.then(
      () => 'it did not fail',
      (error: unknown) => error,
    ),
  );

describe('the providers of a boss', () => {
  let world: BossWorld;
  let life: Life;
  let boss: Boss;
  const open = async (): Promise<void> => {
    life = await world.open();
    boss = life.boss;
  };
  beforeEach(async () => {
    world = makeBossWorld();
    await open();
  });
  const restart = async (): Promise<void> => {
    await life.stop();
    await open();
  };
  const names = async (): Promise<string[]> => (await E(boss).providers()).map(({ name }) => name);

  test('are added, used, listed after a restart, and removed', async () => {
    const spec: ProviderSpec = harden({ type: 'fake', settings: { size: 3, fast: true } });
    await E(boss).addProvider('dc1', spec);
    await restart();
    expect(await E(boss).providers()).toEqual([
      { name: 'dc1', ...spec },
      { name: 'fake', type: 'fake', settings: {} },
    ]);
    const machine = E(boss).createMachine('web1', harden({ provider: 'dc1' }));
    expect(await ready(machine)).toMatchObject({ provider: 'dc1' });
    expect(await failureOf(E(boss).removeProvider('dc1'))).toMatchObject({
      code: 'PROVIDER_IN_USE',
      message: 'dc1: the machine web1 has it',
    });
    await E(boss).destroyMachine('web1');
    await reach(machine, 'gone');
    await E(boss).removeProvider('dc1');
    expect(await names()).toEqual(['fake']);
    await restart();
    expect(await names()).toEqual(['fake']);
  });

  test('can be added again under the same name, and make machines then', async () => {
    await E(boss).addProvider('dc1', harden({ type: 'fake' }));
    await E(boss).removeProvider('dc1');
    await E(boss).addProvider('dc1', harden({ type: 'fake', settings: { size: 9 } }));
    await restart();
    expect(await ready(E(boss).createMachine('web1', harden({ provider: 'dc1' })))).toMatchObject({ state: 'ready' });
  });

  test('that are added again are the same, or refused', async () => {
    await E(boss).addProvider('dc1', harden({ type: 'fake', settings: { a: 1, b: 'x' } }));
    await E(boss).addProvider('dc1', harden({ type: 'fake', settings: { b: 'x', a: 1 } }));
    const other = E(boss).addProvider('dc1', harden({ type: 'fake', settings: { a: 2 } }));
    expect((await failureOf(other)).code).toBe('PROVIDER_EXISTS');
    expect(await names()).toEqual(['dc1', 'fake']);
  });

  test('have names, known secrets, and settings of the right sort; what is refused is not quoted', async () => {
    const add = (name: string, settings: object) =>
      failureOf(E(boss).addProvider(name, harden({ type: 'fake', settings }) as ProviderSpec));
    expect((await add('No Name', {})).code).toBe('BAD_NAME');
    for (const settings of [
      { password: ['hunter2'] },
      { password: { secret: 'hunter2!' } },
      { password: { text: 'hunter2' } },
    ]) {
      const { code, message } = await add('dc1', settings);
      expect(code).toBe('BAD_SPEC');
      expect(message).toContain('password');
      expect(message).not.toContain('hunter2');
    }
    expect((await add('dc1', { token: { secret: 'cloud-token' } })).code).toBe('NO_SUCH_SECRET');
    await E(boss).setSecret('cloud-token', 'hunter2');
    await E(boss).addProvider('dc1', harden({ type: 'fake', settings: { token: { secret: 'cloud-token' } } }));
    expect(await E(boss).providers()).toMatchObject([{ settings: { token: { secret: 'cloud-token' } } }, {}]);
    expect(JSON.stringify(world.store.entries())).not.toContain('hunter2');
  });

  test('are looked at by their type before anything is written', async () => {
    world.checkProvider = ({ settings }) => {
      if ('colour' in settings) throw Error('BAD_SPEC: setting colour: there is none');
    };
    await restart();
    const refused = E(boss).addProvider('dc1', harden({ type: 'fake', settings: { colour: 'green' } }));
    expect((await failureOf(refused)).code).toBe('BAD_SPEC');
    expect(await names()).toEqual(['fake']);
  });

  test('that get a machine while they are looked through for removal stay', async () => {
    await E(boss).addProvider('dc1', harden({ type: 'fake' }));
    const names = Array.from({ length: 250 }, (_, at) => `a${at + 1}`);
    await Promise.all(names.map((name) => E(boss).createMachine(name, harden({ provider: 'fake' }))));
    const removal = failureOf(E(boss).removeProvider('dc1'));
    // The first page is read by then, and this one would be on it.
    await E(boss).refusals();
    await E(boss).createMachine('a0', harden({ provider: 'dc1' }));
    const { code } = await removal;
    const isThere = (await E(boss).providers()).some(({ name }) => name === 'dc1');
    expect([code, isThere]).toEqual(['PROVIDER_IN_USE', true]);
  });

  test('that are there from the start, or are not there, cannot be removed', async () => {
    expect((await failureOf(E(boss).removeProvider('fake'))).code).toBe('PROVIDER_IN_USE');
    expect((await failureOf(E(boss).removeProvider('dc9'))).code).toBe('NO_SUCH_PROVIDER');
  });

  test('say what is to be confirmed', async () => {
    expect(await E(boss).confirmations('fake', harden({ size: 3 }))).toEqual([]);
    expect(await E(boss).confirmations('fake', harden({ size: 'unheard' }))).toMatchObject([
      { option: 'size', value: '7' },
    ]);
    expect(
      await E(boss)
        .confirmations('fake', harden({ colour: 'red' }))
        .catch(codeOf),
    ).toBe('BAD_SPEC');
    expect(await E(boss).confirmations('none', harden({})).catch(codeOf)).toBe('NO_SUCH_PROVIDER');
  });

  test('take up what goes on when the boss starts, even if one cannot', async () => {
    await E(boss).addProvider('dc1', harden({ type: 'fake' }));
    world.cloud.failNext('resume', Error('not today'));
    const before = world.cloud.resumed;
    await E(life.process).revive();
    expect(world.cloud.resumed).toBe(before + 1);
  });

  test('say what a destroy left: in the last status and in the log', async () => {
    const machine = E(boss).createMachine('web1', harden({ provider: 'fake' }));
    await ready(machine);
    world.cloud.leave(['what its resources \u001b[31mmade', 'a second thing']);
    await E(boss).destroyMachine('web1');
    const { leaves } = await reach(machine, 'gone');
    expect(leaves).toHaveLength(2);
    expect(leaves!.join()).not.toContain('\u001b');
  });
});
