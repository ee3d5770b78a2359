/** Services and units under a real systemd. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';

const service = (name: string, more: object = {}) => ({ id: name, type: 'service', name, ...more });
const unit = (name: string, more: object = {}) => ({ id: name, type: 'unit', name, ...more });
const change = (what: string, from: string, to: string) => ({ what, from, to });

const unitText = (lines: string): string => `[Service]\n${lines}\n[Install]\nWantedBy=multi-user.target\n`;
/** Made by hand, as a package would bring it. */
const shipped = (
  name: string,
  lines = 'ExecStart=/bin/sleep infinity\nExecReload=/bin/sh -c "echo >> /run/reloads"',
): string => `cat > /lib/systemd/system/${name}.service <<'END'\n${unitText(lines)}END\nsystemctl daemon-reload`;
const state = (name: string): readonly [string, string] => [
  `systemctl show -p ActiveState,UnitFileState --value ${name}.service`,
  'active\nenabled\n',
];

describeHosts('services and units', () => {
  let lab: HostLab;
  let host: InsideHost;
  beforeAll(async () => {
    lab = await openHostLab();
    const made = await lab.startBootedHost({ node: true });
    host = await goInside(made);
    await host.sh('systemctl is-system-running --wait');
  });
  afterAll(() => lab.close());

  const invocation = (name: string) => host.sh(`systemctl show -p InvocationID --value ${name}.service`);

  describeHostResource('service', () => host, {
    cases: [
      {
        name: 'enabled and running',
        resource: service('plain', { enabled: true, running: true }),
        arrange: shipped('plain'),
        changes: [change('enabled', 'disabled', 'enabled'), change('running', 'inactive', 'active')],
        drifts: [
          {
            name: 'it was stopped',
            byHand: 'systemctl stop plain',
            changes: [change('running', 'inactive', 'active')],
          },
          {
            name: 'it was killed',
            byHand: 'systemctl kill -s KILL plain; while systemctl -q is-active plain; do :; done',
            changes: [change('running', 'failed (signal)', 'active')],
          },
          {
            name: 'it was disabled',
            byHand: 'systemctl -q disable plain',
            changes: [change('enabled', 'disabled', 'enabled')],
          },
          {
            name: 'it was enabled until the next boot',
            byHand: 'systemctl -q disable plain; systemctl -q --runtime enable plain',
            changes: [change('enabled', 'enabled-runtime', 'enabled')],
          },
        ],
        result: state('plain'),
      },
      {
        name: 'disabled and not running',
        resource: service('quiet', { enabled: false, running: false }),
        arrange: `${shipped('quiet')}; systemctl -q enable --now quiet`,
        changes: [change('enabled', 'enabled', 'disabled'), change('running', 'active (running)', 'inactive')],
        drifts: [
          {
            name: 'it was started',
            byHand: 'systemctl start quiet',
            changes: [change('running', 'active (running)', 'inactive')],
          },
        ],
      },
      {
        name: 'masked',
        resource: service('never', { masked: true, running: false }),
        arrange: `${shipped('never')}; systemctl start never`,
        changes: [change('masked', 'not masked', 'masked'), change('running', 'active (running)', 'inactive')],
        drifts: [
          {
            name: 'it was unmasked',
            byHand: 'systemctl -q unmask never',
            changes: [change('masked', 'not masked', 'masked')],
          },
        ],
        result: [
          'systemctl start never 2>&1 || true',
          'Failed to start never.service: Unit never.service is masked.\n',
        ],
      },
      {
        name: 'masked no more, and running',
        resource: service('again', { masked: false, enabled: true, running: true }),
        arrange: `${shipped('again')}; systemctl -q mask again`,
        changes: [
          change('masked', 'masked', 'not masked'),
          change('enabled', 'masked', 'enabled'),
          change('running', 'inactive', 'active'),
        ],
        result: state('again'),
      },
      {
        name: 'that is not there and is not to run',
        resource: service('nowhere', { running: false, enabled: false }),
        changes: [],
      },
      {
        name: 'a timer',
        resource: service('tick.timer', { running: true, enabled: true }),
        arrange: `${shipped('tick')}; printf '[Timer]\\nOnCalendar=yearly\\n[Install]\\nWantedBy=timers.target\\n' > /lib/systemd/system/tick.timer; systemctl daemon-reload`,
        changes: [change('enabled', 'disabled', 'enabled'), change('running', 'inactive', 'active')],
      },
      {
        name: 'of a unit file that was changed since systemd read it',
        resource: service('stale', { running: true }),
        arrange: `${shipped('stale', 'ExecStart=/bin/false')}; systemctl show stale >/dev/null; sed -i 's,/bin/false,/bin/sleep infinity,' /lib/systemd/system/stale.service`,
        changes: [change('running', 'inactive', 'active')],
        result: ['systemctl show -p NeedDaemonReload,ActiveState --value stale', 'active\nno\n'],
      },
    ],
    failing: [
      {
        name: 'there is no such unit',
        resource: service('nowhere', { running: true }),
        code: 'CANNOT_CHANGE',
        why: /nowhere: there is no unit nowhere\.service\nhint: install the package/,
      },
      {
        name: 'it is masked',
        resource: service('hidden', { running: true }),
        arrange: `${shipped('hidden')}; systemctl -q mask hidden`,
        code: 'CANNOT_CHANGE',
        why: /hidden: it is masked\nhint: say masked: false/,
      },
      {
        name: 'it has nothing to enable',
        resource: service('systemd-journald', { enabled: true }),
        code: 'CANNOT_CHANGE',
        why: /systemd-journald: it has nothing to enable: it is static/,
      },
      {
        name: 'it does its work and ends',
        resource: service('once', { running: true }),
        arrange: shipped('once', 'Type=oneshot\nExecStart=/bin/true'),
        code: 'CANNOT_CHANGE',
        why: /once: it does its work and ends/,
      },
      {
        name: 'systemd cannot load it',
        resource: service('wrong', { running: true }),
        arrange: shipped('wrong', 'Type=nonsense'),
        code: 'CANNOT_CHANGE',
        why: /wrong: systemd cannot load it: bad-setting .*bad unit file setting/i,
      },
      {
        name: 'it does not start',
        resource: service('sick', { running: true }),
        arrange: `${shipped('sick', 'Type=notify\nExecStart=/bin/false')}`,
        code: 'CANNOT_CHANGE',
        why: /sick: it did not start: failed \(exit-code\)\nhint: `journalctl -u sick\.service/,
        onlyWhenApplied: true,
      },
    ],
  });

  it('that goes down again and again does not run', async () => {
    await host.sh(`${shipped('looping', 'ExecStart=/bin/false\nRestart=always\nRestartSec=1h')}; systemctl start looping
while [ "$(systemctl show -p SubState --value looping)" != auto-restart ]; do :; done`);
    expect(await host.check(service('looping', { running: true }))).toEqual({
      changes: [change('running', 'activating (auto-restart)', 'active')],
    });
    await host.sh('systemctl stop looping');
  });

  describe('a service that is told of a change', () => {
    beforeAll(() => host.sh(`${shipped('told')}; systemctl start told`));
    const told = (more: object = {}) => service('told', more);

    it('is restarted, once', async () => {
      const before = await invocation('told');
      expect(await host.apply(told(), true)).toEqual({ changes: [] });
      const after = await invocation('told');
      expect(after).not.toBe(before);
      expect(await host.apply(told())).toEqual({ changes: [] });
      expect(await invocation('told')).toBe(after);
    });

    it('is not told by a check', async () => {
      const before = await invocation('told');
      await host.converge({ resources: [told()], apply: false, notified: true });
      expect(await invocation('told')).toBe(before);
    });

    it('is reloaded, if the document says so', async () => {
      const before = await invocation('told');
      await host.sh('rm -f /run/reloads');
      expect(await host.apply(told({ 'on-notify': 'reload' }), true)).toEqual({ changes: [] });
      expect(await invocation('told')).toBe(before);
      expect(await host.sh('wc -l < /run/reloads')).toBe('1\n');
    });

    it('is started once, if it did not run', async () => {
      await host.sh('systemctl stop told; : > /run/starts');
      await host.sh(shipped('told', 'ExecStartPre=/bin/sh -c "echo >> /run/starts"\nExecStart=/bin/sleep infinity'));
      expect(await host.apply(told({ running: true }), true)).toEqual({
        changes: [change('running', 'inactive', 'active')],
      });
      expect(await host.sh('wc -l < /run/starts')).toBe('1\n');
    });

    it('stays as it is, if it does not run', async () => {
      await host.sh('systemctl stop told');
      expect(await host.apply(told(), true)).toEqual({ changes: [] });
      expect(await host.sh('systemctl is-active told || true')).toBe('inactive\n');
    });

    it('fails if it does not come up again', async () => {
      await host.sh(
        `${shipped('told')}; systemctl start told; ${shipped('told', 'Type=notify\nExecStart=/bin/false')}`,
      );
      expect(await host.apply(told(), true)).toEqual({
        error: expect.stringMatching(/told: it did not start: failed/) as string,
      });
    });
  });

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
    for (const resource of [service('cron', { running: true }), unit('app.service', { content: '' })]) {
      expect(await host.apply(resource)).toEqual({
        error: expect.stringMatching(
          /^CANNOT_LOOK: .*: systemctl: .*System has not been booted with systemd/,
        ) as string,
      });
    }
    expect(host.snapshot()).toEqual(before);
  });
});
