/** Reading logs through the boss: the machine's own, as it grows, and what its hob says of the host's. */
import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { MachineAdmin } from '../../src/protocol/remotes.ts';
import type { LogEntry } from '../../src/protocol/shapes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, ready, type BossWorld, type Life, type TestHob } from '../support/boss-world.ts';

let world: BossWorld;
let life: Life;
let machine: MachineAdmin;
let hob: TestHob;
beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
  machine = await E(life.boss).createMachine('web1', harden({ provider: 'fake' }));
  await ready(machine);
  hob = world.hobs.get('m1')!;
});

describe('the next lines of a machine’s log', () => {
  const newest = async (): Promise<LogEntry> => (await E(machine).log()).at(-1)!;

  test('are there at once for whoever knows another newest line', async () => {
    const log = await E(machine).log();
    expect(await E(machine).nextLog(null)).toEqual(log);
    expect(await E(machine).nextLog(log[0]!)).toEqual(log);
  });

  test('are there when there is one more, for all who wait', async () => {
    const last = await newest();
    const waiting = [E(machine).nextLog(last), E(await E(machine).asObserver()).nextLog(last)];
    await E(machine).setDesired(harden({ resources: [{ id: 'a', type: 'noop' }] }));
    for (const lines of await Promise.all(waiting)) {
      expect(lines.at(-2)).toEqual(last);
      expect(lines.at(-1)!.what).toMatch(/^desired state 1: 1 resource/);
    }
    expect(life.turnErrors).toEqual([]);
  });

  test('tell the last of a machine that goes away', async () => {
    let last = await newest();
    void E(machine).destroy();
    for (;;) {
      const lines = await Promise.resolve(E(machine).nextLog(last)).catch(() => undefined);
      if (lines === undefined) break;
      last = lines.at(-1)!;
    }
    expect(last.what).toBe('gone');
  });
});

describe('a host’s logs', () => {
  const line = { at: 1, level: 'info', what: 'x' };
  const journal = () => E(machine).asJournal();

  test('are what its hob says, looked at', async () => {
    hob.log = () => harden({ lines: [line], last: 1 });
    expect(await E(await journal()).hobLog({})).toEqual({ lines: [line], last: 1 });
  });

  test.each([
    ['nothing', undefined],
    ['too many lines', { lines: Array.from({ length: 301 }, () => line), last: 1 }],
    ['a line that is too long', { lines: [{ ...line, what: 'x'.repeat(2_001) }], last: 1 }],
    ['another level', { lines: [{ ...line, level: 'loud' }], last: 1 }],
    ['no last', { lines: [] }],
  ])('with %s are refused', async (_what, page) => {
    hob.log = () => harden(page as object);
    expect(await Promise.resolve(E(await journal()).hobLog({})).then(() => 'none', codeOf)).toBe('PROTOCOL_ERROR');
  });

  test('of a unit are noted in the machine’s log', async () => {
    await E(await journal()).unitLog('ssh.service', {}, { by: 'ada' });
    expect(hob.heard).toContain('unitLog ssh.service');
    expect((await E(machine).log()).map(({ what }) => what)).toContain('journal of ssh.service, by ada');
  });
});
