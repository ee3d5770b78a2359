/**
 * Hosts that are only users of one SSH server in this process, and installers that only note what is on them: what a driver does with its records and its
 * connections, without what it does on a host, so that it can be ended in front of each effect. The driver's connections are real.
 */
import { execFileSync } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { makeError } from '../../../src/errors/gobs-error.ts';
import { isName } from '../../../src/protocol/shapes.ts';
import type { Installer } from '../../../src/providers/ssh/install/installer.ts';
import type { HostSurvey } from '../../../src/providers/ssh/install/survey.ts';
import { makeSshProvider, type SshProviderPowers } from '../../../src/providers/ssh/ssh-provider.ts';
import type { ProviderOptions } from '../../../src/providers/contract.ts';
import type { ProviderWorld } from '../../contracts/provider.ts';
import { makeLife, type Life } from '../../support/life.ts';
import { mortalFs } from '../../support/mortal-powers.ts';
import { makeUserKey } from '../../support/ssh-server.ts';
import { setTimer } from './ssh-scene.ts';

/** What is on one host. */
interface NotedHost {
  owner: string | undefined;
  locator: string | undefined;
  whole: boolean;
  /** The hob that runs, by a number that is never used again. */
  hob: number | undefined;
}

export interface SshWorld extends ProviderWorld {
  readonly hosts: ReadonlyMap<string, NotedHost>;
  /** The driver's own. */
  readonly directory: string;
  /** Hosts that were logged in to, in order: their names. */
  readonly visits: string[];
  /** How often somebody connected. */
  connections(): number;
  /** `ssh-ed25519 AAAA…`, of all of them. */
  readonly hostKeyLine: string;
  /** From now on nobody is let in. */
  close(): Promise<void>;
  driver(
    powers?: Partial<SshProviderPowers>,
    settings?: ProviderOptions,
    life?: Life,
  ): ReturnType<typeof makeSshProvider>;
  /** Somebody else has it. */
  take(host: string, owner: string): void;
  readonly told: object[];
  /** How scripts end, whatever they are. */
  readonly scripts: { code: number; stderr: string };
  /** Resolves when nobody is connected. */
  isDeserted(): Promise<void>;
}

const boss = 'a'.repeat(52);

