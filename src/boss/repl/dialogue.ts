/**
 * The REPL on a terminal: node:repl with our evaluator, writer, completion and commands.
 *
 * History is node:repl's own. Its `history` event comes before a line is written to the file, and that is where
 * locators are redacted and statements that set secrets left out, in memory too: neither comes back with the up arrow.
 */
import type { REPLServer } from 'node:repl';
import { redactLocators } from '../../protocol/printable.ts';
import { makeCompletion, methodBeforeCursor } from './completion.ts';
import { makeDotCommands, type DotCommand } from './dot-commands.ts';
import { makeEvaluator, type Evaluation, type Evaluator } from './evaluator.ts';
import type { Repl, ReplPowers } from './repl.ts';
import { enterScope, scopeFor } from './scope.ts';
import { showError, showValue } from './writer.ts';

const HISTORY_SIZE = 1000;
/** Milliseconds that Tab waits for an answer from afar. */
const PATIENCE = 2_000;

const bossBanner = `This is JavaScript, and boss is a reference to your boss. Paste these, or try .help:

  const web1 = await E(boss).createMachine('web1', { provider: 'local' })
  await E(boss).machines()
  await locatorFor(await E(web1).asObserver())
`;
const sharedBanner = `This is JavaScript, and shared is what was shared with you. Paste this, or try .help:

  await E(shared).status()
`;

type Complete = (line: string, done: (error: Error | null, result: [string[], string]) => void) => void;

/** It says `setSecret` itself, so that the lines that are joined to it, of a statement that goes on, are not kept either. */
const NOT_KEPT = '// what sets a secret is not kept: setSecret';

const redact = (typed: string): string => (typed.includes('setSecret') ? NOT_KEPT : redactLocators(typed));

/** What was typed so far is redacted in place, before it is written. */
const redactAll = (typed: string[]): void => {
  typed.forEach((entry, index) => {
    typed[index] = redact(entry);
  });
};

/** For the history, and for what `.save` writes. */
const redactHistory = (server: REPLServer): void => {
  server.on('history', (history: string[]) => {
    redactAll(history);
    redactAll((server as unknown as { lines: string[] }).lines);
  });
};

const interrupted = (error: unknown): boolean =>
  (error as { code?: unknown } | null | undefined)?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';

const failureText = (error: unknown): string =>
  interrupted(error) ? 'interrupted: what was asked of the boss goes on' : showError(error);

/** Names of remote methods where such a name is being typed; Node's own completion everywhere else. */
const installCompletion = ({ server, evaluate }: Evaluator, setTimer: ReplPowers['setTimer']): void => {
  const completion = makeCompletion({ setTimer, patience: PATIENCE });
  const nodeCompleter = server.completer as Complete;
  const valueOf = (name: string) => new Promise<Evaluation>((resolve) => evaluate(`${name}\n`, resolve));
  const complete: Complete = (line, done) => {
    const found = methodBeforeCursor(line);
    if (found === undefined) return nodeCompleter(line, done);
    void valueOf(found.target)
      .then((evaluation) => (evaluation.kind === 'value' ? completion.methods(evaluation.value, found.prefix) : []))
      .then((names) => done(null, [names, found.prefix]));
  };
  Object.defineProperty(server, 'completer', { value: complete });
};

const installCommands = ({ server, settle }: Evaluator, commands: Readonly<Record<string, DotCommand>>): void => {
  for (const [name, { help, run }] of Object.entries(commands)) {
    server.defineCommand(name, {
      help,
      action(words) {
        settle(run(words.trim()), (evaluation) => {
          if (evaluation.kind === 'value') server.output.write(`${String(evaluation.value)}\n`);
          else server.output.write(`${failureText(evaluation.error)}\n`);
          server.displayPrompt();
        });
      },
    });
  }
};

/** Errors are shown by us; node:repl hears of a statement only what it is worth, or that it is not whole. */
const installEval = ({ server, evaluate }: Evaluator, nodeRepl: ReplPowers['nodeRepl']): void => {
  const ours: REPLServer['eval'] = (code, _context, _file, done) =>
    evaluate(code, (evaluation) => {
      if (evaluation.kind === 'value') return done(null, evaluation.value);
      if (evaluation.kind === 'incomplete') return done(new nodeRepl.Recoverable(evaluation.error), undefined);
      server.output.write(`${failureText(evaluation.error)}\n`);
      return done(null, undefined);
    });
  Object.defineProperty(server, 'eval', { value: ours });
};

const loadHistory = (server: REPLServer, historyFile: string | undefined): Promise<void> =>
  new Promise((resolve) => {
    redactHistory(server);
    if (historyFile === undefined) resolve();
    // Without a history the REPL works all the same; node:repl says so itself.
    else server.setupHistory(historyFile, () => resolve());
  });

export const makeDialogue = (powers: ReplPowers): Repl => {
  const { input, output, nodeRepl, scope, tables, subject } = powers;

  const start = (failed: (error: unknown) => void): Evaluator => {
    output.write(`${subject.name === 'boss' ? bossBanner : sharedBanner}\n`);
    const evaluator = makeEvaluator(
      nodeRepl,
      scope,
      {
        input,
        output,
        terminal: true,
        prompt: 'gobs> ',
        ignoreUndefined: true,
        breakEvalOnSigint: true,
        historySize: HISTORY_SIZE,
        writer: Object.assign((value: unknown) => showValue(value, tables), { options: {} }),
      },
      failed,
    );
    const lookUp = (name: string) =>
      new Promise((resolve, reject) =>
        evaluator.evaluate(`${name}\n`, (evaluation) =>
          evaluation.kind === 'value' ? resolve(evaluation.value) : reject(evaluation.error as Error),
        ),
      );
    const boss = subject.name === 'boss' ? subject.reference : undefined;
    installCommands(evaluator, makeDotCommands({ boss, tables, lookUp }));
    installCompletion(evaluator, powers.setTimer);
    installEval(evaluator, nodeRepl);
    return evaluator;
  };

  const run = async () => {
    const leaveScope = enterScope(scope, scopeFor(powers));
    const say = (text: string) => {
      output.write(`\n${text}\n`);
      evaluator.server.displayPrompt(true);
    };
    const evaluator = start((error) => {
      evaluator.server.clearBufferedCommand();
      say(failureText(error));
    });
    let open = true;
    const left = new Promise<void>((resolve) => evaluator.server.once('exit', () => resolve()));
    const stopListening = powers.onUnhandled((error) => say(`unhandled: ${failureText(error)}`));
    void powers.lost.then(
      (reason) =>
        open && say(`the session with the boss ended: ${showError(reason)}\nleave, and come back with gobs repl`),
    );
    await Promise.race([loadHistory(evaluator.server, powers.historyFile), left]);
    await left;
    open = false;
    stopListening();
    evaluator.end();
    leaveScope();
    output.write(`\n${powers.farewell}\n`);
    return 0 as const;
  };
  return harden({ run });
};
harden(makeDialogue);
