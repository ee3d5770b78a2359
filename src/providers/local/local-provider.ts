/**
 * The provider `local`: a machine is a directory of this host and a detached hob process that keeps it. It needs no root, and its
 * machines outlive the boss. For trying gobs out, for tests, and for keeping files of the host that the boss runs on.
 *
 * What makes it safe to be killed at any point:
 *   - a machine's directory appears and disappears whole (directories.ts);
 *   - the hob's own lock, and nothing that is noted here, says that there is one hob (src/protocol/machine-directory.ts);
 *   - a hob that was started by a boss that was then killed is found by its command line (hob-search.ts).
 *
 * There is one boss to a store, and so one driver to a base directory. Within it, what changes one machine happens one after the other.
 */
import { isAbsolute } from 'node:path';
import { Far } from '@endo/far';
import { describeError, makeError } from '../../errors/gobs-error.ts';
import { isName } from '../../protocol/shapes.ts';
import type { ProviderDriver, ProviderOptions, ProviderSettings } from '../contract.ts';
import { ifThere, makeDirectories, placesOf, type DirectoryFs } from './directories.ts';
import { makeHobSearch } from './hob-search.ts';
import { makeHobs, type HobPowers } from './hobs.ts';
import { makeOneAtATime } from '../one-at-a-time.ts';
import { makeProcessTable } from './process-table.ts';
import { readSmallFile } from './small-file.ts';
import { makeSurvey } from './survey.ts';

export interface LocalProviderPowers extends Omit<HobPowers, 'fs' | 'processes' | 'search'> {
  readonly fs: DirectoryFs & Pick<typeof import('node:fs/promises'), 'readFile' | 'readlink' | 'realpath'>;
  /** Of this process. */
  readonly uid: number;
  /** The base directory: absolute, this provider instance's own. Made (0700) with the first machine. */
  readonly directory: string;
}

/** Throws BAD_SPEC: this provider has no options. */
export const refuseOptions = (options: ProviderSettings): void => {
  const [option] = Object.keys(options);
  if (option === undefined) return;
  throw makeError('BAD_SPEC', `option ${option}: the provider local has no such option`, {
    hint: 'it has none',
  });
};
harden(refuseOptions);

const checkId = (machineId: string): void => {
  if (!isName(machineId)) throw makeError('BAD_SPEC', `machine id ${JSON.stringify(machineId)} cannot be a file name`);
};

export const makeLocalProvider = (powers: LocalProviderPowers): ProviderDriver => {
  const { fs, uid, directory: givenBase } = powers;
  if (!isAbsolute(givenBase)) throw TypeError(`not an absolute path: ${givenBase}`);
  const processes = makeProcessTable({ fs, procDirectory: '/proc' });
  const search = makeHobSearch({ read: (path) => readSmallFile(fs, path), processes, uid });
  const hobs = makeHobs({ ...powers, processes, search });
  const directories = makeDirectories(fs);
  const survey = makeSurvey({ fs, directories, search });
  const oneAtATime = makeOneAtATime();

  // Hobs are found by the path that they were started with, so there must be one spelling of it.
  const findBase = async (): Promise<string> => (await ifThere(fs.realpath(givenBase))) ?? givenBase;

  const makeBase = async (): Promise<string> => {
    await fs.mkdir(givenBase, { recursive: true, mode: 0o700 });
    return findBase();
  };

  const endAndSweep = async (base: string, machineId: string): Promise<void> => {
    const { whole, removing } = placesOf(base, machineId);
    await hobs.end('SIGKILL', whole, removing);
    await directories.sweep(base, machineId);
  };

  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const { code, message } = describeError(error);
      if (code !== 'UNEXPECTED') throw error;
      // No cause: the errors of node:fs cannot cross to a vat, and the message says it all.
      throw makeError('PROVIDER_FAILED', `${givenBase}: cannot ${what}: ${message}`);
    }
  };

  /** Work that changes one machine. */
  const change = (verb: string, machineId: string, work: () => Promise<void>): Promise<void> =>
    attempt(`${verb} ${machineId}`, async () => {
      checkId(machineId);
      await oneAtATime(machineId, work);
    });

  const create: ProviderDriver['create'] = ({ machineId, options, locator }) =>
    change('create', machineId, async () => {
      refuseOptions(options);
      const base = await makeBase();
      const { whole } = placesOf(base, machineId);
      if ((await survey.stateOf(base, machineId)) === 'broken') await endAndSweep(base, machineId);
      if (await directories.exists(whole)) await directories.renewEnrolment(whole, locator);
      else await directories.make(base, machineId, locator);
      await hobs.start(whole);
    });

  const start: ProviderDriver['start'] = ({ machineId }) =>
    change('start', machineId, async () => {
      const base = await findBase();
      const state = await survey.stateOf(base, machineId);
      if (state === 'stopped' || state === 'running') return hobs.start(placesOf(base, machineId).whole);
      throw makeError('PROVIDER_FAILED', `${placesOf(base, machineId).whole}: there is no whole machine to start`, {
        hint: 'create it again, or destroy it',
      });
    });

  const stop: ProviderDriver['stop'] = ({ machineId }) =>
    change('stop', machineId, async () => {
      const { whole } = placesOf(await findBase(), machineId);
      await hobs.end('SIGTERM', whole);
    });

  const destroy: ProviderDriver['destroy'] = async ({ machineId }) => {
    await change('destroy', machineId, async () => {
      const base = await findBase();
      await directories.retire(base, machineId);
      await endAndSweep(base, machineId);
    });
    return harden([]);
  };

  const find: ProviderDriver['find'] = ({ machineId }) =>
    attempt(`find ${machineId}`, async () => {
      checkId(machineId);
      return harden({ machineId, state: await survey.stateOf(await findBase(), machineId) });
    });

  const list: ProviderDriver['list'] = () => attempt('list machines', async () => survey.list(await findBase()));

  const remains: ProviderDriver['remains'] = ({ machineId }) =>
    attempt(`look for ${machineId}`, async () => {
      checkId(machineId);
      return survey.remains(await findBase(), machineId);
    });

  return Far('LocalProvider', {
    validate: async (options: ProviderOptions) => refuseOptions(options),
    confirmations: async (options: ProviderOptions) => {
      refuseOptions(options);
      return harden([]);
    },
    create,
    find,
    start,
    stop,
    destroy,
    list,
    remains,
    // Its machines need nothing of the boss.
    forget: async () => {},
    resume: async () => {},
  });
};
harden(makeLocalProvider);
