/** The measured processes' half of the conversation with `bench/main.ts`; the other half is in start-child.ts. */
import process from 'node:process';

export interface Question {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

export type Answer = { readonly number: number } & ({ readonly result: unknown } | { readonly error: string });

/** What a child can be asked for, by name. Arguments and results are plain data. */
export type Answers = Readonly<Record<string, (argument: never) => unknown>>;

/** From now on the parent's questions are answered. When the parent goes, so does this process. */
export const answerParent = (answers: Answers): void => {
  const send = (answer: Answer): void => void process.send!(answer);
  process.on('message', ({ number, name, argument }: Question) => {
    Promise.resolve()
      .then(() => answers[name]!(argument as never))
      .then(
        (result) => send({ number, result }),
        (error: unknown) => send({ number, error: `${name}: ${String((error as Error)?.message ?? error)}` }),
      );
  });
  process.on('disconnect', () => process.exit(0));
};
