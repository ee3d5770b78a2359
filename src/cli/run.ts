/**
 * One command, from its words to its exit code. Whatever goes wrong is one line on standard error, and an exit code that is
 * not 0.
 *
 *   words ──program.ts──▶ request ──actions/──▶ the boss, and back ──views/──▶ output
 */
import { codeOf } from '../errors/gobs-error.ts';
import { boss, down, hob, repl, up } from './actions/daemon.ts';
import type { Action, Surroundings } from './actions/action.ts';
import { confirmMachines } from './actions/confirm-machines.ts';
import { converge, showDrift } from './actions/drift.ts';
import { applyFleet, planFleet } from './actions/fleet.ts';
import { showGraph, showTrace } from './actions/looking.ts';
import {
  createMachine,
  destroyMachine,
  forgetMachine,
  listMachines,
  showMachine,
  startMachines,
  stopMachines,
} from './actions/machine.ts';
import { listSecrets, removeSecret, setSecret } from './actions/secret.ts';
import { backupStore } from './actions/store/backup.ts';
import { exportStore } from './actions/store/export.ts';
import { restoreStore } from './actions/store/restore.ts';
import { upgradeStore } from './actions/store/upgrade.ts';
import { verifyStore } from './actions/store/verify.ts';
import { initFleet, listProviders, shareMachine } from './actions/share.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { makeOutput } from './output.ts';
import type { CliPowers } from './powers.ts';
import { parseArguments } from './program.ts';
import type { Request } from './request.ts';

const actions = harden({
  up,
  down,
  boss,
  hob,
  repl,
  'provider list': listProviders,
  'machine create': createMachine,
  'machine list': listMachines,
  'machine show': showMachine,
  'machine start': startMachines,
  'machine stop': stopMachines,
  'machine destroy': destroyMachine,
  'machine confirm': confirmMachines,
  'machine forget': forgetMachine,
  plan: planFleet,
  apply: applyFleet,
  drift: showDrift,
  converge,
  trace: showTrace,
  graph: showGraph,
  share: shareMachine,
  'secret set': setSecret,
  'secret list': listSecrets,
  'secret remove': removeSecret,
  'store backup': backupStore,
  'store export': exportStore,
  'store restore': restoreStore,
  'store upgrade': upgradeStore,
  'store verify': verifyStore,
  init: initFleet,
} satisfies { [Kind in Request['do']]: Action<Kind> });

// The table above pairs each kind of request with its action; TypeScript cannot see that a lookup by `do` keeps the pair.
const perform = (request: Request, surroundings: Surroundings): Promise<ExitCode> =>
  (actions[request.do] as Action<Request['do']>)(request, surroundings);

/** Never rejects. `words` are the arguments behind `gobs`. */
export const runCli = async (words: readonly string[], powers: CliPowers): Promise<ExitCode> => {
  const output = makeOutput(powers.stdout, powers.stderr);
  try {
    const parsed = parseArguments(words, powers.version);
    if ('request' in parsed) return await perform(parsed.request, { powers, output });
    if (parsed.exit === exitCodes.done) output.data(parsed.text);
    else parsed.text.split('\n').forEach(output.note);
    return parsed.exit;
  } catch (error) {
    output.error(error);
    return codeOf(error) === 'TIMED_OUT' ? exitCodes.partly : exitCodes.failed;
  }
};
harden(runCli);
