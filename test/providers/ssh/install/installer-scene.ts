/** A host to put a hob on: a directory of this one, with what is in /opt, /var/lib and /etc elsewhere, and a Node as the host's own. */
import { mkdir, readdir, symlink } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { HobRelease } from '../../../../src/providers/ssh/install/hob-release.ts';
import type { HostOwner } from '../../../../src/providers/ssh/install/host-places.ts';
import {
  makeInstaller,
  type Installer,
  type InstallerOptions,
} from '../../../../src/providers/ssh/install/installer.ts';
import { makeNodeRuntimes } from '../../../../src/providers/ssh/install/node-runtime.ts';
import { systemPath } from '../../../../src/providers/ssh/install/sh-words.ts';
import type { RemoteShell } from '../../../../src/providers/ssh/remote-shell.ts';
import type { Sandbox } from '../../../support/e2e/sandbox.ts';
import { makeLocalShell } from '../../../support/local-shell.ts';

/** Once it was made: hob-bundle.ts. */
export const hobFile = fileURLToPath(new URL('../../../../dist/hob/gobs-hob.mjs', import.meta.url));

export interface InstallerScene {
  readonly shell: RemoteShell;
  readonly prefix: string;
  readonly release: HobRelease;
  /** With another shell or release, if wanted. */
  installer(machine: HostOwner, given?: Partial<InstallerOptions>): Installer;
  /** Every file and directory that is there, from its root. */
  tree(): Promise<readonly string[]>;
}

export const makeInstallerScene = async (sandbox: Sandbox, release: HobRelease): Promise<InstallerScene> => {
  const prefix = sandbox.at('host');
  const bin = sandbox.at('bin');
  for (const path of [prefix, bin]) await mkdir(path);
  await symlink(process.execPath, `${bin}/node`);
  const shell = makeLocalShell({ environment: sandbox.env });
  const runtimes = makeNodeRuntimes({ fs, spawn, environment: sandbox.env });
  return {
    shell,
    prefix,
    release,
    installer: (machine, given = {}) =>
      makeInstaller({
        shell,
        release,
        runtimes,
        prefix,
        path: `${bin}:${systemPath}`,
        machine,
        ...given,
      }),
    tree: async () => (await readdir(prefix, { recursive: true })).toSorted(),
  };
};
