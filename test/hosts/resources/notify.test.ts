/** A round on a real host: a file and a package's service that follows it, with a hob that is killed between the two. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Resource } from '../../../src/protocol/shapes.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';

const UNIT = '[Service]\nExecStart=/bin/sh -c "cp /etc/app.conf /run/app.seen; exec sleep infinity"\n';

const resources = (content: string): readonly Resource[] => [
  { id: 'service', type: 'service', name: 'app', running: true },
  { id: 'conf', type: 'file', path: '/etc/app.conf', content, notify: ['service', 'note'] },
  { id: 'unit', type: 'unit', name: 'app.service', content: UNIT, notify: ['service'] },
  { id: 'note', type: 'exec', command: ['sh', '-c', 'echo told >> /srv/told'], 'only-notified': true },
  { id: 'elsewhere', type: 'file', path: '/etc/alpine', content: '', when: 'system=alpine' },
];
const effect = (what: string, id: string) => ({ what, from: `due since a change of "${id}"`, to: 'done' });

describeHosts('a file and a service that follows it', () => {
  let lab: HostLab;
  let host: InsideHost;
  beforeAll(async () => {
    lab = await openHostLab();
    const made = await lab.startBootedHost({ node: true });
    host = await goInside(made);
    await host.sh('systemctl is-system-running --wait');
  });
  afterAll(() => lab.close());

  const states = async (content: string, apply: boolean) =>
    (await host.round(resources(content), apply)).map(({ id, state }) => `${id} ${state}`);
  /** The service that runs now has read this, or is about to. */
  const seen = (text: string) => host.sh(`until grep -qx ${text} /run/app.seen; do sleep 0.1; done`);
  const invocation = () => host.sh('systemctl show -p InvocationID --value app.service');

  it('come up in one round, and the next touches nothing', async () => {
    expect(await states('one\n', true)).toEqual([
      ...['service corrected', 'conf corrected', 'unit corrected', 'note corrected', 'elsewhere skipped'],
    ]);
    await seen('one');
    const [before, running] = [host.snapshot(), await invocation()];
    expect(await states('one\n', true)).toEqual([
      ...['service ok', 'conf ok', 'unit ok', 'note ok', 'elsewhere skipped'],
    ]);
    expect([host.snapshot(), await invocation()]).toEqual([before, running]);
    expect(await host.sh('cat /srv/told')).toBe('told\n');
  });

  it('lose no restart to a kill between the two: a check says that it is owed, the next round does it, once', async () => {
    await host.round(resources('one\n'), true);
    const before = await invocation();
    await host.roundAndDie(resources('two\n'), 'restart');
    expect(await host.sh('cat /etc/app.conf')).toBe('two\n');
    expect(await invocation()).toBe(before);

    expect((await host.round(resources('two\n'), false)).slice(0, 2)).toEqual([
      { id: 'service', type: 'service', state: 'drifted', changes: [effect('restart', 'conf')] },
      { id: 'conf', type: 'file', state: 'ok' },
    ]);
    expect(await invocation()).toBe(before);

    const report = await host.round(resources('two\n'), true);
    expect(report[0]).toEqual({
      ...{ id: 'service', type: 'service', state: 'corrected', at: 0 },
      changes: [effect('restart', 'conf')],
    });
    const after = await invocation();
    expect(after).not.toBe(before);
    await seen('two');
    expect(await states('two\n', true)).toEqual([
      ...['service ok', 'conf ok', 'unit ok', 'note ok', 'elsewhere skipped'],
    ]);
    expect(await invocation()).toBe(after);
  });
});
