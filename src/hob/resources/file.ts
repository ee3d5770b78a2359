/**
 * A regular file with this content, mode and owner, or none. See its definition for what a document may say.
 *
 * What is there already and is no file: a symlink, fifo or socket is replaced if `content` says by what, or removed if the file is to be absent.
 * A directory or a device stays, and the resource fails: what is lost with it is not for a hob to decide.
 * A template is rendered in a check too; a candidate is validated only when it is about to take the place.
 */
import { Buffer } from 'node:buffer';
import { fileDefinition, type FileResource } from '../../protocol/resources/file.ts';
import { isSecretReference, secretNamesIn } from '../../protocol/resources/secret-references.ts';
import type { Change, Resource, SecretReference } from '../../protocol/shapes.ts';
import type { EntryStat, RootedFiles } from '../rooted-files.ts';
import { contentText, othersRead } from './content-text.ts';
import { commandsOf } from './commanding.ts';
import type { Host, ResourceType } from './contract.ts';
import { ownershipOf, type Ownership } from './ownership.ts';
import { removed, wrongType } from './standing.ts';
import { renderTemplate } from './template.ts';
import { makeValidation } from './validation.ts';

const NEW_FILE_MODE = 0o644;
/** Bytes. More than the longest content in UTF-8, so that what is longer differs for certain. */
const LONGEST_COMPARED = 4 * 1024 * 1024;

const replaceable = harden(['file', 'symlink', 'fifo', 'socket']);

const remove = async (path: string, files: RootedFiles, apply: boolean): Promise<readonly Change[]> => {
  const found = await files.stat(path);
  if (found !== undefined && !replaceable.includes(found.type)) {
    throw wrongType(path, found, 'a file resource removes no such thing');
  }
  return removed(found, apply, () => files.removeFile(path));
};

interface Wanted {
  readonly path: string;
  readonly content: Uint8Array | undefined;
  readonly ownership: Ownership;
  readonly validate: readonly string[] | undefined;
  /** Of which not even a digest is shown: it can be guessed. */
  readonly isSecret: boolean;
}

const plainOf = <Value>(value: Value | SecretReference, { secretOf }: Host): Value | string =>
  isSecretReference(value) ? secretOf(value.secret) : value;

/** The content that is to be there; undefined: whatever it is. */
const contentOf = async (resource: FileResource, host: Host): Promise<Uint8Array | undefined> => {
  const { path, content, template, data = {} } = resource;
  if (template === undefined) return content === undefined ? undefined : Buffer.from(plainOf(content, host), 'utf8');
  const plain = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plainOf(value, host)]));
  const text = renderTemplate(path, template, plain, await host.facts(), holdsSecret(resource));
  return Buffer.from(text, 'utf8');
};

const holdsSecret = (resource: Resource): boolean => secretNamesIn([resource]).length > 0;

/** May everybody on the host read it: as it is, and as it is to be? */
const isQuotable = ({ ownership }: Wanted, found: EntryStat): boolean =>
  othersRead(found.mode & (ownership.wanted.mode ?? found.mode));

const contentChanges = async (wanted: Wanted, found: EntryStat, files: RootedFiles): Promise<readonly Change[]> => {
  const { path, content, isSecret } = wanted;
  if (content === undefined) return [];
  const read = await files.lookInto(path, LONGEST_COMPARED);
  const actual = read?.content;
  if (actual !== undefined && Buffer.compare(actual, content) === 0) return [];
  if (isSecret) return [{ what: 'content', from: 'not shown', to: 'not shown: it holds a secret' }];
  // Of the very file that was read: another may have been there before.
  const quotable = isQuotable(wanted, read?.found ?? found);
  const from = actual === undefined ? `(${found.size} bytes)` : contentText(actual, quotable);
  return [{ what: 'content', from, to: contentText(content, quotable) }];
};

/** What differs from a file; something else than a file differs in its type, and nothing more is looked at. */
const differences = async (
  wanted: Wanted,
  found: EntryStat | undefined,
  files: RootedFiles,
): Promise<readonly Change[]> => {
  if (found?.type === 'file') {
    return [...(await contentChanges(wanted, found, files)), ...(await wanted.ownership.differences(found))];
  }
  if (found !== undefined && !replaceable.includes(found.type)) {
    throw wrongType(wanted.path, found, 'remove it by hand, if a file is to be there');
  }
  if (found !== undefined && wanted.content === undefined) {
    throw wrongType(wanted.path, found, 'give the content that is to be in its place');
  }
  return [{ what: 'type', from: found?.type ?? 'absent', to: 'file' }];
};

/** What a new file in the place of `found` gets: what the document leaves out stays as it is, save setuid under a new owner. */
const attributesAfter = ({ ownership: { wanted } }: Wanted, found: EntryStat | undefined) => {
  if (found?.type !== 'file') return { mode: NEW_FILE_MODE, ...wanted };
  const uid = wanted.uid ?? found.uid;
  const gid = wanted.gid ?? found.gid;
  const kept = uid === found.uid && gid === found.gid ? 0o7777 : 0o1777;
  return { mode: wanted.mode ?? found.mode & kept, uid, gid };
};

const mend = async (
  wanted: Wanted,
  found: EntryStat | undefined,
  changes: readonly Change[],
  host: Host,
): Promise<void> => {
  const { files } = host;
  const { path, content, ownership, validate, isSecret } = wanted;
  const sameContent = !changes.some(({ what }) => what === 'type' || what === 'content');
  // A file with another name too gets a file of its own in its place: the other name keeps what it has. So does one with a secret, which somebody
  // may have opened who is to have it no more.
  const isKept = content === undefined || (found?.links === 1 && !isSecret);
  if (sameContent && isKept) await files.change(path, ownership.wanted);
  else {
    const attributes = attributesAfter(wanted, found);
    const accept = validate && makeValidation(path, validate, host, !isSecret && othersRead(attributes.mode));
    await files.replace(path, content ?? new Uint8Array(), attributes, accept);
  }
};

export const fileType: ResourceType = {
  definition: fileDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const { files, accounts, own } = host;
    const { path, absent, mode, owner, validate } = resource as FileResource;
    if (absent === true) return remove(path, files, apply);
    const isSecret = holdsSecret(resource);
    // Whoever made a file there first is not to get the secret with it.
    const request = { path, ...(isSecret ? { own } : {}) };
    const ownership = await ownershipOf(
      { ...request, ...(mode === undefined ? {} : { mode }), ...(owner === undefined ? {} : { owner }) },
      accounts,
    );
    // Where nothing can be validated, nobody knows what would become of it.
    if (validate !== undefined) commandsOf(host, path);
    const content = await contentOf(resource as FileResource, host);
    const wanted = { path, content, ownership, validate, isSecret };
    const found = await files.stat(path);
    const changes = await differences(wanted, found, files);
    if (apply && changes.length > 0) await mend(wanted, found, changes, host);
    return changes;
  },
};
harden(fileType);
