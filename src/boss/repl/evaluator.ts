/**
 * Runs statements with Node's own REPL evaluator, which knows top-level `await`, keeps `const` and `let` from one statement to the next,
 * and says of a statement that is not whole yet that it can be gone on with. What it is not used for: its error
 * handling. It would hand errors to a node:domain, which cannot hold hardened ones; so the domain that it gets here only passes on.
 *
 * A value that is a promise is awaited before it is given on, by having the evaluator run an `await` of it: so Node itself keeps what is
 * typed or pasted meanwhile until that is done, and Ctrl-C ends the waiting.
 */
import type { REPLServer, ReplOptions } from 'node:repl';

type NodeRepl = typeof import('node:repl');

export type Evaluation =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: unknown }
  /** More lines could make it whole; `error` says what is missing. */
  | { readonly kind: 'incomplete'; readonly error: Error };

export interface Evaluator {
  readonly server: REPLServer;
  /** Calls back once: at once for what is not whole, else when the value is there. */
  evaluate(code: string, done: (evaluation: Evaluation) => void): void;
  /** Waits for a promise as `evaluate` does for a value. */
  settle(promise: Promise<unknown>, done: (evaluation: Evaluation) => void): void;
  /** Gives back what the scope had. */
  end(): void;
}

/** Where the evaluator finds the promise that it is to wait for. */
const slot = 'gobs.repl.awaited';

const passOn = (failed: (error: unknown) => void) => {
  const domain = {
    bind: <T>(callback: T): T => callback,
    on: () => domain,
    emit: (_event: string, error: unknown) => failed(error),
  };
  return domain;
};

/**
 * `scope` is the global object. `failed` is told of errors that belong to no evaluation (an editor left with half a
 * statement).
 */
export const makeEvaluator = (
  nodeRepl: NodeRepl,
  scope: object,
  options: ReplOptions & { readonly historySize?: number },
  failed: (error: unknown) => void,
): Evaluator => {
  const server = nodeRepl.start({ ...options, useGlobal: true, preview: false, domain: passOn(failed) } as ReplOptions);
  const nodeEval = server.eval;
  const awaited = Symbol.for(slot);

  const run = (code: string, done: (evaluation: Evaluation) => void) =>
    nodeEval.call(server, code, server.context, 'repl', (error, value: unknown) => {
      if (error instanceof nodeRepl.Recoverable) done({ kind: 'incomplete', error: error.err });
      else if (error !== null && error !== undefined) done({ kind: 'error', error });
      else done({ kind: 'value', value });
    });

  const settle: Evaluator['settle'] = (promise, done) => {
    Object.defineProperty(scope, awaited, { value: promise, configurable: true });
    run(`await globalThis[Symbol.for(${JSON.stringify(slot)})]\n`, done);
  };

  return {
    server,
    settle,
    evaluate: (code, done) =>
      run(code, (evaluation) => {
        if (evaluation.kind === 'value' && evaluation.value instanceof Promise) settle(evaluation.value, done);
        else done(evaluation);
      }),
    end: () => {
      Reflect.deleteProperty(scope, awaited);
    },
  };
};
harden(makeEvaluator);
