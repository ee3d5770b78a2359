/**
 * A cloud in memory and a driver for it, for tests of what stands on providers. It runs the contract suite like every provider, and
 * docs/how-to/write-a-provider.md walks through it.
 *
 * The cloud outlives drivers: `makeDriver` again is a boss that was started again.
 */
import { Far } from '@endo/far';
import { makeError } from '../../src/errors/gobs-error.ts';
import { isName } from '../../src/protocol/shapes.ts';
import type {
  Confirmation,
  InstanceState,
  MachineRef,
  ProviderDriver,
  ProviderOptions,
} from '../../src/providers/contract.ts';
import { makeLife, type Life } from './life.ts';

/** What the cloud has of one machine. */
interface Host {
  whole: boolean;
  locator: string | undefined;
  /** The hob that runs, by a number that is never used again; undefined if none does. */
  hob: number | undefined;
}

export interface FakeCloud {
  readonly hosts: ReadonlyMap<string, Readonly<Host>>;
  makeDriver(life?: Life): ProviderDriver;
  /** The next call of a method rejects with this, having done nothing. */
  failNext(method: keyof ProviderDriver, error: Error): void;
  /** From now on `destroy` says that it left these. */
  leave(words: readonly string[]): void;
  /** How often a driver was told to take up what goes on. */
  readonly resumed: number;
  /** Of which the boss said that it forgot them. */
  readonly forgotten: readonly string[];
  /** As by `kill -9`. */
  killHob(machineId: string): void;
}

export interface FakeCloudEvents {
  /** A hob starts: tests may connect one here. It is given what is on its host. */
  hobStarted?(hob: { readonly machineId: string; readonly locator: string }): void;
  hobEnded?(machineId: string): void;
}

const knownOptions = ['size'];

/** Of a machine whose size is `unheard`. */
const askSize: Confirmation = harden({
  option: 'size',
  value: '7',
  question: 'Is 7 the size?',
  hint: 'say size=7',
});

const refuseUnknown = (options: ProviderOptions): void => {
  const unknown = Object.keys(options).find((option) => !knownOptions.includes(option));
  if (unknown === undefined) return;
  throw makeError('BAD_SPEC', `option ${unknown}: the provider fake has no such option`, {
    hint: `it has: ${knownOptions.join(', ')}`,
  });
};

const checkId = (machineId: string): void => {
  if (!isName(machineId)) throw makeError('BAD_SPEC', `machine id ${JSON.stringify(machineId)} is no name`);
};

export const makeFakeCloud = (events: FakeCloudEvents = {}): FakeCloud => {
  const hosts = new Map<string, Host>();
  const failures = new Map<keyof ProviderDriver, Error>();
  let hobs = 0;
  let resumed = 0;
  const forgotten: string[] = [];
  let leaves: readonly string[] = [];

  const endHob = (machineId: string): void => {
    const host = hosts.get(machineId);
    if (host?.hob === undefined) return;
    host.hob = undefined;
    events.hobEnded?.(machineId);
  };

  const stateOf = (machineId: string): InstanceState => {
    const host = hosts.get(machineId);
    if (host === undefined) return 'absent';
    if (!host.whole) return 'broken';
    return host.hob === undefined ? 'stopped' : 'running';
  };

  const makeDriver = (life = makeLife()): ProviderDriver => {
    const mayFail = (method: keyof ProviderDriver): void => {
      const failure = failures.get(method);
      failures.delete(method);
      if (failure !== undefined) throw failure;
    };

    const startHob = (machineId: string, host: Host): void => {
      if (host.hob !== undefined) return;
      life.effect();
      hobs += 1;
      host.hob = hobs;
      events.hobStarted?.({ machineId, locator: host.locator! });
    };

    const findHost = (machineId: string): Host => {
      const host = hosts.get(machineId);
      if (host !== undefined) return host;
      life.effect();
      const made: Host = { whole: false, locator: undefined, hob: undefined };
      hosts.set(machineId, made);
      return made;
    };

    const create: ProviderDriver['create'] = async ({ machineId, options, locator }) => {
      mayFail('create');
      checkId(machineId);
      refuseUnknown(options);
      const host = findHost(machineId);
      life.effect();
      host.locator = locator;
      life.effect();
      host.whole = true;
      startHob(machineId, host);
    };

    const start: ProviderDriver['start'] = async ({ machineId }) => {
      mayFail('start');
      checkId(machineId);
      const host = hosts.get(machineId);
      if (!host?.whole) throw makeError('PROVIDER_FAILED', `machine ${machineId}: there is none to start`);
      startHob(machineId, host);
    };

    const stop: ProviderDriver['stop'] = async ({ machineId }) => {
      mayFail('stop');
      checkId(machineId);
      life.effect();
      endHob(machineId);
    };

    const destroy: ProviderDriver['destroy'] = async ({ machineId }) => {
      mayFail('destroy');
      checkId(machineId);
      const host = hosts.get(machineId);
      if (host === undefined) return harden([]);
      life.effect();
      host.whole = false;
      life.effect();
      endHob(machineId);
      life.effect();
      hosts.delete(machineId);
      return harden(leaves);
    };

    return Far('FakeProvider', {
      validate: async (options: ProviderOptions) => {
        mayFail('validate');
        refuseUnknown(options);
      },
      create,
      start,
      stop,
      destroy,
      confirmations: async (options: ProviderOptions) => {
        mayFail('confirmations');
        refuseUnknown(options);
        return harden(options['size'] === 'unheard' ? [askSize] : []);
      },
      find: async ({ machineId }: MachineRef) => {
        mayFail('find');
        checkId(machineId);
        return harden({ machineId, state: stateOf(machineId) });
      },
      list: async () => {
        mayFail('list');
        return harden([...hosts.keys()].sort().map((machineId) => ({ machineId, state: stateOf(machineId) })));
      },
      remains: async ({ machineId }: MachineRef) => {
        mayFail('remains');
        checkId(machineId);
        return harden(hosts.has(machineId) ? [`host ${machineId} of the fake cloud`] : []);
      },
      forget: async ({ machineId }: MachineRef) => {
        mayFail('forget');
        checkId(machineId);
        forgotten.push(machineId);
      },
      resume: async () => {
        mayFail('resume');
        resumed += 1;
      },
    });
  };

  return {
    hosts,
    forgotten,
    makeDriver,
    failNext: (method, error) => void failures.set(method, error),
    leave: (words) => {
      leaves = words;
    },
    get resumed() {
      return resumed;
    },
    killHob: endHob,
  };
};
