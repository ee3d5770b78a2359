/**
 * A package repository for the hosts of a lab: a directory of .deb files with the lists that apt wants, signed, and served over HTTP
 * on the lab's bridge. A source for it: `deb [signed-by=/etc/apt/keyrings/lab.asc] http://10.213.1.1:34567 ./`
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { command } from '../commands.ts';
import { makeSigningKey, type SigningKey } from './signing-key.ts';
import { buildPackage, type SmallPackage } from './small-package.ts';

export interface PackageRepository {
  readonly url: string;
  readonly key: Pick<SigningKey, 'armored' | 'fingerprint'>;
  /** A line for a file in /etc/apt/sources.list.d, where the key lies there. */
  source(keyring: string): string;
  /** Adds them, and signs anew. */
  add(...packages: readonly (SmallPackage | { readonly path: string })[]): Promise<void>;
  /** Takes all versions of it out. */
  withdraw(name: string): Promise<void>;
  /** Another key signs from now on, as after a theft. */
  changeKey(): Promise<SigningKey>;
  /** The paths that were asked for, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

const entryOf = async (directory: string, name: string): Promise<string> => {
  const path = join(directory, name);
  const control = (await command('dpkg-deb', '--field', path)).trimEnd();
  return `${control}\nFilename: ./${name}\nSize: ${(await stat(path)).size}\nSHA256: ${await sha256(path)}\n`;
};

const writeLists = async (directory: string, key: SigningKey): Promise<void> => {
  const packages = join(directory, 'Packages');
  const names = (await readdir(directory)).filter((name) => name.endsWith('.deb')).sort();
  await writeFile(packages, (await Promise.all(names.map((name) => entryOf(directory, name)))).join('\n'));
  const release = join(directory, 'Release');
  await writeFile(
    release,
    [
      'Origin: lab',
      'Suite: lab',
      'Codename: lab',
      'Architectures: all amd64 arm64',
      `Date: ${new Date().toUTCString()}`,
      'SHA256:',
      ` ${await sha256(packages)} ${(await stat(packages)).size} Packages`,
      '',
    ].join('\n'),
  );
  await key.signAround(release, join(directory, 'InRelease'));
  await key.signBeside(release, join(directory, 'Release.gpg'));
};

const serveFile = async (directory: string, path: string, response: ServerResponse): Promise<void> => {
  const file = join(directory, basename(path));
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-length': found.size });
  // Who hangs up has changed his mind.
  await pipeline(createReadStream(file), response).catch(() => undefined);
};

/** `address` and `directory`: those of a lab. */
export const openPackageRepository = async (lab: {
  readonly address: string;
  readonly directory: string;
}): Promise<PackageRepository> => {
  const directory = join(lab.directory, 'packages');
  await mkdir(directory);
  let key = await makeSigningKey(lab.directory);
  let keys = 1;
  await writeLists(directory, key);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    requests.push(path);
    void serveFile(directory, path, response);
  });
  await new Promise<void>((resolve) => server.listen(0, lab.address, resolve));
  const url = `http://${lab.address}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    get key() {
      return key;
    },
    source: (keyring) => `deb [signed-by=${keyring}] ${url} ./`,
    add: async (...packages) => {
      for (const one of packages) {
        if ('path' in one) await copyFile(one.path, join(directory, basename(one.path)));
        else await buildPackage(directory, one);
      }
      await writeLists(directory, key);
    },
    withdraw: async (name) => {
      const names = (await readdir(directory)).filter((file) => file.startsWith(`${name}_`));
      for (const file of names) await rm(join(directory, file));
      await writeLists(directory, key);
    },
    changeKey: async () => {
      await key.close();
      keys += 1;
      key = await makeSigningKey(lab.directory, `lab-${keys}`);
      await writeLists(directory, key);
      return key;
    },
    close: async () => {
      await key.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
