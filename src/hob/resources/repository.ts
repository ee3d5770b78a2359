/**
 * A repository of packages for apt. See its definition for what a document may say.
 *
 * Its two files are kept as any other is (file.ts); the key comes first, so that apt never sees sources without one. Then apt fetches the lists of this
 * repository, and of no other. Whether it has them is looked at each time: one that cannot be fetched from, or is signed with another key, stays
 * wrong until it can be.
 */
import { Buffer } from 'node:buffer';
import { makeError } from '../../errors/gobs-error.ts';
import { binaryKey } from '../../protocol/resources/openpgp-key.ts';
import { repositoryDefinition, sourcesPath, type RepositoryResource } from '../../protocol/resources/repository.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { EntryStat } from '../rooted-files.ts';
import { updateLists } from './apt/apt-get.ts';
import { noCaches } from './apt/candidates.ts';
import { ask, commandsOf } from './commanding.ts';
import { contentText } from './content-text.ts';
import type { Host, ResourceType } from './contract.ts';
import { fileType } from './file.ts';
import { wrongType } from './standing.ts';

const keyPath = ({ name }: RepositoryResource): string => `/etc/apt/keyrings/${name}.gpg`;

/** sources.list(5), DEB822-STYLE FORMAT. */
export const sourcesText = (wanted: RepositoryResource): string => {
  const fields: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['Types', wanted.types ?? ['deb']],
    ['URIs', wanted.uris],
    ['Suites', wanted.suites],
    ['Components', wanted.components],
    ['Architectures', wanted.architectures],
    ['Signed-By', [wanted['signed-by'] ?? keyPath(wanted)]],
  ];
  return fields.flatMap(([name, values]) => (values === undefined ? [] : [`${name}: ${values.join(' ')}\n`])).join('');
};
harden(sourcesText);

const asFile = (wanted: RepositoryResource, content: string | undefined): Resource => {
  const file = { id: wanted.id, type: 'file', path: sourcesPath(wanted) };
  return content === undefined ? { ...file, absent: true } : { ...file, content, mode: '0644', owner: '0:0' };
};

const LARGEST_KEY = 1024 * 1024;

const differs = (found: EntryStat): boolean => found.mode !== 0o644 || found.uid !== 0 || found.gid !== 0;

/** The key is binary, which no file resource can be. */
const convergeKey = async (wanted: RepositoryResource, { files }: Host, apply: boolean): Promise<readonly Change[]> => {
  const path = keyPath(wanted);
  const found = await files.stat(path);
  if (found !== undefined && found.type !== 'file') throw wrongType(path, found, 'remove it by hand');
  const key = wanted.key === undefined ? undefined : Buffer.from(binaryKey(wanted.key)!, 'base64');
  if (key === undefined) {
    if (found === undefined) return [];
    if (apply) await files.removeFile(path);
    return [{ what: 'key', from: 'present', to: 'absent' }];
  }
  const actual = found === undefined ? undefined : await files.read(path, LARGEST_KEY);
  if (actual !== undefined && Buffer.compare(actual, key) === 0 && !differs(found!)) return [];
  if (apply) {
    await files.sweep(path);
    await files.replace(path, key, { mode: 0o644, uid: 0, gid: 0 });
  }
  const from = found === undefined ? 'absent' : actual === undefined ? 'another' : contentText(actual, false);
  return [{ what: 'key', from, to: contentText(key, false) }];
};

/** `apt-get indextargets` tells of those lists only that are on the host (apt-get(8)); with a scope of one file, of that repository's. */
const hasLists = async (host: Host, wanted: RepositoryResource): Promise<boolean> => {
  const { stdout } = await ask(host, wanted.name, [
    'apt-get',
    ...noCaches,
    '-o',
    `Dir::Etc::sourcelist=${sourcesPath(wanted)}`,
    '-o',
    'Dir::Etc::sourceparts=-',
    'indextargets',
    '--format',
    '$(FILENAME)',
  ]);
  return stdout.trim() !== '';
};

const fetchLists = async (host: Host, wanted: RepositoryResource): Promise<void> => {
  await updateLists(host, wanted.name, sourcesPath(wanted));
  if (await hasLists(host, wanted)) return;
  throw makeError('CANNOT_CHANGE', `${wanted.name}: apt fetched nothing from it`, {
    hint: 'are suites and components those that it has?',
  });
};

export const repositoryType: ResourceType = {
  definition: repositoryDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const wanted = resource as RepositoryResource;
    commandsOf(host, wanted.name);
    if (wanted.absent === true) {
      const sources = await fileType.converge(asFile(wanted, undefined), host, apply);
      return [...sources, ...(await convergeKey(wanted, host, apply))];
    }
    const key = await convergeKey(wanted, host, apply);
    const sources = await fileType.converge(asFile(wanted, sourcesText(wanted)), host, apply);
    const changes = [...key, ...sources];
    const fetched = changes.length === 0 && (await hasLists(host, wanted));
    if (changes.length === 0 && !fetched) changes.push({ what: 'lists', from: 'absent', to: 'fetched' });
    if (apply && changes.length > 0) await fetchLists(host, wanted);
    return changes;
  },
};
harden(repositoryType);
