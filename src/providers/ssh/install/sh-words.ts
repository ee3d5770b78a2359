/** Texts as words of a POSIX shell. The only way by which a value gets into a script. */

/** A word that is exactly that text, whatever is in it. Throws TypeError for what no word can hold. */
export const quote = (text: string): string => {
  if (text.includes('\0')) throw TypeError('a word of a shell cannot hold a NUL');
  return `'${text.replaceAll("'", `'\\''`)}'`;
};
harden(quote);

/** Where commands are looked for: places that only root of that host writes to, whatever the login's own says. */
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
harden(systemPath);

/**
 * Codes with which our scripts end, beside 0 and what a failing command of the host ends with. They say what stderr then explains.
 */
export const endings = harden({ altered: 90, runtime: 91, taken: 93, notTaken: 94 } as const);
harden(endings);

/** How every script begins: the first command that fails ends it, and whoever looks on sees nothing of what it writes. */
export const prelude = (path = systemPath): string => `set -eu
umask 077
PATH=${quote(path)} LC_ALL=C
export PATH LC_ALL
durable() { sync "$@" 2>/dev/null || sync; }
`;
harden(prelude);
