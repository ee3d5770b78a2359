/** `gobs share` and `gobs init`. */
import { E } from '@endo/far';
import { resolve } from 'node:path';
import { makeError } from '../../errors/gobs-error.ts';
import type { MachineAdmin } from '../../protocol/remotes.ts';
import { firstFleet } from '../commands/fleet.ts';
import { withBoss } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { reasonOf } from '../find-boss.ts';
import type { Facet } from '../request.ts';
import type { Action } from './action.ts';

const facetOf = async (machine: MachineAdmin, facet: Facet): Promise<object> => {
  const facets: Readonly<Record<Facet, () => object | Promise<object>>> = {
    observer: () => E(machine).asObserver(),
    operator: () => E(machine).asOperator(),
    admin: () => machine,
    executor: () => E(machine).asExecutor(),
    copier: () => E(machine).asCopier(),
    journal: () => E(machine).asJournal(),
  };
  return facets[facet]();
};

/** The one thing that is printed as it is: a locator is what was asked for. */
export const shareMachine: Action<'share'> = async ({ at, name, as }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    const machine = await E(boss).machine(name);
    output.data(await E(boss).locatorFor(await facetOf(machine, as)));
    output.note(`gobs: whoever has this locator is ${as} of ${name}; it is not shown again`);
    return exitCodes.done;
  });
harden(shareMachine);

export const initFleet: Action<'init'> = async ({ file }, { powers, output }) => {
  const path = resolve(powers.workingDirectory, file);
  try {
    await powers.fs.writeFile(path, firstFleet, { flag: 'wx' });
  } catch (error) {
    const there = (error as { code?: unknown }).code === 'EEXIST';
    throw makeError('BAD_USAGE', `${file}: ${there ? 'is there already, and is left as it is' : reasonOf(error)}`, {
      cause: error,
      ...(there ? { hint: 'give another name: gobs init FILE' } : {}),
    });
  }
  output.note(`gobs: wrote ${file}; next: gobs plan ${file}`);
  return exitCodes.done;
};
harden(initFleet);
