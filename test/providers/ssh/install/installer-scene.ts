/** A host to put a hob on: a directory of this one, with what is in /opt, /var/lib and /etc elsewhere, and a Node as the host's own. */
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseLocator } from '../../../../src/captp/locator.ts';
import type { HobRelease } from '../../../../src/providers/ssh/install/hob-release.ts';
import { readHobRelease } from '../../../../src/providers/ssh/install/hob-release.ts';
import { makeInstaller, type Installer } from '../../../../src/providers/ssh/install/installer.ts';
import { makeNodeRuntimes } from '../../../../src/providers/ssh/install/node-runtime.ts';
import { systemPath } from '../../../../src/providers/ssh/install/sh-words.ts';
import type { RemoteShell } from '../../../../src/providers/ssh/remote-shell.ts';
import type { Sandbox } from '../../../support/e2e/sandbox.ts';
import { makeLocalShell } from '../../../support/local-shell.ts';

export const hobFile = fileURLToPath(new URL('../../../../dist/hob/gobs-hob.mjs', import.meta.url));

export interface InstallerScene {
  readonly shell: RemoteShell;
  readonly prefix: string;
  readonly release: HobRelease;
  /** With another shell or release, if wanted. */
  installer(
    machineId: string,
    locator: string,
    given?: { shell?: RemoteShell; release?: HobRelease; path?: string },
  ): Installer;
  /** Every file and directory that is there, from its root. */
  tree(): Promise<readonly string[]>;
}

export const makeInstallerScene = async (sandbox: Sandbox): Promise<InstallerScene> => {
  const prefix = sandbox.at('host');
  const bin = sandbox.at('bin');
  for (const path of [prefix, bin]) await mkdir(path);
  await symlink(process.execPath, `${bin}/node`);
  const shell = makeLocalShell({ environment: sandbox.env });
  const release = await readHobRelease({ readFile }, hobFile);
  const runtimes = makeNodeRuntimes({ fs, spawn, environment: sandbox.env });
  return {
    shell,
    prefix,
    release,
    installer: (machineId, locator, given = {}) =>
      makeInstaller({
        shell,
        release,
        runtimes,
        prefix,
        path: `${bin}:${systemPath}`,
        machine: { machineId, boss: parseLocator(locator).peerId },
        ...given,
      }),
    tree: async () => (await readdir(prefix, { recursive: true })).toSorted(),
  };
};
