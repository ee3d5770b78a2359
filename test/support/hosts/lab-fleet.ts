/** A boss on the bridge of a lab, with the provider `dc` of type ssh, and documents about the lab's hosts. */
import { makeHobBundle } from '../hob-bundle.ts';
import type { TestHost } from './host.ts';
import type { HostLab } from './lab.ts';
import { startBoss, type BossUnderTestOptions, type ServingBoss } from '../e2e/gobs.ts';
import type { Sandbox } from '../e2e/sandbox.ts';

let bundled: Promise<void> | undefined;

/** Serves where the hosts of the lab reach it. The provider is there from its first start on. */
export const startLabBoss = async (
  sandbox: Sandbox,
  lab: HostLab,
  options: BossUnderTestOptions = {},
): Promise<ServingBoss> => {
  // As the source is now; once for each test file.
  await (bundled ??= makeHobBundle());
  return startBoss(sandbox, { ...options, words: ['--listen', `${lab.address}:0`, ...(options.words ?? [])] });
};

export interface MachineEntry {
  readonly resources?: readonly object[];
  readonly policy?: 'report' | 'correct';
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The options by which a machine is this host, whose key is the one that it has now. */
export const hostOptions = async (host: TestHost): Promise<{ host: string; hostKey: string }> => ({
  host: host.address,
  hostKey: (await host.hostKey()).fingerprint,
});

export interface FleetDocument {
  readonly providers: Readonly<Record<string, object>>;
  readonly machines: Readonly<Record<string, object>>;
}

/** One machine for each host, named as it is. */
export const fleetOf = async (
  lab: HostLab,
  hosts: readonly TestHost[],
  entryOf: (host: TestHost) => MachineEntry = () => ({}),
): Promise<FleetDocument> => ({
  providers: { dc: { type: 'ssh', settings: { user: 'root', identity: lab.identity, config: 'none' } } },
  machines: Object.fromEntries(
    await Promise.all(
      hosts.map(async (host) => {
        const { options, ...entry } = entryOf(host);
        return [
          host.name,
          { provider: 'dc', options: { ...(await hostOptions(host)), ...options }, ...entry },
        ] as const;
      }),
    ),
  ),
});

/** Resolves with the path of the file. */
export const writeFleet = (sandbox: Sandbox, fleet: FleetDocument, name = 'fleet.json'): Promise<string> =>
  sandbox.write(name, JSON.stringify(fleet, null, 1));

/** The hobs that run in a host: one line each. A hob that is being started may have no name yet. */
export const hobsOf = async (host: TestHost): Promise<readonly string[]> => {
  const { stdout } = await host.run("ps -eo pid=,args= | grep -E '^ *[0-9]+ [^ ]*node [^ ]*gobs-hob.mjs' || true");
  return stdout.split('\n').filter((line) => line !== '');
};

/** What there is of ours in a host beside what its machine's resources have made. */
export const tracesOf = async (host: TestHost): Promise<readonly string[]> => {
  const places = '/opt/gobs /var/lib/gobs /etc/systemd/system/gobs-hob.service /etc/systemd/system/*/gobs-hob.service';
  const processes = "ps -eo args= | grep -E '^[^ ]*(sh|node) /opt/gobs' || true";
  const { stdout } = await host.run(`ls -d ${places} 2>/dev/null; ${processes}`);
  return stdout.split('\n').filter((line) => line !== '');
};
