/** `ssh` as a provider type. */
import type { ProviderOptions, ProviderPowers, ProviderType } from '../contract.ts';
import { readHobRelease, type HobRelease } from './install/hob-release.ts';
import { makeInstaller } from './install/installer.ts';
import { makeNodeRuntimes } from './install/node-runtime.ts';
import { requireSettings } from './options.ts';
import { makeSshProvider } from './ssh-provider.ts';

/** For who only looks, starts, stops or takes away: those need no file that may not have been built. */
const none: HobRelease = Object.freeze({ name: 'none', version: '0', sha256: '', content: new Uint8Array() });

const make = (powers: ProviderPowers, settings: ProviderOptions) => {
  const { fs, spawn, net, loadSsh, environment, setTimer, now, random, boss, tell, hobFile, directory } = powers;
  const runtimes = makeNodeRuntimes({ fs, spawn, environment });
  return makeSshProvider(
    {
      ...{ fs, spawn, net, loadSsh, environment, setTimer, now, random, tell, directory },
      bossId: boss.peerId,
      dialBoss: boss.dial,
      installerOn: async (shell, machine, { install, runtime }) =>
        makeInstaller({
          shell,
          machine,
          release: install ? await readHobRelease(fs, hobFile) : none,
          runtimes,
          runtime,
        }),
    },
    settings,
  );
};

export const sshProviderType = {
  type: 'ssh',
  summary: 'hosts that are there already, over SSH; a hob is put on them and taken away',
  validate: requireSettings,
  make,
} satisfies ProviderType;
harden(sshProviderType);
