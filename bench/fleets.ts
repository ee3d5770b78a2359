/** Fleets of bosses, made once for all sections of a run: one of a million machines takes minutes. */
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FleetOrder } from './fleet-child.ts';
import type { Plan } from './report.ts';
import { startChild } from './start-child.ts';

export const words = (machines: number): string => `${machines.toLocaleString('en')} machines`;

/** The state directory of a boss of so many machines, whose hobs have keys that nobody has. */
export const fleetOf = async (machines: number, { directory, progress }: Plan): Promise<string> => {
  const fleet = join(directory, `fleet-${machines}`);
  if (existsSync(fleet)) return fleet;
  progress(`making a fleet of ${words(machines)}`);
  const seeder = startChild('fleet-child.ts');
  await seeder.ask('seed', { directory: fleet, machines, realHobs: 0 } satisfies FleetOrder);
  await seeder.end();
  return fleet;
};

/** The same LevelDB again, to write to without anybody else. Its tables never change, so they are the same files. */
export const copyOfFleet = (fleet: string, copy: string): string => {
  mkdirSync(copy, { recursive: true });
  for (const file of readdirSync(join(fleet, 'store'))) {
    const [from, to] = [join(fleet, 'store', file), join(copy, file)];
    if (file.endsWith('.ldb')) linkSync(from, to);
    else if (file !== 'LOCK') cpSync(from, to);
  }
  return copy;
};
