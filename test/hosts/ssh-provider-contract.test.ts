/** The provider contract with real hosts, one for each machine. What an interrupted call leaves is looked at in test/providers/ssh and test/hosts/install. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ssh2 from 'ssh2';
import { afterAll, beforeAll } from 'vitest';
import { sshProviderType } from '../../src/providers/ssh/ssh-provider-type.ts';
import { describeProvider, type ProviderWorld } from '../contracts/provider.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { makeHobBundle } from '../support/hob-bundle.ts';

/** As many as a test of the contract has at once. */
const MACHINES = 6;

describeHosts('real hosts', () => {
  let lab: HostLab;
  let hosts: readonly TestHost[];
  let worlds = 0;
  beforeAll(async () => {
    await makeHobBundle();
    lab = await openHostLab();
    hosts = await lab.startSshHosts(MACHINES, { node: true });
  });
  afterAll(() => lab.close());

  const makeWorld = async (): Promise<ProviderWorld> => {
    worlds += 1;
    const directory = join(lab.directory, `world-${worlds}`);
    const keys = await Promise.all(hosts.map(async (host) => (await host.hostKey()).fingerprint));
    const given = new Map<string, number>();
    const numberOf = (machineId: string): number => {
      if (!given.has(machineId)) given.set(machineId, given.size % MACHINES);
      return given.get(machineId)!;
    };
    const hostOf = (machineId: string): TestHost => hosts[numberOf(machineId)]!;
    const said = async (machineId: string, script: string): Promise<readonly string[]> =>
      (await hostOf(machineId).run(script)).stdout.split('\n').filter((line) => line !== '');
    // Not the shell that looks.
    const hobs = (machineId: string) => said(machineId, `pgrep -f 'gobs-ho[b][.]mjs .*--directory' || :`);
    const settings = harden({ user: 'root', identity: lab.identity, config: 'none' });
    const setTimer = (callback: () => void, milliseconds: number) => {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    };
    const recordOf = async (machineId: string): Promise<readonly string[]> => {
      const text = await fs.readFile(join(directory, `${machineId}.json`), 'utf8').catch(() => '{}');
      return (JSON.parse(text) as { touched?: boolean }).touched === true ? ['record'] : [];
    };
    return {
      bossHost: lab.address,
      optionsOf: (machineId) => harden({ host: hostOf(machineId).address, hostKey: keys[numberOf(machineId)]! }),
      makeDriver: () =>
        sshProviderType.make(
          {
            ...{ fs, spawn, net, setTimer, directory, uid: 0, environment: process.env, hobCommand: [] },
            kill: () => undefined,
            hobFile: fileURLToPath(new URL('../../dist/hob/gobs-hob.mjs', import.meta.url)),
            now: () => Date.now(),
            random: () => Math.random(),
            loadSsh: async () => ssh2,
            boss: { peerId: () => 'a'.repeat(52), dial: () => net.connect(1) },
            tell: () => undefined,
          },
          settings,
        ),
      hobs,
      traces: async (machineId) => [
        ...(await said(machineId, `grep -l '"machineId":"${machineId}"' /var/lib/gobs/hob/machine 2>/dev/null || :`)),
        ...(await recordOf(machineId)),
      ],
      // What keeps it running would start it again.
      killHobs: async (machineId) =>
        void (await said(machineId, `pkill -KILL -f /opt/gob[s]/supervise; pkill -KILL -f gobs-ho[b]; :`)),
      received: async (machineId) => (await said(machineId, 'cat /var/lib/gobs/hob/enrolment'))[0],
      close: async () => {
        for (const host of hosts) {
          await host.run(
            'pkill -KILL -f /opt/gob[s]; while pkill -KILL -f gobs-ho[b]; do :; done; rm -rf /opt/gob[s] /var/lib/gob[s]',
          );
        }
      },
    };
  };

  describeProvider('ssh', makeWorld, { killBoss: false });
});
