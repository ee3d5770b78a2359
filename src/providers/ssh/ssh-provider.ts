/**
 * The provider `ssh`: a machine is a host that is there already, and its hob is put there through a connection that trusts nobody whose key nobody vouched
 * for. docs/explanation/ssh.md tells how, and what happens when something fails.
 *
 *   call ─▶ one at a time for each machine ─▶ record ─▶ connect ─▶ installer there ─▶ record
 *
 * What is on a host, the host is asked: records only say which hosts there are (records.ts).
 */
import { Far } from '@endo/far';
import { codeOf, describeError, makeError } from '../../errors/gobs-error.ts';
import { isName } from '../../protocol/shapes.ts';
import type {
  Confirmation,
  CreateRequest,
  Instance,
  MachineRef,
  ProviderDriver,
  ProviderOptions,
} from '../contract.ts';
import { makeOneAtATime } from '../one-at-a-time.ts';
import { requireSudo } from './become-root.ts';
import { findConfirmations } from './confirm-keys.ts';
import type { Connection } from './connection.ts';
import { makeAtMost } from './at-most.ts';
import { makeForwardings, portFor, type ForwardingsPowers } from './forwardings.ts';
import type { Installer } from './install/installer.ts';
import { atLoopback, bossOf, isLoopback, staysAtBoss } from './locator-address.ts';
import { completeOptions, secretsOf, type HostOptions } from './options.ts';
import { makeRecords, type HostRecord, type RecordsFs } from './records.ts';
import { reach, type OnUnknownKey, type ReachPowers } from './reach.ts';
import type { RemoteShell } from './remote-shell.ts';
import { findRoute, whereOf, type Route, type RoutePowers } from './route.ts';
import { makeShell } from './shell.ts';

export interface SshProviderPowers
  extends
    Omit<RoutePowers, 'parseKey' | 'fs'>,
    Pick<ReachPowers, 'net'>,
    Pick<ForwardingsPowers, 'dialBoss' | 'random' | 'tell' | 'now'> {
  readonly fs: RoutePowers['fs'] & RecordsFs;
  readonly loadSsh: () => Promise<typeof import('ssh2')>;
  /** Peer id of this boss. */
  readonly bossId: () => string;
  /** Absolute; this instance's own. */
  readonly directory: string;
  /** Puts hobs on hosts: of install/installer.ts. Only one that is to `install` needs the hob itself. */
  readonly installerOn: (
    shell: RemoteShell,
    machine: { readonly machineId: string; readonly boss: string },
    purpose: { readonly install: boolean; readonly runtime: string | undefined },
  ) => Promise<Installer>;
}

/** Hosts that are worked on at once. */
const MOST_HOSTS = 64;

const checkId = (machineId: string): void => {
  if (!isName(machineId)) throw makeError('BAD_SPEC', `machine id ${JSON.stringify(machineId)} cannot be a file name`);
};

/** For people, without asking anybody. */
const placeOf = (options: HostOptions): string => {
  const { user, host, port } = options;
  return port === undefined && user === undefined ? host : whereOf(user ?? '…', host, port ?? 22);
};

