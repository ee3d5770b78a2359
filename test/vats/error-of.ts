/** Why a promise was rejected; an error that no test expects if it was not. */
export const errorOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    (value) => Error(`it gave ${String(value)}`),
    (error: Error) => error,
  );
