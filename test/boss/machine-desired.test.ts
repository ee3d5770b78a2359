/** What a machine is to be by a document, and by hand; and its labels. */
import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { MachineAdmin } from '../../src/protocol/remotes.ts';
import type { DocumentedState, Labels, Resource } from '../../src/protocol/shapes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, ready, type BossWorld, type Life, type TestHob } from '../support/boss-world.ts';

let world: BossWorld;
let life: Life;

beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
});

const noop = (id: string, note = 'first'): Resource => ({ id, type: 'noop', note });
const said = (resources: readonly Resource[], labels: Labels = {}): DocumentedState =>
  harden({ policy: 'report', resources, labels });
const from = (generation: number, labels: Labels = {}) => harden({ generation, labels });

const createReady = async (
  spec: object = {},
  options: object = {},
): Promise<{ machine: MachineAdmin; hob: TestHob }> => {
  const machine = await E(life.boss).createMachine('web1', { provider: 'fake', ...spec }, options);
  const { id } = await ready(machine);
  return { machine, hob: world.hobs.get(id)! };
};
/** Of actors: what is traced is written for every turn. */
const rows = () => world.store.page({ gt: 'v/boss/a/', lt: 'v/boss/a0', limit: 10_000 });

describe('a document that is applied', () => {
  test('is what is wanted, and what it said is kept by its digest only', async () => {
    const { machine, hob } = await createReady();
    expect(await E(machine).planBasis()).toMatchObject({ desired: { generation: 0 }, applied: null });
    expect(await E(machine).applyDocument(said([noop('a')]), from(0))).toBe(1);
    expect(await E(machine).planBasis()).toEqual({
      desired: { generation: 1, policy: 'report', resources: [noop('a')] },
      labels: {},
      options: {},
      applied: { at: world.now, labels: {}, same: true },
    });
    expect(await E(machine).lastApplied()).toBe(null);
    await life.kernel.idle();
    expect(hob.heard).toEqual(['push 1']);
  });

  test('is told from what somebody changed by hand, until that is as it was or another one is applied', async () => {
    const { machine } = await createReady();
    await E(machine).applyDocument(said([noop('a')]), from(0));
    await E(machine).setDesired({ resources: [noop('a', 'second')] });
    await E(machine).setDesired({ resources: [noop('a', 'third')] });
    expect(await E(machine).planBasis()).toMatchObject({ desired: { generation: 3 }, applied: { same: false } });
    expect(await E(machine).lastApplied()).toEqual({ policy: 'report', resources: [noop('a')] });
    await E(machine).setDesired({ resources: [noop('a')] });
    expect(await E(machine).planBasis()).toMatchObject({ desired: { generation: 4 }, applied: { same: true } });
    expect(await E(machine).lastApplied()).toBe(null);
    await E(machine).setDesired({ policy: 'correct' });
    expect(await E(machine).lastApplied()).toEqual({ policy: 'report', resources: [noop('a')] });
    expect(await E(machine).applyDocument(said([noop('b')]), from(5))).toBe(6);
    expect(await E(machine).lastApplied()).toBe(null);
  });

  test('that says what is wanted already makes no generation, and is remembered', async () => {
    const { machine, hob } = await createReady({ resources: [noop('a')] });
    const pushes = hob.heard.length;
    expect(await E(machine).applyDocument(said([noop('a')]), from(1))).toBe(1);
    expect(await E(machine).planBasis()).toMatchObject({ desired: { generation: 1 }, applied: { same: true } });
    await life.kernel.idle();
    expect(hob.heard.length).toBe(pushes);
  });

  test('once more writes nothing', async () => {
    const { machine } = await createReady();
    await E(machine).applyDocument(said([noop('a')], { role: 'web' }), from(0));
    await life.kernel.idle();
    const before = await rows();
    expect(before.length).toBeGreaterThan(3);
    world.now += 1_000;
    expect(await E(machine).applyDocument(said([noop('a')], { role: 'web' }), from(1, { role: 'web' }))).toBe(1);
    expect(await rows()).toEqual(before);
  });

  test('is refused if anything was changed since it was planned', async () => {
    const { machine } = await createReady();
    await E(machine).setDesired({ resources: [noop('a')] });
    await E(machine).setLabels({ role: 'web' });
    for (const basis of [from(0, { role: 'web' }), from(1), from(2, { role: 'web' })]) {
      await expect(E(machine).applyDocument(said([noop('b')]), basis)).rejects.toThrow(
        'CHANGED_MEANWHILE: web1: what it is to be was changed since this was planned',
      );
    }
    expect(await E(machine).planBasis()).toMatchObject({ desired: { resources: [noop('a')] }, applied: null });
    expect(await E(machine).applyDocument(said([noop('b')]), from(1, { role: 'web' }))).toBe(2);
  });

  test('that makes no sense changes nothing', async () => {
    const { machine } = await createReady();
    const bad = said([{ id: 'a', type: 'nop' }]);
    expect(await E(machine).applyDocument(bad, from(0)).catch(codeOf)).toBe('BAD_DESIRED_STATE');
    expect(
      await E(machine)
        .applyDocument(said([noop('a')], { Role: 'web' }), from(0))
        .catch(codeOf),
    ).toBe('BAD_LABEL');
    expect(await E(machine).planBasis()).toMatchObject({ desired: { generation: 0 }, labels: {}, applied: null });
  });

  test('may be what makes the machine', async () => {
    const { machine } = await createReady({ resources: [noop('a')], labels: { role: 'web' } }, { documented: true });
    expect(await E(machine).planBasis()).toMatchObject({ applied: { labels: { role: 'web' }, same: true } });
    await E(machine).setDesired({ resources: [] });
    expect(await E(machine).lastApplied()).toEqual({ policy: 'report', resources: [noop('a')] });
  });

  test('is remembered by the next boss', async () => {
    const { machine } = await createReady();
    await E(machine).applyDocument(said([noop('a')], { role: 'web' }), from(0));
    await E(machine).setDesired({ resources: [noop('b')] });
    const before = [await E(machine).planBasis(), await E(machine).lastApplied()];
    await life.stop();
    life = await world.open();
    const again = await E(life.boss).machine('web1');
    expect([await E(again).planBasis(), await E(again).lastApplied()]).toEqual(before);
  });
});

