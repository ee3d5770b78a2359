/**
 * Turns what the file system and LevelDB throw into the errors that people see. LevelDB gives its reason as text only
 * (`IO error: /…/000003.log: No space left on device`), so the error's usual name is looked up by that text.
 */
import { getSystemErrorMap } from 'node:util';
import { makeError } from '../errors/gobs-error.ts';

interface Failure {
  readonly code?: unknown;
  readonly message: string;
  readonly cause?: unknown;
}

const isFailure = (value: unknown): value is Failure =>
  typeof value === 'object' && value !== null && typeof (value as Failure).message === 'string';

/** abstract-level wraps what happened on opening; this is the innermost error. */
export const rootOf = (thrown: unknown): Failure => {
  if (!isFailure(thrown)) return { message: String(thrown) };
  return isFailure(thrown.cause) ? rootOf(thrown.cause) : thrown;
};
harden(rootOf);

const systemName = (text: string): string | undefined => {
  const lower = text.toLowerCase();
  for (const [name, words] of getSystemErrorMap().values()) if (lower.endsWith(words)) return name;
  return undefined;
};

const elsewhere = 'choose a directory that this user may make and write, with --state DIR';
const writable =
  'make that file system writable, then try again (stop gobs first if it must be mounted anew): every acknowledged change is kept; or use another with --state DIR';
const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on that file system, then try again: every acknowledged change is kept',
  EDQUOT: 'make room in the quota, then try again: every acknowledged change is kept',
  EACCES: elsewhere,
  EPERM: elsewhere,
  EROFS: writable,
  ENOTDIR: elsewhere,
  EEXIST: elsewhere,
};

/** `reason (ENAME)` of a Node or LevelDB error. */
const reasonOf = ({ code, message }: Failure): { reason: string; name: string | undefined } => {
  const node = /^(E[A-Z0-9]+): ([^,]*)/.exec(message);
  if (node?.[1] !== undefined) {
    // mkdir says EEXIST of a path that is a file.
    const reason = node[1] === 'EEXIST' ? 'there is a file of that name' : node[2];
    return { reason: `${reason} (${node[1]})`, name: node[1] };
  }
  const text = message.replace(/^(IO error|Corruption): /, '');
  const name = typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : systemName(text);
  return { reason: name === undefined ? text : `${text} (${name})`, name };
};

/** STORE_DAMAGED for what LevelDB calls corruption, else STORE_UNUSABLE; names `path` first, then the reason. */
export const storeFailure = (path: string, thrown: unknown): Error => {
  const root = rootOf(thrown);
  const { reason, name } = reasonOf(root);
  if (root.code === 'LEVEL_CORRUPTION') {
    return makeError('STORE_DAMAGED', `${path}: ${reason}`, { hint: 'restore a backup', cause: thrown });
  }
  const hint = name === undefined ? undefined : hints[name];
  return makeError('STORE_UNUSABLE', `${path}: ${reason}`, { ...(hint === undefined ? {} : { hint }), cause: thrown });
};
harden(storeFailure);
