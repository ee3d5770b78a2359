/**
 * @endo/captp has every error that it sends logged ("Temporary logging of sent error") through `console.log`, and has no option for that.
 * On stdout it would be in the middle of the data that a command prints. See docs/decisions/0020-endo-captp-mended.md.
 *
 * Used by lockdown.ts, and by nothing else; hardens nothing, because it runs where nothing may be hardened yet.
 */
const NOISE = 'Temporary logging of sent error';

type Log = (...items: readonly unknown[]) => void;

/** A console that says everything but that. */
// eslint-disable-next-line @endo/harden-exports -- there is no harden yet when this is loaded
export const quietConsole = <C extends { readonly log: Log }>(loud: C): C => {
  const log: Log = (...items) => {
    if (items[0] !== NOISE) loud.log(...items);
  };
  return { ...loud, log };
};
