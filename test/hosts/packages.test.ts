/** Is the package repository of a lab one that apt trusts with its key, and not without? */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type BootedHost, type HostLab } from '../support/hosts/lab.ts';
import { debianPackages } from '../support/hosts/packages/debian-packages.ts';
import { openPackageRepository, type PackageRepository } from '../support/hosts/packages/package-repository.ts';
import { servicePackage } from '../support/hosts/packages/small-package.ts';

const keyring = '/etc/apt/keyrings/lab.asc';

const trust = async (host: TestHost, { key, source }: PackageRepository): Promise<void> => {
  await writeFile(join(host.root, keyring), key.armored);
  await writeFile(join(host.root, 'etc/apt/sources.list.d/lab.list'), `${source(keyring)}\n`);
};

const apt = 'DEBIAN_FRONTEND=noninteractive apt-get --quiet=2';
const update = `${apt} update --error-on=any`;

describeHosts('the packages of a lab', () => {
  let lab: HostLab;
  let repository: PackageRepository;
  let host: BootedHost;

  beforeAll(async () => {
    lab = await openHostLab();
    repository = await openPackageRepository(lab);
  });
  afterAll(async () => {
    await repository.close();
    await lab.close();
  });
  beforeEach(async () => {
    host = await lab.startBootedHost();
    await trust(host, repository);
  });
  afterEach(() => host.stop());

  test('are installed by version, with a service that runs', async () => {
    await repository.add(servicePackage('beacon', '1.0'), servicePackage('beacon', '2.0'));
    expect(await host.run(update)).toMatchObject({ code: 0, stdout: '' });
    expect(await host.run(`${apt} install -y beacon=1.0 >/dev/null`)).toMatchObject({ code: 0, stdout: '' });
    expect((await host.run('systemctl start beacon && systemctl reload beacon && cat /etc/beacon.conf')).stdout).toBe(
      'version = 1.0\n',
    );
    expect((await host.run('systemctl is-active beacon')).stdout).toBe('active\n');
    expect(await host.run(`${apt} install -y beacon >/dev/null`)).toMatchObject({ code: 0, stdout: '' });
    expect((await host.run('dpkg-query -W beacon')).stdout).toBe('beacon\t2.0\n');
    await repository.withdraw('beacon');
  });

  test('are not taken when another key has signed them', async () => {
    await repository.changeKey();
    expect(await host.run(update)).toMatchObject({
      code: 100,
      stderr: expect.stringContaining('NO_PUBKEY') as string,
    });
    await trust(host, repository);
    expect(await host.run(update)).toMatchObject({ code: 0, stdout: '' });
  });

  test('may be those of Debian: nginx, with what it needs, which answers', async () => {
    await repository.add(...(await debianPackages('nginx')));
    expect(await host.run(`${update} && ${apt} install -y nginx >/dev/null`)).toMatchObject({ code: 0, stdout: '' });
    expect(await (await fetch(`http://${host.address}/`)).text()).toContain('Welcome to nginx');
  });
});
