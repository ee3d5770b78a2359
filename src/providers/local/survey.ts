/** What there is of machines in a base directory: their directories and their hobs, put together. Changes nothing. */
import { dirname } from 'node:path';
import type { Instance, InstanceState } from '../contract.ts';
import { ifThere, machineIdOf, placesOf, type Directories } from './directories.ts';
import type { HobSearch } from './hob-search.ts';

export interface Survey {
  stateOf(base: string, machineId: string): Promise<InstanceState>;
  list(base: string): Promise<readonly Instance[]>;
  /** In words. */
  remains(base: string, machineId: string): Promise<readonly string[]>;
}

export interface SurveyPowers {
  readonly fs: Pick<typeof import('node:fs/promises'), 'readdir'>;
  readonly directories: Directories;
  readonly search: HobSearch;
}

export const makeSurvey = ({ fs, directories, search }: SurveyPowers): Survey => {
  const stateOf: Survey['stateOf'] = async (base, machineId) => {
    const { making, whole, removing } = placesOf(base, machineId);
    const isWhole = await directories.exists(whole);
    const isPartial = (await directories.exists(making)) || (await directories.exists(removing));
    const runs = await search.runs(whole, isWhole ? whole : removing);
    if (isPartial || (runs && !isWhole)) return 'broken';
    if (!isWhole) return 'absent';
    return runs ? 'running' : 'stopped';
  };

  /** Of directories, and of hobs whose directory somebody removed. */
  const machineIds = async (base: string): Promise<readonly string[]> => {
    const entries = (await ifThere(fs.readdir(base))) ?? [];
    const started = [...(await search.directories())].filter((path) => dirname(path) === base);
    const names = [...entries, ...started.map((path) => path.slice(base.length + 1))];
    return [...new Set(names.map(machineIdOf).filter((id) => id !== undefined))].sort();
  };

  const list: Survey['list'] = async (base) => {
    const instances: Instance[] = [];
    for (const machineId of await machineIds(base)) {
      const state = await stateOf(base, machineId);
      // It may have gone since.
      if (state !== 'absent') instances.push({ machineId, state });
    }
    return harden(instances);
  };

  const remains: Survey['remains'] = async (base, machineId) => {
    const { making, whole, removing } = placesOf(base, machineId);
    const left: string[] = [];
    for (const path of [making, whole, removing]) {
      if (await directories.exists(path)) left.push(`directory ${path}`);
    }
    const home = (await directories.exists(whole)) ? whole : removing;
    for (const { pid } of await search.find(whole, home)) left.push(`process ${pid}, the hob of ${whole}`);
    return harden(left);
  };

  return harden({ stateOf, list, remains });
};
harden(makeSurvey);
