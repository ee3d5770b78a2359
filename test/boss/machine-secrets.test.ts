/** Secrets of the boss that resources name: what the boss keeps, tells and gives to whom. */
import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { MachineAdmin, MachineHobSide } from '../../src/protocol/remotes.ts';
import type { Resource } from '../../src/protocol/shapes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, ready, type BossWorld, type Life, type TestHob } from '../support/boss-world.ts';

const text = 'canary of a password';
const other = 'canary of its successor';

let world: BossWorld;
let life: Life;
beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
  await E(life.boss).setSecret('token', text);
});

const keyed = (name: string): Resource => ({
  id: name,
  type: 'file',
  path: `/${name}`,
  mode: '0600',
  content: { secret: name },
});
const spec = harden({ provider: 'fake', resources: [keyed('token')] });

const create = async (name: string, more: object = {}): Promise<[MachineAdmin, TestHob, MachineHobSide]> => {
  const machine = await E(life.boss).createMachine(name, harden({ ...spec, ...more }));
  const { id } = await ready(machine);
  const hob = world.hobs.get(id)!;
  return [machine, hob, life.hobSide(hob)];
};
const refusal = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'nothing',
    (error: unknown) => codeOf(error),
  );
const stored = (): string => JSON.stringify(world.store.entries());

describe('a secret that a resource names', () => {
  test('is a name and a version for all but the hob of that machine', async () => {
    const [machine, hob, side] = await create('web1');
    const version = hob.desired!.secrets!['token']!;
    expect(hob.desired!.secrets).toEqual({ token: expect.stringMatching(/^[0-9a-f]{16}$/) as string });
    expect((await E(machine).desired()).resources).toEqual([keyed('token')]);
    expect(JSON.stringify([hob.desired, await E(machine).planBasis()])).not.toContain(text);
    expect(stored()).not.toContain(text);
    expect(await E(side).secret('token')).toEqual({ version, text });
    expect(stored()).not.toContain(text);
  });

  test('is given to no other machine, and no other secret to this one', async () => {
    await E(life.boss).setSecret('other', other);
    const [, , side] = await create('web1');
    const [, , bare] = await create('web2', { resources: [] });
    expect(await refusal(E(side).secret('other'))).toBe('NO_SUCH_SECRET');
    expect(await refusal(E(side).secret('toString'))).toBe('NO_SUCH_SECRET');
    expect(await refusal(E(bare).secret('token'))).toBe('NO_SUCH_SECRET');
  });

  test('must be there when it is named, at each way there is', async () => {
    const [machine] = await create('web1');
    const wanted = { policy: 'report', resources: [keyed('gone')], labels: {} } as const;
    expect(await refusal(E(machine).setDesired({ resources: [keyed('gone')] }))).toBe('NO_SUCH_SECRET');
    expect(await refusal(E(machine).applyDocument(wanted, { generation: 1, labels: {} }))).toBe('NO_SUCH_SECRET');
    expect(await refusal(E(life.boss).createMachine('web2', { ...spec, resources: [keyed('gone')] }))).toBe(
      'NO_SUCH_SECRET',
    );
    const many = Array.from({ length: 101 }, (_, index) => keyed(`s${index}`));
    expect(await refusal(E(machine).setDesired({ resources: many }))).toBe('BAD_DESIRED_STATE');
  });

  test('is another generation when it is set anew: at the next pull, and then the text is the new one', async () => {
    const [machine, , side] = await create('web1');
    const before = await E(side).pull();
    expect(before).toMatchObject({ generation: 1 });
    await E(life.boss).setSecret('token', text);
    expect(await E(side).pull()).toEqual(before);
    await E(life.boss).setSecret('token', other);
    const after = await E(side).pull();
    expect(after).toMatchObject({ generation: 2, resources: before.resources });
    expect(after.secrets).not.toEqual(before.secrets);
    expect(after.digest).not.toBe(before.digest);
    expect(await E(side).secret('token')).toEqual({ version: after.secrets!['token'], text: other });
    expect(await E(side).pull()).toEqual(after);
    expect(await E(machine).status()).toMatchObject({ generation: 2 });
    expect((await E(machine).log()).map(({ what }) => what)).toContain(
      'desired state 2: a secret that it names was set anew',
    );
  });

  test('is another generation at once where the same is applied again', async () => {
    const [machine, hob] = await create('web1');
    const wanted = { policy: 'report', resources: [keyed('token')], labels: {} } as const;
    expect(await E(machine).applyDocument(wanted, { generation: 1, labels: {} })).toBe(1);
    await E(life.boss).setSecret('token', other);
    expect(await E(machine).applyDocument(wanted, { generation: 1, labels: {} })).toBe(2);
    await life.kernel.idle();
    expect(hob.heard).toEqual(['push 2']);
    expect(await E(machine).planBasis()).toMatchObject({ applied: { same: true } });
  });

  test('is no change by hand when it is set anew', async () => {
    const [machine, , side] = await create('web1');
    const wanted = { policy: 'report', resources: [keyed('token')], labels: {} } as const;
    await E(machine).applyDocument(wanted, { generation: 1, labels: {} });
    await E(life.boss).setSecret('token', other);
    await E(side).pull();
    expect(await E(machine).planBasis()).toMatchObject({ desired: { generation: 2 }, applied: { same: true } });
    await E(machine).setDesired({ policy: 'correct' });
    await E(machine).setDesired({ policy: 'report' });
    expect(await E(machine).planBasis()).toMatchObject({ desired: { generation: 4 }, applied: { same: true } });
    expect(await E(machine).lastApplied()).toBe(null);
  });

  test('changes nothing for machines that have it when it is removed; there is nothing to be had any more', async () => {
    const [machine, , side] = await create('web1');
    const before = await E(side).pull();
    await E(life.boss).removeSecret('token');
    expect(await E(side).pull()).toEqual(before);
    expect(await refusal(E(side).secret('token'))).toBe('NO_SUCH_SECRET');
    expect(await refusal(E(machine).setDesired({ policy: 'correct' }))).toBe('NO_SUCH_SECRET');
  });

  test('survives the boss', async () => {
    const [, hob] = await create('web1');
    await life.stop();
    life = await world.open();
    await life.connect(hob, undefined);
    expect(await E(life.hobSide(hob)).secret('token')).toMatchObject({ text });
  });
});
