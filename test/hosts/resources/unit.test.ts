/** Unit files under a real systemd, and without one. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';
import { shipped, unitText } from '../../support/inside/made-units.ts';

const unit = (name: string, more: object = {}) => ({ id: name, type: 'unit', name, ...more });
const change = (what: string, from: string, to: string) => ({ what, from, to });

describeHosts('units', () => {
  let lab: HostLab;
  let host: InsideHost;
  beforeAll(async () => {
    lab = await openHostLab();
    const made = await lab.startBootedHost({ node: true });
    host = await goInside(made);
    await host.sh('systemctl is-system-running --wait');
  });
  afterAll(() => lab.close());

  const read = (from = 'an older one') => change('read by systemd', from, 'this one');
  const content = unitText('ExecStart=/bin/sleep infinity');
  const typeChange = [change('type', 'absent', 'file')];
  describeHostResource('unit', () => host, {
    cases: [
      {
        name: 'a service',
        resource: unit('app.service', { content }),
        changes: typeChange,
        drifts: [
          { name: 'it was removed', byHand: 'rm /etc/systemd/system/app.service', changes: typeChange },
          {
            name: 'it was changed',
            byHand: 'echo >> /etc/systemd/system/app.service',
            changes: [
              change('content', expect.stringMatching(/bytes/) as string, expect.stringMatching(/bytes/) as string),
            ],
          },
          {
            name: 'its mode was changed',
            byHand: 'chmod 600 /etc/systemd/system/app.service',
            changes: [change('mode', '0600', '0644')],
          },
          {
            name: 'systemd was not told',
            byHand: 'systemctl start app; touch -d +1minute /etc/systemd/system/app.service',
            changes: [read()],
          },
        ],
        result: ['systemctl show -p LoadState,NeedDaemonReload --value app.service', 'loaded\nno\n'],
      },
      {
        name: 'a drop-in',
        resource: unit('dropped.service', { 'drop-in': '10-more', content: '[Service]\nEnvironment=MORE=1\n' }),
        arrange: `${shipped('dropped')}; systemctl start dropped`,
        changes: typeChange,
        drifts: [
          {
            name: 'it was removed',
            byHand: 'rm /etc/systemd/system/dropped.service.d/10-more.conf',
            changes: typeChange,
          },
        ],
        result: ['systemctl show -p Environment,NeedDaemonReload --value dropped.service', 'MORE=1\nno\n'],
      },
      {
        name: 'a template',
        resource: unit('many@.service', { content: unitText('ExecStart=/bin/sleep 1000%i') }),
        changes: typeChange,
        drifts: [
          {
            name: 'systemd was not told',
            byHand: 'systemctl start many@1; touch -d +1minute /etc/systemd/system/many@.service',
            changes: [read()],
          },
        ],
        result: ['systemctl show -p NeedDaemonReload --value many@1.service', 'no\n'],
      },
      {
        name: 'absent',
        resource: unit('gone.service', { absent: true }),
        arrange: `printf '${content.replaceAll('\n', '\\n')}' > /etc/systemd/system/gone.service; systemctl daemon-reload; systemctl start gone`,
        changes: [change('type', 'file', 'absent')],
        drifts: [
          {
            name: 'it came back',
            byHand: 'touch /etc/systemd/system/gone.service',
            changes: [change('type', 'file', 'absent')],
          },
        ],
      },
    ],
    failing: [
      {
        name: 'a directory is in its place',
        resource: unit('dir.service', { content }),
        arrange: 'mkdir -p /etc/systemd/system/dir.service',
        code: 'CANNOT_CHANGE',
        why: /dir\.service: it is a directory/,
      },
    ],
  });

  it('that is a secret is closed to others, and not shown', async () => {
    const secrets = { unit: unitText('Environment=TOKEN=swordfish\nExecStart=/bin/sleep infinity') };
    const sealed = unit('sealed.service', { content: { secret: 'unit' }, mode: '0600' });
    const apply = async () => (await host.converge({ resources: [sealed], apply: true, secrets }))[0];
    expect(await apply()).toEqual([{ changes: typeChange }]);
    expect(
      await host.sh(
        'grep -c swordfish /etc/systemd/system/sealed.service; stat -c %a /etc/systemd/system/sealed.service',
      ),
    ).toBe('1\n600\n');
    await host.sh('echo >> /etc/systemd/system/sealed.service');
    const mended = await apply();
    expect(mended).toMatchObject([{ changes: [{ what: 'content' }] }]);
    expect(JSON.stringify(mended)).not.toMatch(/swordfish|sha256/);
    expect(await apply()).toEqual([{ changes: [] }]);
  });

  it('that systemd cannot load is told', async () => {
    const broken = unit('broken.service', { content: '[Service]\nType=nonsense\n' });
    const error = {
      error: expect.stringMatching(
        /broken\.service: systemd cannot load it: .*\nhint: `systemctl status broken\.service`/,
      ) as string,
    };
    expect(await host.apply(broken)).toEqual(error);
    expect(await host.check(broken)).toEqual(error);
  });

  it('is read by systemd after a hob was killed between writing it and telling', async () => {
    const one = unit('cut.service', { content });
    const other = unit('cut.service', { content: unitText('ExecStart=/bin/sleep 12345') });
    await host.apply(one);
    await host.sh('systemctl start cut');
    await host.applyAndDie(other, 'daemon-reload');
    expect(await host.sh('grep -c 12345 /etc/systemd/system/cut.service')).toBe('1\n');
    expect(await host.check(other)).toEqual({ changes: [read()] });
    expect(await host.apply(other)).toEqual({ changes: [read()] });
    expect(await host.check(other)).toEqual({ changes: [] });
    expect(await host.sh('systemctl show -p NeedDaemonReload --value cut.service')).toBe('no\n');
  });

  it('makes systemd read its files once for each change, and never without one', async () => {
    const one = unit('counted.service', { content });
    const reloads = async () => Number(await host.sh("journalctl -b -o cat _PID=1 | grep -c '^Reloading\\.$' || true"));
    const before = await reloads();
    await host.apply(one);
    await host.sh('journalctl --sync');
    const after = await reloads();
    expect(after).toBe(before + 1);
    await host.converge({ resources: [one], apply: false }, { resources: [one], apply: true });
    await host.sh('journalctl --sync');
    expect(await reloads()).toBe(after);
  });
});

describeHosts('a host without systemd', () => {
  let lab: HostLab;
  beforeAll(async () => (lab = await openHostLab()) && undefined);
  afterAll(() => lab.close());

  it('says so, and nothing is written', async () => {
    const [made] = await lab.startSshHosts(1, { node: true });
    const host = await goInside(made!);
    const before = host.snapshot();
    for (const resource of [
      { id: 's', type: 'service', name: 'cron', running: true },
      unit('app.service', { content: '' }),
    ]) {
      expect(await host.apply(resource)).toEqual({
        error: expect.stringMatching(
          /^CANNOT_LOOK: .*: systemctl: .*System has not been booted with systemd/,
        ) as string,
      });
    }
    expect(host.snapshot()).toEqual(before);
  });
});
