/**
 * One command, from its words to its exit code. Whatever goes wrong is one line on standard error, and an exit code that is
 * not 0.
 *
 *   words ──program.ts──▶ request ──actions/──▶ the boss, and back ──views/──▶ output
 */
import { codeOf } from '../errors/gobs-error.ts';
import type { Action, Surroundings } from './actions/action.ts';
import { execExits, exitCodes, type ExecExit, type ExitCode } from './exit-codes.ts';
import { makeOutput } from './output.ts';
import type { CliPowers } from './powers.ts';
import { parseArguments } from './program.ts';
import type { Request } from './request.ts';

const daemon = () => import('./actions/daemon.ts');
const serve = () => import('./actions/serve.ts');
const machine = () => import('./actions/machine.ts');
const fleet = () => import('./actions/fleet.ts');
const drift = () => import('./actions/drift.ts');
const looking = () => import('./actions/looking.ts');
const status = () => import('./actions/status.ts');
const provider = () => import('./actions/provider.ts');
const share = () => import('./actions/share.ts');
const secret = () => import('./actions/secret.ts');

/** An action is loaded, with all that it needs, when it is asked for: a boss that starts need not wait for those of others. */
const actions = harden({
  up: async () => (await daemon()).up,
  down: async () => (await daemon()).down,
  repl: async () => (await daemon()).repl,
  boss: async () => (await serve()).boss,
  hob: async () => (await serve()).hob,
  'provider add': async () => (await provider()).addProvider,
  'provider list': async () => (await provider()).listProviders,
  'provider remove': async () => (await provider()).removeProvider,
  'machine create': async () => (await machine()).createMachine,
  'machine list': async () => (await machine()).listMachines,
  'machine show': async () => (await machine()).showMachine,
  'machine start': async () => (await machine()).startMachines,
  'machine stop': async () => (await machine()).stopMachines,
  'machine destroy': async () => (await machine()).destroyMachine,
  'machine confirm': async () => (await import('./actions/confirm-machines.ts')).confirmMachines,
  'machine forget': async () => (await machine()).forgetMachine,
  validate: async () => (await import('./actions/fleet-file.ts')).validateFleet,
  schema: async () => (await import('./actions/schema.ts')).showSchema,
  plan: async () => (await fleet()).planFleet,
  apply: async () => (await fleet()).applyFleet,
  drift: async () => (await drift()).showDrift,
  converge: async () => (await drift()).converge,
  status: async () => (await status()).showStatus,
  facts: async () => (await status()).showFacts,
  exec: async () => (await import('./actions/exec.ts')).execOnMachine,
  completion: async () => (await import('./actions/completion.ts')).complete,
  doctor: async () => (await import('./actions/doctor.ts')).examine,
  logs: async () => (await import('./actions/logs.ts')).showLogs,
  cp: async () => (await import('./actions/cp.ts')).copyFile,
  trace: async () => (await looking()).showTrace,
  graph: async () => (await looking()).showGraph,
  share: async () => (await share()).shareMachine,
  'secret set': async () => (await secret()).setSecret,
  'secret list': async () => (await secret()).listSecrets,
  'secret remove': async () => (await secret()).removeSecret,
  'store backup': async () => (await import('./actions/store/backup.ts')).backupStore,
  'store export': async () => (await import('./actions/store/export.ts')).exportStore,
  'store restore': async () => (await import('./actions/store/restore.ts')).restoreStore,
  'store upgrade': async () => (await import('./actions/store/upgrade.ts')).upgradeStore,
  'store verify': async () => (await import('./actions/store/verify.ts')).verifyStore,
  init: async () => (await share()).initFleet,
} satisfies { [Kind in Request['do']]: () => Promise<Action<Kind>> });

// The table above pairs each kind of request with its action; TypeScript cannot see that a lookup by `do` keeps the pair.
const perform = async (request: Request, surroundings: Surroundings): Promise<ExitCode | ExecExit> => {
  const action = (await actions[request.do]()) as Action<Request['do']>;
  return action(request, surroundings);
};

/** Never rejects. `words` are the arguments behind `gobs`. */
export const runCli = async (words: readonly string[], powers: CliPowers): Promise<ExitCode | ExecExit> => {
  const output = makeOutput(powers.stdout, powers.stderr);
  try {
    const parsed = parseArguments(words, powers.version);
    if ('request' in parsed) return await perform(parsed.request, { powers, output });
    if (parsed.exit === exitCodes.done) output.data(parsed.text);
    else parsed.text.split('\n').forEach(output.note);
    return parsed.exit;
  } catch (error) {
    output.error(error);
    // Whoever looks at the code of a command elsewhere must be able to tell.
    if (words[0] === 'exec') return codeOf(error) === 'COMMAND_UNUSABLE' ? execExits.noProgram : execExits.gobsFailed;
    return codeOf(error) === 'TIMED_OUT' ? exitCodes.partly : exitCodes.failed;
  }
};
harden(runCli);
