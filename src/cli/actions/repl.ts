/** Puts a REPL together: the session, the tables, the history file. */
import { makeRepl, type ReplPowers } from '../../boss/repl/repl.ts';
import type { StateDirectory } from '../../protocol/state-directory.ts';
import type { Connection } from '../connect.ts';
import type { ExitCode } from '../exit-codes.ts';
import { renderTable } from '../tables.ts';
import { graphText } from '../views/graph.ts';
import { machineTable } from '../views/machines.ts';
import { traceText } from '../views/trace.ts';
import type { Surroundings } from './action.ts';

/** Undefined where there can be none: then the REPL has no history, and works all the same. */
const prepareHistory = async (
  { root, history }: StateDirectory,
  { powers }: Surroundings,
): Promise<string | undefined> => {
  try {
    await powers.fs.mkdir(root, { recursive: true, mode: 0o700 });
    const file = await powers.fs.open(history, 'a', 0o600);
    await file.chmod(0o600);
    await file.close();
    return history;
  } catch {
    return undefined;
  }
};

export const runRepl = async (
  { client, boss, machine }: Connection,
  directory: StateDirectory,
  farewell: string,
  surroundings: Surroundings,
): Promise<ExitCode> => {
  const { powers } = surroundings;
  const { output, notes, load, scope, onUnhandled } = powers.repl;
  const isTTY = powers.stdin.isTTY === true && output.isTTY === true;
  const historyFile = isTTY ? await prepareHistory(directory, surroundings) : undefined;
  const replPowers: ReplPowers = {
    input: powers.stdin,
    output,
    notes,
    isTTY,
    nodeRepl: await load(),
    scope,
    subject: boss === undefined ? { name: 'shared', reference: machine! } : { name: 'boss', reference: boss },
    enliven: (locator) => client.enliven(locator),
    tables: {
      machines: (statuses) => machineTable(statuses, powers.now()),
      rows: renderTable,
      trace: traceText,
      graph: (graph) => graphText(graph, 'mermaid'),
    },
    setTimer: powers.setTimer,
    onUnhandled,
    lost: client.lost,
    farewell,
    ...(historyFile === undefined ? {} : { historyFile }),
  };
  return makeRepl(replPowers).run();
};
harden(runRepl);