export const makeSshProvider = (powers: SshProviderPowers, settings: ProviderOptions): ProviderDriver => {
  const { fs, directory, setTimer, bossId, installerOn, tell } = powers;
  const secrets = secretsOf(settings);
  const records = makeRecords(directory, fs);
  const oneAtATime = makeOneAtATime();
  const atMost = makeAtMost(MOST_HOSTS);

  const routeTo = async (options: HostOptions): Promise<Route> => {
    const { utils } = await powers.loadSsh();
    return findRoute(options, secrets, { ...powers, parseKey: utils.parseKey });
  };
  const connectTo = async (options: HostOptions, onUnknownKey?: OnUnknownKey): Promise<Connection> =>
    reach(await routeTo(options), { ...powers, ssh2: await powers.loadSsh() }, onUnknownKey);
  const forwardings = makeForwardings({ ...powers, connectTo });

  /** Connects, and closes whatever happens. */
  const withShell = <T>(options: HostOptions, work: (shell: RemoteShell) => Promise<T>): Promise<T> =>
    atMost(async () => {
      const connection = await connectTo(options);
      const shell = makeShell(connection, { sudo: options.sudo === true, setTimer });
      try {
        if (options.sudo === true) await requireSudo(shell);
        return await work(shell);
      } finally {
        shell.close();
      }
    });

  const withInstaller = <T>(
    { machineId }: { readonly machineId: string },
    options: HostOptions,
    work: (installer: Installer, shell: RemoteShell) => Promise<T>,
    install = false,
  ): Promise<T> =>
    withShell(options, async (shell) =>
      work(await installerOn(shell, { machineId, boss: bossId() }, { install, runtime: options.runtime }), shell),
    );

  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const { code, message } = describeError(error);
      if (code !== 'UNEXPECTED') throw error;
      // No cause: the errors of node:fs and of ssh2 cannot cross to a vat, and the message says it all.
      throw makeError('PROVIDER_FAILED', `cannot ${what}: ${message}`);
    }
  };

  /**
   * Work on one machine, with its options complete, and its record if there is one. `never`: what comes of it where the options are none that this provider
   * takes, and no host was touched for it all the same: then nothing of it is anywhere.
   */
  const onMachine = <T>(
    verb: string,
    { machineId, options }: MachineRef,
    work: (complete: HostOptions, record: HostRecord | undefined) => Promise<T>,
    never?: T,
  ): Promise<T> =>
    attempt(`${verb} ${machineId}`, async () => {
      checkId(machineId);
      return oneAtATime(machineId, async () => {
        const record = await records.read(machineId);
        let complete: HostOptions;
        try {
          complete = completeOptions(options, settings);
        } catch (error) {
          if (never === undefined || record?.touched === true) throw error;
          return never;
        }
        return work(complete, record);
      });
    });

  const create = (request: CreateRequest): Promise<void> =>
    onMachine('create', request, async (complete, known) => {
      const { machineId, name, options, locator } = request;
      if (bossOf(locator) !== bossId()) {
        throw makeError('BAD_SPEC', `machine ${machineId}: its locator is another boss's`);
      }
      requireWay(locator, complete);
      const begun: HostRecord = {
        machineId,
        name,
        options,
        touched: known?.touched ?? false,
        port: known?.port ?? null,
      };
      if (known === undefined) await records.write(begun);
      const port = complete.reverse === true ? await forwardings.open(begun, complete) : null;
      const put = async (installer: Installer): Promise<void> => {
        // The host let us in, and is whom it says. Whatever is put there from now on is found again.
        const touched = { ...begun, touched: true, port };
        await records.write(touched);
        try {
          await installer.install(port === null ? locator : atLoopback(locator, port));
        } catch (error) {
          if (codeOf(error) === 'HOST_TAKEN') await endWay(touched);
          throw error;
        }
      };
      await withInstaller(request, complete, put, true);
    });

  const stateOf = async (ref: MachineRef, complete: HostOptions, record: HostRecord | undefined): Promise<Instance> => {
    const { machineId } = ref;
    if (record?.touched === false) return harden({ machineId, state: 'absent' });
    const { state } = await withInstaller(ref, complete, (installer) => installer.look());
    // Whatever was to be put there is not all there, or all gone; the record goes last.
    return harden({ machineId, state: state === 'absent' && record !== undefined ? 'broken' : state });
  };

  const start = (ref: MachineRef): Promise<void> =>
    onMachine('start', ref, async (complete, record) => {
      if (record?.touched === false) {
        throw makeError(
          'PROVIDER_FAILED',
          `${placeOf(complete)}: nothing of machine ${ref.machineId} is there to start`,
          {
            hint: 'create it again, or destroy it',
          },
        );
      }
      const startThere = async (installer: Installer): Promise<void> => {
        await installer.start();
        if (complete.reverse === true) await keepWay(ref, complete, record);
        else if (record === undefined) await records.write(unknownBefore(ref));
        // The hob that is there may be that of an older boss. It goes on if ours cannot take over, and this says so.
        await installer.upgrade();
      };
      await withInstaller(ref, complete, startThere, true);
    });

  /** Also for a boss that was restored elsewhere, which has no record of it: the next `resume` must find one. */
  const keepWay = async (ref: MachineRef, complete: HostOptions, record: HostRecord | undefined): Promise<void> => {
    const port = record?.port ?? portFor(bossId(), ref.machineId);
    const kept: HostRecord = { ...(record ?? unknownBefore(ref)), port };
    if (record?.port !== port) await records.write(kept);
    forwardings.keep(kept, complete);
  };

  /** The host is not ours, or not any more: nobody goes there by himself. */
  const endWay = async (record: HostRecord): Promise<void> => {
    forwardings.drop(record.machineId);
    if (record.port !== null) await records.write({ ...record, port: null });
  };

  const stop = (ref: MachineRef): Promise<void> =>
    onMachine('stop', ref, async (complete, record) => {
      if (record?.touched !== false) await withInstaller(ref, complete, (installer) => installer.stop());
    });

  const destroy = (ref: MachineRef): Promise<readonly string[]> => {
    const work = async (complete: HostOptions, record: HostRecord | undefined): Promise<readonly string[]> => {
      const { machineId } = ref;
      const leaves = record?.touched === false ? [] : await withInstaller(ref, complete, uninstall);
      forwardings.drop(machineId);
      await records.remove(machineId);
      return harden(leaves);
    };
    return onMachine('destroy', ref, work, harden([]));
  };

  const remains = (ref: MachineRef): Promise<readonly string[]> => {
    const work = async (complete: HostOptions, record: HostRecord | undefined): Promise<readonly string[]> => {
      if (record?.touched === false) return harden([]);
      const words = `${placeOf(complete)}: the hob of ${ref.machineId} with its service and its directory, and whatever its resources made`;
      if (record !== undefined) return harden([words]);
      const { state } = await stateOf(ref, complete, record);
      return harden(state === 'absent' ? [] : [words]);
    };
    return onMachine('look for', ref, work, harden([]));
  };

  const forget = (ref: MachineRef): Promise<void> =>
    onMachine('forget', ref, async (_complete, record) => {
      if (record !== undefined) await endWay(record);
    });

  const list = (): Promise<readonly Instance[]> =>
    attempt('list machines', async () => {
      const touched = (await records.all()).filter((record) => record.touched);
      return harden(touched.map(({ machineId }) => ({ machineId, state: 'unknown' as const })));
    });

  const confirmations = (options: ProviderOptions): Promise<readonly Confirmation[]> =>
    attempt('look for what is to be confirmed', async () => {
      const complete = completeOptions(options, settings);
      const lookAt = (onUnknownKey: OnUnknownKey): Promise<void> =>
        atMost(async () => (await connectTo(complete, onUnknownKey)).close());
      return findConfirmations(await routeTo(complete), lookAt);
    });

  const resume = (): Promise<void> =>
    attempt('take up forwardings', async () => {
      const words = 'the way of a hob to its boss is not taken up';
      const found = await records.all((reason) => tell(describeError(reason), words));
      for (const record of found) {
        try {
          const complete = completeOptions(record.options, settings);
          if (complete.reverse === true && record.port !== null) forwardings.keep(record, complete);
        } catch (error) {
          tell({ machine: record.name, ...describeError(error) }, words);
        }
      }
    });

  return Far('SshProvider', {
    validate: async (options: ProviderOptions) => void completeOptions(options, settings),
    confirmations,
    create,
    find: (ref: MachineRef) => onMachine('find', ref, (complete, record) => stateOf(ref, complete, record)),
    start,
    stop,
    destroy,
    list,
    remains,
    forget,
    resume,
  } satisfies ProviderDriver);
};
harden(makeSshProvider);

/** Of a boss that was restored elsewhere, which knows no more of it. */
const unknownBefore = ({ machineId, options }: MachineRef): HostRecord =>
  harden({ machineId, name: machineId, options, touched: true, port: null });

/** A hob that is put where it can never reach its boss would be waited for in vain. Throws BAD_SPEC. */
const requireWay = (locator: string, { host, jump, reverse }: HostOptions): void => {
  const isHere = isLoopback(host) && (jump === undefined || jump === 'none');
  if (reverse === true || isHere || !staysAtBoss(locator)) return;
  throw makeError(
    'BAD_SPEC',
    `${host}: a hob there cannot reach its boss, which listens on its own host's loopback interface only`,
    {
      hint: 'set reverse=true, or start the boss with --listen and an address that hosts can reach',
    },
  );
};

/** What is left says so. */
const uninstall = async (installer: Installer, { where }: RemoteShell): Promise<readonly string[]> => {
  const { remains } = await installer.uninstall();
  return [
    `${where}: files, packages, users and whatever else its resources made stay there as they are`,
    ...remains.map((words) => `${where}: ${words}`),
  ];
};
