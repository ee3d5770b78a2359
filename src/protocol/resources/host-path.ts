/**
 * Paths on a host, as documents name them: absolute below the machine's root, and in one spelling only, so that two resources
 * for one path are seen. The hob looks at every path again before it uses it (src/hob/rooted-files.ts). Pure.
 */

/** Names that a hob's own half-written files have; see src/hob/rooted-files/leftovers.ts. */
export const temporaryPrefix = '.gobs-tmp-';
harden(temporaryPrefix);

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const LONGEST_NAME = 255;
const LONGEST_PATH = 4096;

/** Bytes of UTF-8. By hand: vat code has no TextEncoder. */
export const utf8Length = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};
harden(utf8Length);

export interface PathProblem {
  /** Would it lead out of the root, if it were followed? */
  readonly leadsOut: boolean;
  /** Completes "the path …": `must be absolute`. */
  readonly message: string;
}

const nameProblem = (name: string): PathProblem | undefined => {
  if (name === '..') return { leadsOut: true, message: 'must not contain ".."' };
  if (name === '') return { leadsOut: false, message: 'must not contain "//" or end with "/"' };
  if (name === '.') return { leadsOut: false, message: 'must not contain "."' };
  if (utf8Length(name) > LONGEST_NAME) {
    return { leadsOut: false, message: `must not have a name over ${LONGEST_NAME} bytes` };
  }
  if (name.startsWith(temporaryPrefix)) {
    return { leadsOut: false, message: `must not have a name that begins with "${temporaryPrefix}"` };
  }
  return undefined;
};

/** What is wrong with it, or undefined. */
export const hostPathProblem = (path: string): PathProblem | undefined => {
  if (path === '') return { leadsOut: false, message: 'must not be empty' };
  if (!path.isWellFormed() || UNPRINTABLE.test(path)) {
    return { leadsOut: false, message: 'must not contain control characters' };
  }
  if (!path.startsWith('/')) return { leadsOut: true, message: 'must be absolute, beginning with "/"' };
  if (path === '/') return { leadsOut: false, message: 'must name something below "/"' };
  if (utf8Length(path) > LONGEST_PATH) return { leadsOut: false, message: `must not be over ${LONGEST_PATH} bytes` };
  for (const name of path.slice(1).split('/')) {
    const problem = nameProblem(name);
    if (problem !== undefined) return problem;
  }
  return undefined;
};
harden(hostPathProblem);
