/** Repositories of packages on a real Debian: one that the test signs and serves. */
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { openPackageRepository, type PackageRepository } from '../../support/hosts/packages/package-repository.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';

const change = (what: string, from: string, to: string) => ({ what, from, to });
const sources = '/etc/apt/sources.list.d/lab.sources';
const keyring = '/etc/apt/keyrings/lab.gpg';
const hash = expect.stringMatching(/^sha256:/) as string;
const typeAdded = change('type', 'absent', 'file');

describeHosts('repositories of packages', () => {
  let lab: HostLab;
  let repository: PackageRepository;
  let host: InsideHost;
  /** Known only once it is there. */
  const wanted = { id: 'r', type: 'repository', name: 'lab', uris: [''], suites: ['./'], key: '' };
  const removed = { id: 'r', type: 'repository', name: 'lab', absent: true };
  const updates = () => repository.requests.filter((path) => path.endsWith('/InRelease')).length;

  beforeAll(async () => {
    lab = await openHostLab();
    repository = await openPackageRepository(lab);
    await repository.add({ name: 'tool', version: '1.0', files: { '/usr/share/tool': 'x' } });
    const [first] = await lab.startSshHosts(1, { node: true });
    host = await goInside(first!);
    Object.assign(wanted, { uris: [repository.url], key: repository.key.armored });
  });
  afterAll(async () => {
    await repository.close();
    await lab.close();
  });

  describeHostResource('repository', () => host, {
    cases: [
      {
        name: 'with its key',
        resource: wanted,
        changes: [change('key', 'absent', hash), typeAdded],
        drifts: [
          { name: 'its sources are gone', byHand: `rm ${sources}`, changes: [typeAdded] },
          {
            name: 'its sources were changed',
            byHand: `echo 'Enabled: no' >> ${sources}`,
            changes: [change('content', hash, hash)],
          },
          { name: 'its key is gone', byHand: `rm ${keyring}`, changes: [change('key', 'absent', hash)] },
          { name: 'its key is another', byHand: `echo >> ${keyring}`, changes: [change('key', hash, hash)] },
          {
            name: 'its key can be changed by others',
            byHand: `chmod 666 ${keyring}`,
            changes: [change('key', hash, hash)],
          },
          {
            name: 'its lists are gone',
            byHand: 'rm -r /var/lib/apt/lists/*',
            changes: [change('lists', 'absent', 'fetched')],
          },
        ],
        result: [
          'apt-cache policy tool | grep Candidate; apt-get -qq install -y tool >/dev/null 2>&1 && cat /usr/share/tool',
          '  Candidate: 1.0\nx',
        ],
      },
      {
        name: 'absent',
        resource: removed,
        changes: [change('type', 'file', 'absent'), change('key', 'present', 'absent')],
        drifts: [
          {
            name: 'it came back',
            byHand: `touch ${sources}`,
            changes: [change('type', 'file', 'absent')],
          },
        ],
        result: [
          'ls /etc/apt/sources.list.d /etc/apt/keyrings; apt-cache policy tool | grep -c http || true',
          '/etc/apt/keyrings:\n\n/etc/apt/sources.list.d:\n0\n',
        ],
      },
    ],
  });

  it('take a key in base64 too, and it is the same', async () => {
    const armored = repository.key.armored
      .split('\n')
      .slice(1, -2)
      .filter((line) => !line.startsWith('='))
      .join('');
    await host.apply(wanted);
    expect(await host.check({ ...wanted, key: armored })).toEqual({ changes: [] });
    expect(Buffer.from(armored, 'base64')[0]! >= 0x98).toBe(true);
  });

  it('say in what apt understands where they are', async () => {
    await host.apply({ ...wanted, architectures: ['amd64', 'arm64'] });
    expect(await host.sh(`cat ${sources}`)).toBe(
      `Types: deb\nURIs: ${repository.url}\nSuites: ./\nArchitectures: amd64 arm64\nSigned-By: ${keyring}\n`,
    );
  });

  it('are asked once when something changed, and not again', async () => {
    await host.apply(wanted);
    const before = updates();
    await host.converge({ resources: [wanted], apply: false }, { resources: [wanted], apply: true });
    expect(updates()).toBe(before);
    await host.sh(`rm ${keyring}`);
    await host.apply(wanted);
    expect(updates()).toBe(before + 1);
  });

  it('can be signed by a key that is on the host already', async () => {
    await host.sh('cat > /usr/share/keyrings/own.asc', repository.key.armored);
    const { key, ...rest } = wanted;
    expect(key).not.toBe('');
    const other = { ...rest, 'signed-by': '/usr/share/keyrings/own.asc' };
    await host.apply(wanted);
    expect(await host.apply(other)).toEqual({
      changes: [change('key', 'present', 'absent'), change('content', hash, hash)],
    });
    expect(await host.check(other)).toEqual({ changes: [] });
  });

  it('that cannot be fetched from fail, and go on failing', async () => {
    const away = { ...wanted, uris: [`${repository.url}1`] };
    const failed = {
      error: expect.stringMatching(/^CANNOT_CHANGE: lab: apt-get: .*(Could not connect|Failed to fetch)/) as string,
    };
    expect(await host.apply(away)).toEqual(failed);
    expect(await host.check(away)).toEqual({ changes: [change('lists', 'absent', 'fetched')] });
    expect(await host.apply(away)).toEqual(failed);
  });

  it('that another key signed fail', async () => {
    await host.sh('rm -rf /var/lib/apt/lists/*');
    const before = { ...wanted };
    await repository.changeKey();
    expect(await host.apply(before)).toEqual({
      error: expect.stringMatching(/^CANNOT_CHANGE: lab: apt-get: .*(NO_PUBKEY|not signed)/) as string,
    });
    expect(await host.apply({ ...before, key: repository.key.armored })).toMatchObject({ changes: [{ what: 'key' }] });
    expect(await host.sh('apt-cache policy tool | grep Candidate')).toBe('  Candidate: 1.0\n');
  });
});
