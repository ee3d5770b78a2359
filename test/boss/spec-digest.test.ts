import { beforeEach, describe, expect, test } from 'vitest';
import { digestOfSpec } from '../../src/boss/spec-digest.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, type BossWorld } from '../support/boss-world.ts';

let world: BossWorld;
beforeEach(() => {
  world = makeBossWorld();
});

describe('what is kept of a request', () => {
  test('tells specs apart, but not by the order of their properties', () => {
    const spec = { provider: 'p', options: { a: 1, b: '1' }, resources: [{ id: 'x', type: 'noop' }] };
    const again = { resources: [{ type: 'noop', id: 'x' }], options: { b: '1', a: 1 }, provider: 'p' };
    expect(digestOfSpec(again)).toBe(digestOfSpec(spec));
    for (const options of [{ a: '1', b: '1' }, { a: 1 }, { a: NaN, b: '1' }, { a: Infinity, b: '1' }, {}]) {
      expect(digestOfSpec({ ...spec, options })).not.toBe(digestOfSpec(spec));
    }
    expect(digestOfSpec({ provider: 'p' })).not.toBe(digestOfSpec({ provider: 'p', resources: [] }));
  });

  test('is not the contents of files, when the machine is gone', async () => {
    const life = await world.open();
    const content = 'a content that is not kept';
    const resources = [{ id: 'f', type: 'file', path: '/f', content }];
    await E(life.boss).createMachine('web1', { provider: 'fake', resources }, { requestId: 'one' });
    const holding = world.store.entries().filter(([, value]) => value.includes(content));
    expect(holding.map(([key]) => key)).toHaveLength(1);
    await life.stop();
  });
});
