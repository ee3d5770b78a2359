/**
 * A host whose texts want to be taken for ours: line ends, escapes of terminals, marks that turn text round, lines of JSON. Whatever shows them, no line is
 * forged. Issue 4, done when 7.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ServingBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import { openHostLab, type BootedHost, type HostLab } from '../support/hosts/lab.ts';
import { fleetOf, startLabBoss, writeFleet } from '../support/hosts/lab-fleet.ts';

vi.setConfig({ testTimeout: 300_000 });

/** Would be a line of a table, a line of JSON, an error and a hint; clears the screen, sets its title, and turns round what follows. */
const EVIL = [
  'x',
  'b9    ready  yes  FORGED',
  '{"name":"b9","state":"FORGED"}',
  'gobs: FORGED: b9',
  '\u001b[2J\u001b]0;FORGED\u0007\u009b31m\u202eFORGED\u2066\u200b',
].join('\n');
const ONE_LINE = EVIL.split('\n').at(-1)!;

/** Nothing that a terminal would do anything with but begin a new line. */
const UNSHOWABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const FORGED = /^\s*(b9\b|\{"name":"b9"|gobs: FORGED|FORGED)/m;

const reading = [
  ...['machine list', 'machine show NAME', 'status', 'facts', 'drift', 'drift --cached', 'converge NAME', 'doctor'],
  ...['logs NAME', 'logs NAME --hob', 'logs NAME --unit loud.service', 'trace', 'trace NAME', 'graph', 'plan FILE'],
  ...['apply FILE'],
];

describeHosts('a host whose texts are hostile', () => {
  let lab: HostLab;
  let sandbox: Sandbox;
  beforeAll(async () => {
    lab = await openHostLab();
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    sandbox = await makeSandbox();
  });
  afterEach(() => sandbox.end());

  const inside = (host: BootedHost, path: string, text: string) => writeFile(join(host.root, path), text);

  /** Each line of JSON is a value, and text is text; the result is all that was said. */
  const readAll = async (boss: ServingBoss, name: string, file: string): Promise<string> => {
    let all = '';
    for (const line of reading) {
      const words = line.replace('NAME', name).replace('FILE', file).split(' ');
      const text = await boss.gobs(...words);
      for (const said of [text.stdout, text.stderr]) {
        expect([line, UNSHOWABLE.exec(said)]).toEqual([line, null]);
        expect([line, FORGED.exec(said)]).toEqual([line, null]);
      }
      all += text.stdout + text.stderr;
      if (words[0] === 'graph') continue;
      const { stdout } = await boss.gobs(...words, '--json');
      for (const value of stdout.split('\n').filter((one) => one !== '')) {
        expect(() => JSON.parse(value) as unknown, `${line}: ${value}`).not.toThrow();
        expect([line, UNSHOWABLE.exec(value)]).toEqual([line, null]);
        expect([line, FORGED.exec(value)]).toEqual([line, null]);
      }
    }
    return all;
  };

  test('forges no line, moves no cursor and turns nothing round, in facts, drift, failures, logs and journals', async () => {
    const host = await lab.startBootedHost({ node: true });
    await inside(host, 'etc/os-release', `PRETTY_NAME="${ONE_LINE}"\nID="${ONE_LINE}"\nVERSION_ID="${EVIL}"\n`);
    await inside(host, 'usr/local/bin/loud', `#!/bin/sh\ncat /etc/evil >&2; cat /etc/evil\nexit 9\n`);
    await inside(host, 'etc/evil', EVIL);
    await inside(
      host,
      'etc/systemd/system/loud.service',
      `[Unit]\nDescription=${ONE_LINE}\n[Service]\nType=oneshot\nExecStart=/usr/local/bin/loud\n`,
    );
    await host.run('chmod 755 /usr/local/bin/loud; systemctl daemon-reload; systemctl start loud');
    await host.run('mkdir -p /srv/evil; cd /srv/evil; touch "$(cat /etc/evil)"; touch /etc/motd');
    const boss = await startLabBoss(sandbox, lab);
    const resources = [
      { id: 'text', type: 'file', path: '/etc/motd', content: 'welcome\n' },
      { id: 'link', type: 'symlink', path: '/srv/link', target: 'app' },
      { id: 'command', type: 'exec', command: ['/usr/local/bin/loud'], creates: '/var/never' },
      {
        id: 'checked',
        type: 'file',
        path: '/etc/checked',
        content: 'x\n',
        validate: ['/usr/local/bin/loud', '{file}'],
      },
      { id: 'service', type: 'service', name: 'loud', running: true },
      { id: 'directory', type: 'directory', path: '/srv/evil', absent: true },
      { id: 'package', type: 'package', name: 'nowhere-to-be-had' },
    ];
    const file = await writeFleet(sandbox, await fleetOf(lab, [host], () => ({ resources })));
    const applied = await boss.gobs('apply', file);
    expect(applied.code).toBe(1);
    expect(UNSHOWABLE.exec(applied.stdout + applied.stderr)).toBeNull();

    await inside(host, 'etc/motd', `${ONE_LINE}\n`);
    await host.run('ln -sfn "$(cat /etc/evil)" /srv/link');
    const all = await readAll(boss, host.name, file);
    // The texts were there to be shown.
    expect(all).toMatch(/FORGED/);
    expect((await boss.gobs('logs', host.name, '--unit', 'loud.service')).stdout).not.toContain('Â');
  });

  const refusals: readonly (readonly [string, (host: BootedHost) => Promise<unknown>, object])[] = [
    [
      'its shell says something of its own',
      async (host) => {
        await inside(host, 'etc/ssh/sshd_config.d/evil.conf', 'Banner /etc/evil\n');
        await inside(host, 'root/.bashrc', 'cat /etc/evil; cat /etc/evil >&2; exit 7\n');
        await host.run('systemctl restart ssh');
      },
      {},
    ],
    [
      'it is another machine’s',
      (host) => host.run('mkdir -p /var/lib/gobs/hob; cp /etc/owner /var/lib/gobs/hob/machine'),
      {},
    ],
    [
      'sudo wants something',
      async (host) => {
        await host.addUser('ada');
        await inside(host, 'usr/local/bin/sudo', '#!/bin/sh\ncat /etc/evil >&2; exit 1\n');
        await host.run('chmod 755 /usr/local/bin/sudo');
      },
      { user: 'ada', sudo: true },
    ],
    ['its disk has a say', (host) => host.run('rm -rf /opt; ln -s "$(cat /etc/evil)" /opt'), {}],
  ];

  test.each(refusals)('forges no line where it is refused: %s', async (_, arrange, options) => {
    const host = await lab.startBootedHost({ node: true });
    await inside(host, 'etc/evil', EVIL);
    await inside(host, 'etc/owner', `${JSON.stringify({ machineId: EVIL, boss: EVIL })}\n`);
    await arrange(host);
    const boss = await startLabBoss(sandbox, lab);
    const file = await writeFleet(sandbox, await fleetOf(lab, [host], () => ({ options: options as never })));
    const commands = [['apply', file], ['machine', 'list'], ['machine', 'show', host.name], ['status'], ['doctor']];
    for (const words of commands) {
      const { stdout, stderr } = await boss.gobs(...words);
      expect([words[0], UNSHOWABLE.exec(stdout + stderr)]).toEqual([words[0], null]);
      expect([words[0], FORGED.exec(stdout + stderr)]).toEqual([words[0], null]);
    }
    expect((await boss.gobs('machine', 'list')).stdout).toMatch(/ failed /);
    for (const line of boss.process.stderr.text.split('\n').filter((one) => one !== '')) {
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(UNSHOWABLE.exec(line)).toBeNull();
    }
    await host.stop();
  });
});
