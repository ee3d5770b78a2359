/** Lets the event loop go round until a condition holds; the test's own timeout ends it if it never does. */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};
