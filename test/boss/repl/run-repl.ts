/** A REPL on the near boss, with streams that a test writes to and reads from. */
import nodeRepl from 'node:repl';
import { PassThrough } from 'node:stream';
import { makeError } from '../../../src/errors/gobs-error.ts';
import { makeRepl, type ReplPowers } from '../../../src/boss/repl/repl.ts';
import { renderTable } from '../../../src/cli/tables.ts';
import { graphText } from '../../../src/cli/views/graph.ts';
import { machineTable } from '../../../src/cli/views/machines.ts';
import { traceText } from '../../../src/cli/views/trace.ts';
import { makeNearBoss } from '../../cli/near-boss.ts';

/** All that was written so far, and a way to wait for something in it. */
export const makeReader = () => {
  let text = '';
  let watchers: { readonly seen: (text: string) => boolean; resolve(): void }[] = [];
  const stream = new PassThrough().on('data', (chunk: Buffer) => {
    text += chunk.toString();
    watchers.filter(({ seen }) => seen(text)).forEach(({ resolve }) => resolve());
    watchers = watchers.filter(({ seen }) => !seen(text));
  });
  const until = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const seen = (all: string) => pattern.test(all);
      if (seen(text)) resolve(text);
      else watchers.push({ seen, resolve: () => resolve(text) });
    });
  return { stream, until, text: () => text };
};

export const startRepl = (options: Partial<ReplPowers> = {}) => {
  const near = makeNearBoss();
  const input = new PassThrough();
  const output = makeReader();
  const notes = makeReader();
  const timers: (() => void)[] = [];
  const unhandled: ((error: unknown) => void)[] = [];
  const lost = Promise.withResolvers<unknown>();
  const repl = makeRepl({
    input,
    output: output.stream,
    notes: notes.stream,
    isTTY: false,
    nodeRepl,
    scope: globalThis,
    subject: { name: 'boss', reference: near.boss },
    enliven: async (locator) => {
      const found = near.locators.get(locator);
      if (found === undefined) throw makeError('LOCATOR_UNKNOWN', `no object has the locator ${locator}`);
      return found;
    },
    tables: {
      machines: (statuses) => machineTable(statuses, 61_000),
      rows: renderTable,
      trace: traceText,
      graph: (graph) => graphText(graph, 'mermaid'),
    },
    setTimer: (callback) => {
      timers.push(callback);
      return () => {};
    },
    onUnhandled: (callback) => {
      unhandled.push(callback);
      return () => void unhandled.splice(0);
    },
    lost: lost.promise,
    farewell: 'The boss and its hobs go on.',
    ...options,
  });
  return { ...near, repl, input, output, notes, timers, unhandled, lost };
};

/** Runs statements as if they were piped in. */
export const runScript = async (text: string, options: Partial<ReplPowers> = {}) => {
  const { repl, input, output, notes, ...rest } = startRepl(options);
  const running = repl.run();
  input.end(text);
  const exit = await running;
  return { exit, stdout: output.text(), stderr: notes.text(), ...rest };
};
