/**
 * The REPL without a terminal: statements are read line by line, each is run as soon as it is whole, and results are printed. A
 * statement that fails is told of among the notes; those after it are run all the same, and the whole has failed. What must
 * not go on after a failure is written as one statement: `{ await …; await …; };`. (Without the last semicolon node:repl takes the braces
 * for those of a record.)
 *
 * A result that is text is printed as it is, without quotes, so that `await locatorFor(…)` can be put in a file.
 */
import { PassThrough, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { printable } from '../../protocol/printable.ts';
import { makeDotCommands } from './dot-commands.ts';
import { makeEvaluator, type Evaluation } from './evaluator.ts';
import type { Repl, ReplPowers } from './repl.ts';
import { enterScope, scopeFor } from './scope.ts';
import { showError, showValue } from './writer.ts';

async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of input) {
    rest += typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
    const lines = rest.split(/\r?\n/);
    rest = lines.pop()!;
    yield* lines;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

export const makeScript = (powers: ReplPowers): Repl => {
  const { input, output, notes, tables } = powers;
  let exit: 0 | 1 = 0;

  const fail = (error: unknown) => {
    exit = 1;
    notes.write(`${showError(error)}\n`);
  };
  const print = (value: unknown) => {
    if (value === undefined) return;
    output.write(`${typeof value === 'string' ? printable(value) : showValue(value, tables)}\n`);
  };

  const evaluator = makeEvaluator(
    powers.nodeRepl,
    powers.scope,
    { input: new PassThrough(), output: nowhere(), terminal: false, prompt: '' },
    fail,
  );
  const evaluate = (code: string) => new Promise<Evaluation>((resolve) => evaluator.evaluate(code, resolve));
  const lookUp = async (name: string) => {
    const evaluation = await evaluate(`${name}\n`);
    if (evaluation.kind === 'value') return evaluation.value;
    throw evaluation.error;
  };
  const boss = powers.subject.name === 'boss' ? powers.subject.reference : undefined;
  const commands = makeDotCommands({ boss, tables, lookUp });

  /** True if the line was one of ours. */
  const command = async (line: string): Promise<boolean> => {
    const [, name, words = ''] = /^\s*\.([a-z]+)(?:\s+(.*?))?\s*$/.exec(line) ?? [];
    if (name === undefined || !Object.hasOwn(commands, name)) return false;
    try {
      output.write(`${await commands[name]!.run(words)}\n`);
    } catch (error) {
      fail(error);
    }
    return true;
  };

  const runLines = async () => {
    let statement = '';
    let incomplete: Error | undefined;
    for await (const line of linesOf(input)) {
      if (statement === '' && line.trim() === '.exit') return;
      if (statement === '' && (await command(line))) continue;
      statement += `${line}\n`;
      const evaluation = await evaluate(statement);
      incomplete = evaluation.kind === 'incomplete' ? evaluation.error : undefined;
      if (incomplete !== undefined) continue;
      statement = '';
      if (evaluation.kind === 'error') fail(evaluation.error);
      if (evaluation.kind === 'value') print(evaluation.value);
    }
    if (incomplete !== undefined) fail(incomplete);
  };

  const run = async () => {
    const leaveScope = enterScope(powers.scope, scopeFor(powers));
    const stopListening = powers.onUnhandled(fail);
    try {
      await runLines();
    } finally {
      stopListening();
      leaveScope();
      evaluator.end();
      evaluator.server.close();
    }
    notes.write(`${powers.farewell}\n`);
    return exit;
  };
  return harden({ run });
};
harden(makeScript);
