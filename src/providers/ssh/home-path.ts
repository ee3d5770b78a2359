/** A path as people write it: what begins with `~/` is below the home directory. */
export const expandHome = (path: string, home: string): string =>
  path.startsWith('~/') ? `${home}${path.slice(1)}` : path;
harden(expandHome);
