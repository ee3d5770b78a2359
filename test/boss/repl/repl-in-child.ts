/** A REPL on the near boss in a process of its own, with the lockdown of production: `node repl-in-child.ts [dialogue]`. */
import '../../../src/lockdown.ts';
import nodeRepl from 'node:repl';
import { makeRepl } from '../../../src/boss/repl/repl.ts';
import { renderTable } from '../../../src/cli/tables.ts';
import { graphText } from '../../../src/cli/views/graph.ts';
import { machineTable } from '../../../src/cli/views/machines.ts';
import { traceText } from '../../../src/cli/views/trace.ts';
import { makeNearBoss } from '../../cli/near-boss.ts';

const near = makeNearBoss();
const repl = makeRepl({
  input: process.stdin,
  output: process.stdout,
  notes: process.stderr,
  isTTY: process.argv[2] === 'dialogue',
  nodeRepl,
  scope: globalThis,
  subject: { name: 'boss', reference: near.boss },
  enliven: async (locator) => near.locators.get(locator),
  tables: {
    machines: (statuses) => machineTable(statuses, 61_000),
    rows: renderTable,
    trace: traceText,
    graph: (graph) => graphText(graph, 'mermaid'),
  },
  setTimer: (callback, milliseconds) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  onUnhandled: () => () => {},
  lost: new Promise(() => {}),
  farewell: 'The boss and its hobs go on.',
});
process.exit(await repl.run());
