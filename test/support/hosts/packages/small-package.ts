/** Debian packages of a few files, made by the test that wants them. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { command } from '../commands.ts';

export interface SmallPackage {
  readonly name: string;
  readonly version: string;
  /** By absolute path. A file is executable if it begins with `#!`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of those files, which are configuration: dpkg keeps what an admin made of them. */
  readonly configuration?: readonly string[];
  readonly depends?: string;
  /** More of what its control file says: `Conflicts: other`. */
  readonly fields?: readonly string[];
  /** What dpkg runs, as shell scripts: `{ postinst: 'systemctl …' }`. */
  readonly scripts?: Readonly<Partial<Record<'preinst' | 'postinst' | 'prerm' | 'postrm', string>>>;
}

const controlOf = ({ name, version, depends, fields = [] }: SmallPackage): string =>
  [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: Tests <tests@example.org>',
    'Section: misc',
    'Priority: optional',
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    ...fields,
    `Description: ${name}, for tests`,
    '',
  ].join('\n');

const writeInto = async (path: string, content: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, content.startsWith('#!') ? 0o755 : 0o644);
};

/** Resolves with the path of the .deb, in `directory`. */
export const buildPackage = async (directory: string, wanted: SmallPackage): Promise<string> => {
  const tree = await mkdtemp(join(directory, 'tree-'));
  await chmod(tree, 0o755);
  const control = (name: string) => join(tree, 'DEBIAN', name);
  await writeInto(control('control'), controlOf(wanted));
  const { files = {}, configuration = [], scripts = {}, name, version } = wanted;
  if (configuration.length > 0) await writeInto(control('conffiles'), `${configuration.join('\n')}\n`);
  for (const [script, text] of Object.entries(scripts)) {
    await writeInto(control(script), `#!/bin/sh\nset -e\n${text}\n`);
  }
  for (const [path, content] of Object.entries(files)) await writeInto(join(tree, path), content);
  const path = join(directory, `${name}_${version}_all.deb`);
  await command('dpkg-deb', '--root-owner-group', '-Znone', '--build', tree, path);
  await rm(tree, { recursive: true });
  return path;
};

/** One whose service answers nothing and runs until it is stopped; a reload is noted in /run/<name>.reloads. */
export const servicePackage = (name: string, version: string): SmallPackage => ({
  name,
  version,
  files: {
    [`/usr/sbin/${name}`]: `#!/bin/sh\n# ${version}\ntrap 'echo reload >> /run/${name}.reloads' HUP\nsystemd-notify --ready\nwhile :; do sleep 3600 & wait $!; done\n`,
    [`/etc/${name}.conf`]: `version = ${version}\n`,
    [`/lib/systemd/system/${name}.service`]: [
      '[Unit]',
      `Description=${name}, for tests`,
      '[Service]',
      'Type=notify',
      'NotifyAccess=all',
      `ExecStart=/usr/sbin/${name}`,
      'ExecReload=/bin/kill -HUP $MAINPID',
      '[Install]',
      'WantedBy=multi-user.target',
      '',
    ].join('\n'),
  },
  configuration: [`/etc/${name}.conf`],
});
