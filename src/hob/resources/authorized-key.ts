/**
 * One public key in a user's ~/.ssh/authorized_keys. See its definition for what a document may say.
 *
 * The directory belongs to the user, who may be hostile: to a hob that works there as root he can offer links, other people's files under his
 * name, and another directory at any moment. So nothing is followed (rooted-files.ts), nothing of what is not his own is given to him,
 * a file with another name is refused, and what is written is a new file of his. A mode that lets others write is mended: sshd would not
 * look at such a file.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import { authorizedKeyDefinition, type AuthorizedKeyResource } from '../../protocol/resources/authorized-key.ts';
import { hostPathProblem } from '../../protocol/resources/host-path.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { EntryStat } from '../rooted-files.ts';
import { findUser, readAccounts, type User } from './accounts/account-files.ts';
import { editKeys, type KeyEdit } from './accounts/authorized-keys.ts';
import { commandsOf } from './commanding.ts';
import type { Host, ResourceType } from './contract.ts';
import { modeText } from './ownership.ts';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
/** Others may write. */
const UNSAFE = 0o022;
/** Bytes. */
const LARGEST = 1024 * 1024;

interface Place {
  readonly user: User;
  readonly directory: string;
  readonly file: string;
}

interface Look {
  readonly directory: EntryStat | undefined;
  readonly file: EntryStat | undefined;
  readonly lines: readonly string[];
}

const refuse = (path: string, message: string, hint: string): Error =>
  makeError('CANNOT_CHANGE', `${plainText(path, 200)}: ${message}`, { hint });

/** Undefined if there is no such user. */
const placeOf = async (host: Host, name: string): Promise<Place | undefined> => {
  const user = findUser(await readAccounts(host, 'passwd'), name);
  if (user === undefined) return undefined;
  const problem = hostPathProblem(user.home);
  if (problem !== undefined) {
    throw refuse(name, `its home is ${plainText(user.home, 100)}, which ${problem.message}`, 'give the user a home');
  }
  const directory = `${user.home}/.ssh`;
  return { user, directory, file: `${directory}/authorized_keys` };
};

const requireOwn = (path: string, found: EntryStat | undefined, type: string, { name, uid }: User): void => {
  if (found === undefined) return;
  if (found.type !== type) throw refuse(path, `it is a ${found.type}, and no ${type}`, 'remove it by hand');
  if (found.uid !== uid) {
    throw refuse(path, `it belongs to user ${found.uid}, and not to ${name}`, `give it to ${name}, or remove it`);
  }
};

const look = async ({ files }: Host, { user, directory, file }: Place): Promise<Look> => {
  const there = await files.stat(directory);
  requireOwn(directory, there, 'directory', user);
  const before = await files.stat(file);
  requireOwn(file, before, 'file', user);
  const read = before && (await files.lookInto(file, LARGEST));
  if (read === undefined) return { directory: there, file: undefined, lines: [] };
  const { found, content } = read;
  // Asked again of the very file that was read, for he may have put another there meanwhile: no byte of it goes further.
  requireOwn(file, found, 'file', user);
  if (found.links > 1) throw refuse(file, `it has ${found.links} hard links`, 'remove the other names');
  if (content === undefined || !isUtf8(content)) {
    throw refuse(file, `it is no text in UTF-8 of at most ${LARGEST} bytes`, 'remove it by hand');
  }
  const text = Buffer.from(content).toString('utf8');
  return { directory: there, file: found, lines: text === '' ? [] : text.replace(/\n$/, '').split('\n') };
};

/** As ssh-keygen shows it. */
const fingerprintOf = (key: string): string => {
  const [type, blob] = key.split(' ');
  const digest = createHash('sha256').update(Buffer.from(blob!, 'base64')).digest('base64');
  return `${type!} SHA256:${digest.replace(/=+$/, '')}`;
};

const optionsText = (options: string | undefined): string =>
  options === undefined || options === '' ? 'none' : plainText(options, 200);

const keyChange = ({ key, options, absent }: AuthorizedKeyResource, { before }: KeyEdit): Change => {
  const known = fingerprintOf(key);
  if (absent === true) return { what: 'key', from: known, to: 'absent' };
  if (before.length === 0) return { what: 'key', from: 'absent', to: known };
  if (before.length > 1) return { what: 'lines of the key', from: String(before.length), to: '1' };
  return { what: 'options', from: optionsText(before[0]), to: optionsText(options) };
};

const modeChange = (path: string, found: EntryStat | undefined, safe: number): readonly Change[] =>
  found === undefined || (found.mode & UNSAFE) === 0
    ? []
    : [{ what: `mode of ${plainText(path, 150)}`, from: modeText(found.mode), to: modeText(safe) }];

const write = async (
  { files }: Host,
  place: Place,
  { directory, file }: Look,
  edit: KeyEdit | undefined,
): Promise<void> => {
  const { uid, gid } = place.user;
  if (directory === undefined) await files.makeDirectory(place.directory, { mode: DIRECTORY_MODE, uid, gid });
  else if ((directory.mode & UNSAFE) !== 0) await files.change(place.directory, { mode: DIRECTORY_MODE });
  const mode = file === undefined || (file.mode & UNSAFE) !== 0 ? FILE_MODE : file.mode;
  if (edit === undefined) {
    if (file !== undefined && file.mode !== mode) await files.change(place.file, { mode });
    return;
  }
  await files.sweep(place.file);
  const content = edit.lines.map((line) => `${line}\n`).join('');
  await files.replace(place.file, Buffer.from(content, 'utf8'), { mode, uid, gid: file?.gid ?? gid });
};

export const authorizedKeyType: ResourceType = {
  definition: authorizedKeyDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const wanted = resource as AuthorizedKeyResource;
    commandsOf(host, wanted.user);
    const place = await placeOf(host, wanted.user);
    if (place === undefined && wanted.absent === true) return [];
    if (place === undefined) throw refuse(wanted.user, 'this host has no such user', 'make the user, and say after');
    if (wanted.absent !== true && (await host.files.stat(place.user.home)) === undefined) {
      throw refuse(wanted.user, `its home ${place.user.home} is not there`, 'a user resource with home makes it');
    }
    const found = await look(host, place);
    const edit = editKeys(found.lines, wanted);
    const changes = [
      ...modeChange(place.directory, found.directory, DIRECTORY_MODE),
      ...modeChange(place.file, found.file, FILE_MODE),
      ...(edit === undefined ? [] : [keyChange(wanted, edit)]),
    ];
    if (apply && changes.length > 0) await write(host, place, found, edit);
    return changes;
  },
};
harden(authorizedKeyType);
