/**
 * Secrets go to a real host by every way there is, and then are looked for everywhere they must not be, on the boss's side and on the host's: process
 * lists, environments, journals, stores, reports, plans, logs. Issue 4, done when 6.
 */
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { makeCanary, makeSearch } from '../support/e2e/canary.ts';
import { gobs, type ServingBoss } from '../support/e2e/gobs.ts';
import { processesIn } from '../support/e2e/processes-in.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { command } from '../support/hosts/commands.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { fleetOf, startLabBoss, writeFleet } from '../support/hosts/lab-fleet.ts';

vi.setConfig({ testTimeout: 300_000 });

/** A locator of whatever, with its secret. */
const LOCATOR = /gobs:\/\/[^\s"']+\/s\/[A-Za-z0-9_-]{16,}/;

/** All command lines and environments that a host has from now until `end`, as often as it can look. */
const watchProcesses = (host: TestHost) => {
  const looking = host.run(`touch /run/seen
while [ ! -e /run/enough ]; do
  cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | sort -u - /run/seen > /run/now
  mv /run/now /run/seen
done
cat /run/seen`);
  return async (): Promise<string> => {
    await host.run('touch /run/enough');
    return (await looking).stdout;
  };
};

const reading = [
  ...['machine list', 'machine show NAME', 'provider list', 'secret list', 'drift', 'drift --cached', 'status'],
  ...['facts', 'doctor', 'trace', 'trace NAME', 'logs NAME', 'graph', 'plan FILE', 'apply FILE', 'converge NAME'],
];

describeHosts('no secret', () => {
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

  /** The lab's key, closed by a passphrase. */
  const closedIdentity = async (passphrase: string): Promise<string> => {
    const path = sandbox.at('closed-identity');
    await copyFile(lab.identity, path);
    await command('ssh-keygen', '-q', '-p', '-P', '', '-N', passphrase, '-f', path);
    return path;
  };

  const setSecret = async (boss: ServingBoss, name: string, text: string): Promise<void> => {
    const { code } = await gobs(sandbox, ['secret', 'set', name, '--state', boss.state], { stdin: text });
    expect(code).toBe(0);
  };

  test('that goes to a host is anywhere but where it is for', async () => {
    const given = Object.fromEntries(
      ['passphrase', 'content', 'templated', 'unit'].map((way) => [way, makeCanary(way)] as const),
    ) as Record<'passphrase' | 'content' | 'templated' | 'unit', string>;
    const search = makeSearch(given);
    const host = await lab.startBootedHost({ node: true });
    const watched = watchProcesses(host);
    const boss = await startLabBoss(sandbox, lab);
    for (const [name, text] of Object.entries(given)) await setSecret(boss, name, text);
    const resources = [
      { id: 'content', type: 'file', path: '/etc/app.token', content: { secret: 'content' }, mode: '0600' },
      {
        ...{ id: 'templated', type: 'file', path: '/etc/app.conf', template: 'token = {{ token }}\n', mode: '0600' },
        data: { token: { secret: 'templated' } },
      },
      { id: 'unit', type: 'unit', name: 'app.service', content: { secret: 'unit' }, mode: '0600' },
    ];
    const unit = `[Service]\nExecStart=/bin/sleep infinity\nEnvironment=TOKEN=${given.unit}\n`;
    await setSecret(boss, 'unit', unit);
    const fleet = await fleetOf(lab, [host], () => ({ resources, policy: 'correct' }));
    const identity = await closedIdentity(given.passphrase);
    const settings = { user: 'root', config: 'none', identity, passphrase: { secret: 'passphrase' } };
    const file = await writeFleet(sandbox, { ...fleet, providers: { dc: { type: 'ssh', settings } } });
    const said: { readonly what: string; readonly text: string }[] = [];
    const run = async (...words: readonly string[]) => {
      const { code, stdout, stderr } = await boss.gobs(...words);
      said.push({ what: words.join(' '), text: stdout + stderr });
      return code;
    };

    expect(await run('apply', file)).toBe(0);
    expect((await host.run('cat /etc/app.token /etc/app.conf; tail -1 /etc/systemd/system/app.service')).stdout).toBe(
      `${given.content}token = ${given.templated}\nEnvironment=TOKEN=${given.unit}`,
    );
    // Whatever is told of what was changed by hand.
    await host.run('echo other > /etc/app.token; echo x >> /etc/app.conf; echo >> /etc/systemd/system/app.service');
    expect(await run('drift', host.name)).toBe(2);
    for (const words of reading.map((line) => line.replace('NAME', host.name).replace('FILE', file).split(' '))) {
      await run(...words);
      if (words[0] !== 'graph') await run(...words, '--json');
    }
    expect(await run('store', 'backup', sandbox.at('backup'))).toBe(0);
    await run('store', 'export', '--json');
    await host.run('systemctl restart gobs-hob');
    const seen = await watched();
    expect(seen).toContain('/opt/gobs/current/gobs-hob.mjs');
    said.push({ what: 'the processes of the host', text: seen });
    said.push({ what: 'its journal', text: (await host.run('journalctl --output=export --all')).stdout });
    said.push({ what: 'what the boss logs', text: boss.process.stderr.text + boss.process.stdout.text });

    expect(said.filter(({ text }) => search.in(text).length > 0).map(({ what }) => what)).toEqual([]);
    expect(said.filter(({ text }) => LOCATOR.test(text)).map(({ what }) => what)).toEqual([]);
    expect(search.inProcesses(await processesIn(sandbox.path))).toEqual([]);
    expect(await boss.stop()).toBe(0);
    expect(search.inFiles(boss.state)).toEqual([]);
    expect(search.inFiles(sandbox.path)).toEqual([]);
    // Where they are for.
    const own: Readonly<Record<string, string>> = {
      'etc/app.token': 'content',
      'etc/app.conf': 'templated',
      'etc/systemd/system/app.service': 'unit',
    };
    const changed = join(dirname(host.root), 'disk', 'upper');
    expect(search.inFiles(changed, (path) => (path in own ? [own[path]!] : []))).toEqual([]);
    // The search would have found them, and a locator.
    expect((await startLabBoss(sandbox, lab)).state).toBe(boss.state);
    expect((await boss.gobs('share', host.name, '--as', 'observer')).stdout).toMatch(LOCATOR);
    expect(search.inFiles(changed)).toHaveLength(3);
  });
});
