/**
 * Where labs are, and what the things are called that a lab makes in the kernel, so that whoever comes later can find those that a killed
 * run has left. A lab has a number that no other on this machine has at the time: the name of its directory.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { startOf } from './processes.ts';

/** On a disk, and the same whatever the environment says: the numbers must be unique. */
export const LABS = '/var/tmp/gobs-labs';

export interface LabPlace {
  readonly number: number;
  readonly directory: string;
  /** Of the bridge. */
  readonly bridge: string;
  /** Of network namespaces, network interfaces and containers, with the host's number or name. */
  readonly prefix: string;
  /** The first three numbers of its addresses. */
  readonly network: string;
}

export const labPlace = (number: number): LabPlace => ({
  number,
  directory: join(LABS, String(number)),
  bridge: `gl${number}`,
  prefix: `gl${number}-`,
  network: `10.213.${number}`,
});

const HIGHEST = 250;

const isTaken = (number: number): boolean =>
  Object.values(networkInterfaces())
    .flat()
    .some((address) => address?.address.startsWith(`${labPlace(number).network}.`));

/** A place that nobody has, and from now on this process. */
export const claimPlace = async (): Promise<LabPlace> => {
  await mkdir(LABS, { recursive: true });
  const claim = await mkdtemp(join(LABS, 'claim-'));
  await writeFile(join(claim, 'maker'), `${process.pid} ${startOf(process.pid)}`);
  for (let number = 1; number <= HIGHEST; number += 1) {
    if (isTaken(number)) continue;
    try {
      // A directory with something in it is not replaced: one process gets it.
      await rename(claim, labPlace(number).directory);
      return labPlace(number);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code!)) throw error;
    }
  }
  await rm(claim, { recursive: true });
  throw Error(`there are ${HIGHEST} labs in ${LABS} already`);
};

const livesMakerOf = async (directory: string): Promise<boolean> => {
  const maker = await readFile(join(directory, 'maker'), 'utf8').catch(() => '');
  const [pid = '', start = ''] = maker.split(' ');
  return start !== '' && startOf(Number(pid)) === start;
};

/** Those whose makers are dead. */
export const abandonedPlaces = async (): Promise<readonly LabPlace[]> => {
  const names = await readdir(LABS).catch(() => []);
  const numbers = names.filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const abandoned: LabPlace[] = [];
  for (const place of numbers.map(labPlace)) if (!(await livesMakerOf(place.directory))) abandoned.push(place);
  return abandoned;
};
