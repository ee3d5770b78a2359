/** What a boss tells of itself and of a machine, and what it makes of what a hob tells. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { MachineAdmin } from '../../src/protocol/remotes.ts';
import type { TraceRequest } from '../../src/protocol/trace.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { aRecord } from '../cli/near-traces.ts';
import { makeBossWorld, ready, type BossWorld, type Life, type TestHob } from '../support/boss-world.ts';

let world: BossWorld;
let life: Life;
let machine: MachineAdmin;
let hob: TestHob;

beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
  machine = await E(life.boss).createMachine(
    'web1',
    harden({ provider: 'fake', resources: [{ id: 'a', type: 'noop' }] }),
  );
  await Promise.all([ready(machine), ready(E(life.boss).createMachine('web2', { provider: 'fake' }))]);
  await life.kernel.idle();
  hob = world.hobs.get('m1')!;
});

const inspector = () => E(life.boss).inspector();
const traceOf = async (of: string | object) => (await E(await inspector()).trace({ of, limit: 300 })).records;

describe('the inspector', () => {
  test('tells of a machine what its actors did, what it sent and what its hob said, and nothing of another', async () => {
    await E(machine).converge();
    await life.kernel.idle();
    const records = await traceOf(machine);
    const converge = records.find(({ method }) => method === 'converge')!;
    expect(converge).toMatchObject({ target: life.kernel.nameOf(machine), from: 'host' });
    expect(converge.effects).toEqual([{ id: expect.any(String), target: `peer:${hob.peerId}/1`, method: 'converge' }]);
    const after = records.find(({ cause }) => cause === converge.id)!;
    expect(after.method).toBe('on');
    expect(after.changed.map((name) => name.split('/')[1])).toEqual(expect.arrayContaining(['machine', 'cell']));
    const others = await traceOf(await E(life.boss).machine('web2'));
    expect(others.map(({ id }) => id)).not.toContain(converge.id);
    expect(others.length).toBeGreaterThan(3);
  });

  test('takes a name of a reference, and says if there is no such actor', async () => {
    const name = life.kernel.nameOf(machine)!;
    expect((await traceOf(name)).length).toBe((await traceOf(machine)).length);
    for (const wrong of ['nonsense', 'vat:boss/machine/999/self']) {
      expect(codeOf(await traceOf(wrong).catch((error: unknown) => error))).toBe('NO_SUCH_ACTOR');
    }
  });

  test('gives no more than there is room for', async () => {
    expect((await E(await inspector()).trace({ limit: 1e6 })).records.length).toBeLessThanOrEqual(300);
    expect((await E(await inspector()).trace({ limit: 2 })).records).toHaveLength(2);
  });

  test('draws what a machine holds, and from the roots what the boss holds, no further than it was asked to', async () => {
    const { nodes, edges, omitted } = await E(await inspector()).graph({ from: machine, depth: 1 });
    const self = life.kernel.nameOf(machine)!.replace('/admin', '');
    expect(nodes[0]).toEqual({ name: self, kind: 'machine' });
    expect(edges.every(({ from }) => from === self)).toBe(true);
    expect(nodes).toContainEqual({ name: `peer:${hob.peerId}/1`, kind: null });
    expect(nodes.filter(({ kind }) => kind === 'cell')).toHaveLength(4);
    expect(omitted).toEqual(['what is more than 1 reference away']);

    const whole = await E(await inspector()).graph({ depth: 50, limit: 2_000 });
    expect(whole.omitted).toEqual([]);
    expect(whole.nodes).toContainEqual({ name: self, kind: 'machine' });
    expect(whole.edges.find(({ to, label }) => to === self && label.startsWith('web1'))).toBeDefined();
    const few = await E(await inspector()).graph({ depth: 50, limit: 5 });
    expect(few.nodes).toHaveLength(5);
    expect(few.omitted).toEqual(['more than 5 actors']);
  });
});

describe('a hob', () => {
  test('tells what it did to whoever has the admin facet, and the telling leaves no record', async () => {
    const requests: TraceRequest[] = [];
    hob.trace = (request) => {
      requests.push(request);
      return harden({ records: [aRecord], last: 1, cut: false });
    };
    const before = await E(await inspector()).trace({ limit: 300 });
    expect((await E(machine).trace({ limit: 1e9 })).records).toEqual([aRecord]);
    expect(requests).toEqual([{ limit: 300, wait: false }]);
    const after = await E(await inspector()).trace({ after: before.last, limit: 300 });
    expect(after.records.map(({ method }) => method).filter((method) => method !== 'inspector')).toEqual([]);
  });

  test('cannot pass on something that is no trace, and a machine without one says so', async () => {
    hob.trace = () => harden({ records: [{ ...aRecord, method: 'x'.repeat(1_000_000) }], last: 1, cut: false });
    expect(
      codeOf(
        await E(machine)
          .trace()
          .catch((error: unknown) => error),
      ),
    ).toBe('PROTOCOL_ERROR');
    await life.disconnect(hob);
    expect(
      codeOf(
        await E(machine)
          .trace()
          .catch((error: unknown) => error),
      ),
    ).toBe('HOB_UNREACHABLE');
  });

  test('is told of to nobody by a lesser facet', async () => {
    for (const lesser of [await E(machine).asObserver(), await E(machine).asOperator()]) {
      const refused = await E(lesser as unknown as MachineAdmin)
        .trace()
        .catch((error: unknown) => error);
      expect(codeOf(refused)).toBe('NO_SUCH_METHOD');
    }
  });
});
