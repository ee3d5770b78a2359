/** What a hob that was taken over can make its boss write and believe. */
import { Far } from '@endo/far';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Hob, MachineAdmin } from '../../src/protocol/remotes.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, ready, someFacts, type BossWorld, type Life, type TestHob } from '../support/boss-world.ts';

let world: BossWorld;
let life: Life;
let machine: MachineAdmin;
let hob: TestHob;

beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
  machine = await E(life.boss).createMachine('web1', { provider: 'fake' });
  hob = world.hobs.get((await ready(machine)).id)!;
});

const self = (): Hob => life.kernel.refOf(`peer:${hob.peerId}/1`) as Hob;
const attach = (facts = someFacts) => E(life.hobSide(hob)).attach(self(), facts);
const revision = async (): Promise<number> => (await E(machine).status()).revision;

describe('a hob that says again that it is here', () => {
  test('changes nothing in the same session, and is noted in the next', async () => {
    const before = await revision();
    const lines = await E(machine).log();
    world.now += 1_000;
    for (let n = 0; n < 5; n += 1) expect(await attach()).toMatchObject({ generation: 0 });
    expect(await revision()).toBe(before);
    expect(await E(machine).log()).toEqual(lines);

    await life.disconnect(hob);
    expect(await revision()).toBe(before + 1);
    await life.connect(hob);
    expect(await revision()).toBe(before + 2);
    expect((await E(machine).log()).at(-1)!.what).toContain('its hob is here');
  });

  test('is heard if it has other facts', async () => {
    await attach(harden({ ...someFacts, hostname: 'another' }));
    expect(await E(machine).facts()).toMatchObject({ hostname: 'another' });
  });
});

describe('a hob that attaches something else than itself', () => {
  test('is refused', async () => {
    const other = world.makeHob('elsewhere');
    const others: readonly object[] = [life.kernel.refOf(`peer:${other.peerId}/1`), machine, Far('Hob', {})];
    for (const one of others) {
      const attached = E(life.hobSide(hob)).attach(one as Hob, someFacts);
      expect(await attached.then(() => 'done', codeOf)).toBe('BAD_ARGUMENTS');
    }
    await attach();
    expect(
      await E(machine)
        .lookup('none')
        .then(() => 'done', codeOf),
    ).toBe('NO_SUCH_BINDING');
  });
});

describe('a hob that answers with something else', () => {
  test('to a lookup is refused', async () => {
    hob.bindings.set('odd', harden({ no: 'reference' }) as never);
    expect(
      await E(machine)
        .lookup('odd')
        .then(() => 'done', codeOf),
    ).toBe('PROTOCOL_ERROR');
  });
});
