/** Services under a real systemd. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';
import { shipped } from '../../support/inside/made-units.ts';

const service = (name: string, more: object = {}) => ({ id: name, type: 'service', name, ...more });
const change = (what: string, from: string, to: string) => ({ what, from, to });
const state = (name: string): readonly [string, string] => [
  `systemctl show -p ActiveState,UnitFileState --value ${name}.service`,
  'active\nenabled\n',
];

describeHosts('services', () => {
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
});