describe('labels', () => {
  test('are shown, noted, and nothing that a hob hears', async () => {
    const { machine, hob } = await createReady({ labels: { role: 'web' } });
    expect(await E(machine).status()).toMatchObject({ labels: { role: 'web' }, generation: 0 });
    await E(machine).setLabels({ role: 'db', canary: 'true' });
    const { labels, revision } = await E(machine).status();
    expect(labels).toEqual({ role: 'db', canary: 'true' });
    await E(machine).setLabels({ canary: 'true', role: 'db' });
    expect((await E(machine).status()).revision).toBe(revision);
    await E(machine).setLabels({});
    expect((await E(machine).log()).map(({ what }) => what).slice(-2)).toEqual([
      'labels: canary=true, role=db',
      'labels: none',
    ]);
    await life.kernel.idle();
    expect(hob.heard).toEqual([]);
  });

  test.each([
    [{ Role: 'web' }, 'machines.web1.labels["Role"]: a label\'s name has lower-case'],
    [{ role: '' }, 'machines.web1.labels["role"]: must be letters'],
    [{ role: 'a,b' }, 'machines.web1.labels["role"]: must be letters'],
  ])('that could not be selected by are refused: %j', async (labels, message) => {
    const { machine } = await createReady();
    await expect(E(machine).setLabels(labels as unknown as Labels)).rejects.toThrow(`BAD_LABEL: ${message}`);
    const create = E(life.boss).createMachine('web2', { provider: 'fake', labels: labels as unknown as Labels });
    expect(await create.catch((error: unknown) => codeOf(error))).toMatch('BAD_LABEL');
  });

  test('are bounded', async () => {
    const { machine } = await createReady();
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'x']));
    expect(await E(machine).setLabels(many).catch(codeOf)).toBe('BAD_ARGUMENTS');
    expect(
      await E(machine)
        .setLabels({ k: 'x'.repeat(201) })
        .catch(codeOf),
    ).toBe('BAD_ARGUMENTS');
  });
});