export const makeSshWorld = async (): Promise<SshWorld> => {
  const temporary = await fs.mkdtemp(join(tmpdir(), 'gobs-ssh-'));
  const directory = join(temporary, 'providers/dc1');
  for (const name of ['user', 'host']) makeUserKey(join(temporary, name), 'ed25519');
  const hosts = new Map<string, NotedHost>();
  const visits: string[] = [];
  const told: object[] = [];
  const scripts = { code: 0, stderr: '' };
  let hobs = 0;
  let connections = 0;

  const open = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys: [await fs.readFile(join(temporary, 'host'))] }, (peer) => {
    open.add(peer);
    connections += 1;
    let user = '';
    peer
      .on('error', () => {})
      .on('close', () => open.delete(peer))
      .on('authentication', (context) => {
        user = context.username;
        context.accept();
      })
      .on('ready', () => visits.push(user))
      // Ports are opened.
      .on('request', (accept) => accept?.())
      .on('session', (accept) => {
        accept().on('exec', (run) => {
          const channel = run();
          if (scripts.stderr !== '') channel.stderr.write(scripts.stderr);
          channel.exit(scripts.code);
          channel.end();
        });
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const fingerprint = execFileSync('ssh-keygen', ['-lf', join(temporary, 'host.pub')], { encoding: 'utf8' }).split(
    ' ',
  )[1]!;

  const hostNamed = (name: string): NotedHost => {
    const known = hosts.get(name);
    if (known !== undefined) return known;
    const made: NotedHost = { owner: undefined, locator: undefined, whole: false, hob: undefined };
    hosts.set(name, made);
    return made;
  };

  const installerOn = (life: Life): SshProviderPowers['installerOn'] => {
    const startHob = (host: NotedHost): void => {
      if (host.hob !== undefined) return;
      life.effect();
      hobs += 1;
      host.hob = hobs;
    };
    return async ({ where }, { machineId }, { install }) => {
      const requireHob = (): void => {
        if (!install) throw Error('there is no hob to be put there');
      };
      const host = hostNamed(where.split('@')[0]!);
      const isOurs = () => host.owner === machineId;
      const stateOf = (): HostSurvey['state'] => {
        if (!isOurs()) return 'absent';
        if (!host.whole) return 'broken';
        return host.hob === undefined ? 'stopped' : 'running';
      };
      const installer: Installer = {
        look: async () => {
          life.look();
          return harden({ state: stateOf() }) as HostSurvey;
        },
        install: async (locator) => {
          requireHob();
          if (host.owner !== undefined && !isOurs()) {
            throw makeError('HOST_TAKEN', `${where}: it is that of ${host.owner}`);
          }
          life.effect();
          host.owner = machineId;
          host.locator = locator;
          life.effect();
          host.whole = true;
          startHob(host);
        },
        start: async () => {
          if (!isOurs() || !host.whole) throw makeError('PROVIDER_FAILED', `${where}: nothing whole is there`);
          startHob(host);
        },
        upgrade: async () => {
          requireHob();
          return 'current';
        },
        stop: async () => {
          if (!isOurs()) return;
          life.effect();
          host.hob = undefined;
        },
        uninstall: async () => {
          if (!isOurs()) return harden({ remains: [] });
          life.effect();
          host.hob = undefined;
          life.effect();
          host.whole = false;
          life.effect();
          host.owner = undefined;
          return harden({ remains: [] });
        },
      };
      return installer;
    };
  };

  const optionsOf = (machineId: string): ProviderOptions =>
    harden({ host: '127.0.0.1', port, user: isName(machineId) ? machineId : 'nobody', hostKey: fingerprint });

  const driver: SshWorld['driver'] = (powers = {}, settings = {}, life = makeLife()) =>
    makeSshProvider(
      {
        fs: { ...mortalFs(fs, life), stat: fs.stat, readFile: fs.readFile } as SshProviderPowers['fs'],
        ...{ net, spawn, setTimer, now: () => Date.now(), random: () => 0.5, directory },
        environment: { HOME: temporary, PATH: process.env['PATH'] },
        loadSsh: async () => ssh2,
        bossId: () => boss,
        dialBoss: () => net.connect(1),
        tell: (fields) => void told.push(fields),
        installerOn: installerOn(life),
        ...powers,
      },
      harden({ identity: join(temporary, 'user'), config: 'none', ...settings }),
    );

  const recordOf = async (machineId: string): Promise<boolean> => {
    const text = await fs.readFile(join(directory, `${machineId}.json`), 'utf8').catch(() => undefined);
    return text !== undefined && (JSON.parse(text) as { touched: boolean }).touched;
  };

  return {
    ...{ hosts, directory, visits, told, scripts, driver, optionsOf },
    connections: () => connections,
    hostKeyLine: (await fs.readFile(join(temporary, 'host.pub'), 'utf8')).split(' ').slice(0, 2).join(' '),
    makeDriver: (life) => driver({}, {}, life),
    isDeserted: async () => {
      while (open.size > 0) await once([...open][0]!, 'close');
    },
    take: (name, owner) => {
      hostNamed(name).owner = owner;
    },
    hobs: async (machineId) => {
      const hob = hosts.get(machineId)?.hob;
      return hob === undefined ? [] : [`hob ${hob}`];
    },
    traces: async (machineId) => [
      ...(hosts.get(machineId)?.owner === machineId ? ['host'] : []),
      ...((await recordOf(machineId)) ? ['record'] : []),
    ],
    killHobs: async (machineId) => {
      hostNamed(machineId).hob = undefined;
    },
    received: async (machineId) => hosts.get(machineId)?.locator,
    close: async () => {
      for (const peer of open) peer.end();
      server.close();
      await once(server, 'close');
      await fs.rm(temporary, { recursive: true });
    },
  };
};
