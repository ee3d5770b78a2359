/**
 * Where a boss keeps its things, and where clients look for it. Pure: whoever reads or writes has the files.
 *
 * ```
 * <state>/                  0700
 *   boss.json               0600  written when the boss serves: BossFile
 *   admin.locator           0600  one line: gobs://<peer>.unix/s/<secret>?path=… of the boss's admin facet
 *   boss.sock               0600  or a short path in the runtime directory, see socketPathFor
 *   sealing-key             0600  what the store's secrets are sealed with, unless that is kept elsewhere
 *   store/                        the store
 *   machines/                     of the provider `local`
 *   boss.log                0600  what a boss that `gobs up` started says on stderr
 *   repl-history            0600  of the REPL, locators redacted
 * ```
 * The locator of a boss that is found by `--socket PATH` alone is in `PATH.locator` beside it (0600): the boss writes both
 * (`adminLocator` and `socketLocator` below), when it serves.
 */

/** The longest path that a Unix socket can have, in bytes. */
export const SOCKET_PATH_LIMIT = 107;
harden(SOCKET_PATH_LIMIT);

export interface StateDirectory {
  readonly root: string;
  readonly bossFile: string;
  readonly adminLocator: string;
  readonly socket: string;
  readonly socketLocator: string;
  readonly sealingKey: string;
  readonly store: string;
  readonly machines: string;
  readonly log: string;
  readonly history: string;
}

/** What `boss.json` says. */
export interface BossFile {
  readonly pid: number;
  readonly peer: string;
  /** `127.0.0.1:41234`: where hobs dial. */
  readonly listen: string;
  readonly socket: string;
}

export interface Places {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly uid: number;
  /** In hexadecimal digits. */
  readonly sha256: (text: string) => string;
}

const xdgPlace = (place: string | undefined): string | undefined =>
  place?.startsWith('/') ? place.replace(/\/+$/, '') : undefined;

/**
 * `$GOBS_STATE` as it is (it may be relative), or `gobs` in the user's XDG state directory. XDG places that are not absolute are not
 * taken.
 */
export const defaultStateRoot = ({ env, homeDirectory }: Places): string =>
  env.GOBS_STATE || `${xdgPlace(env.XDG_STATE_HOME) ?? `${homeDirectory}/.local/state`}/gobs`;
harden(defaultStateRoot);

/** For sockets whose own place has too long a path. Whoever uses it makes it 0700 and asks `whyUntrusted`. */
export const runtimeDirectory = ({ env, uid }: Places): string => {
  const xdg = xdgPlace(env.XDG_RUNTIME_DIR);
  // A long one would not help.
  return xdg === undefined || xdg.length > 50 ? `/tmp/gobs-${uid}` : `${xdg}/gobs`;
};
harden(runtimeDirectory);

const bytesOf = (text: string): number => encodeURIComponent(text.toWellFormed()).replace(/%../g, '_').length;

/** In the state directory, or, where that is too long for the system, named by its hash in the runtime directory. */
export const socketPathFor = (root: string, places: Places): string => {
  const own = `${root}/boss.sock`;
  return bytesOf(own) <= SOCKET_PATH_LIMIT
    ? own
    : `${runtimeDirectory(places)}/${places.sha256(root).slice(0, 32)}.sock`;
};
harden(socketPathFor);

/** `root` is absolute and normalised, as `node:path`'s `resolve` makes it: a socket may be named by its hash. */
export const stateDirectory = (root: string, places: Places): StateDirectory => {
  if (!root.startsWith('/')) throw TypeError(`the path of a state directory must be absolute, not ${root}`);
  const socket = socketPathFor(root, places);
  return harden({
    root,
    bossFile: `${root}/boss.json`,
    adminLocator: `${root}/admin.locator`,
    socket,
    socketLocator: `${socket}.locator`,
    sealingKey: `${root}/sealing-key`,
    store: `${root}/store`,
    machines: `${root}/machines`,
    log: `${root}/boss.log`,
    history: `${root}/repl-history`,
  });
};
harden(stateDirectory);

/**
 * Why a directory that others could have made (the runtime directory) must not be used; undefined if it may. `stats` are those
 * of the directory itself, not of what a symbolic link there leads to.
 */
export const whyUntrusted = (
  stats: { readonly uid: number; readonly mode: number; isDirectory(): boolean },
  uid: number,
): string | undefined => {
  if (!stats.isDirectory()) return 'is not a directory';
  if (stats.uid !== uid) return `belongs to user ${stats.uid}, not to user ${uid}`;
  if ((stats.mode & 0o077) !== 0) {
    return `is open to others (mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')})`;
  }
  return undefined;
};
harden(whyUntrusted);
