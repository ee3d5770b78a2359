/** What is hard to have under a real systemd at the right moment; the rest is in test/hosts/resources/service.test.ts. */
import { describe, expect, it } from 'vitest';
import type { Commands } from '../../../src/hob/commands.ts';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { serviceType } from '../../../src/hob/resources/service.ts';

const web = { id: 'web', type: 'service', name: 'web', enabled: true };

/** A unit that is in this state, and in that of `after` once it was told to start or restart. */
const hostWith = (before: Readonly<Record<string, string>>, told: string[], after = before): Host => {
  let state = before;
  const run: Commands['run'] = async (command) => {
    const verb = command.find((word) => ['show', 'start', 'restart', 'reload', 'stop'].includes(word))!;
    if (verb !== 'show') {
      told.push(verb);
      state = after;
    }
    const unit = { LoadState: 'loaded', UnitFileState: 'enabled', NeedDaemonReload: 'no', Type: 'simple', ...state };
    const failed = verb !== 'show' && state['ActiveState'] !== 'active';
    const stdout = Object.entries(unit).map(([name, value]) => `${name}=${value}\n`);
    return { code: failed ? 1 : 0, stdout: stdout.join(''), stderr: '', cut: false };
  };
  return { commands: { run } } as unknown as Host;
};
const active = { ActiveState: 'active', SubState: 'running', Result: 'success' };
const failed = { ActiveState: 'failed', SubState: 'failed', Result: 'exit-code' };
const looping = { ActiveState: 'activating', SubState: 'auto-restart', Result: 'exit-code' };
const stopped = { ActiveState: 'inactive', SubState: 'dead', Result: 'success' };

const tell = (host: Host, resource: object = web) =>
  serviceType.converge({ ...web, ...resource }, host, true, { notified: true });

describe('a service that is told of a change', () => {
  it('fails for as long as it does not come up again, so that it stays owed', async () => {
    const told: string[] = [];
    const host = hostWith(active, told, failed);
    for (const _round of ['first', 'second']) {
      await expect(tell(host)).rejects.toThrow('CANNOT_CHANGE: web: it did not start: failed (exit-code)');
    }
    expect(told).toEqual(['restart', 'restart']);
  });

  it.each([
    ['failed', failed],
    ['goes down again and again', looping],
  ])('is started if it %s', async (_how, state) => {
    const told: string[] = [];
    expect(await tell(hostWith(state, told, active), { 'on-notify': 'reload' })).toEqual([]);
    expect(told).toEqual(['restart']);
  });

  it.each([
    ['somebody stopped it', stopped, {}],
    ['it is not to run', failed, { running: false }],
    ['it does its work and ends', { ...failed, Type: 'oneshot', RemainAfterExit: 'no' }, {}],
  ])('is left alone if %s', async (_why, state, more) => {
    const told: string[] = [];
    expect(await tell(hostWith(state, told, active), more)).toEqual([]);
    expect(told).toEqual([]);
  });
});
