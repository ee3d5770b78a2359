/** `gobs completion`: the script of a shell; and the names of machines, which such scripts ask for. */
import { isName } from '../../protocol/shapes.ts';
import { allMachines } from '../all-machines.ts';
import { completionScript } from '../completion/scripts.ts';
import { withBoss } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { modelOfCommands } from '../program.ts';
import type { Action } from './action.ts';

export const complete: Action<'completion'> = async ({ of, at }, { powers, output }) => {
  if (of !== 'machines') {
    output.data(completionScript(of, modelOfCommands(powers.version)).trimEnd());
    return exitCodes.done;
  }
  return withBoss(at, powers, output, async (boss) => {
    // A shell takes them apart: nothing but a name is one.
    const names = (await allMachines(boss)).map(({ name }) => name).filter(isName);
    if (names.length > 0) output.data(names.join('\n'));
    return exitCodes.done;
  });
};
harden(complete);
