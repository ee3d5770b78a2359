/**
 * A symlink with this target and owner, or none. See its definition for what a document may say.
 *
 * Only a symlink is replaced or removed. Anything else in its place stays, and the resource fails: what is lost with it is not for a hob
 * to decide. Where the link leads to is nowhere looked at.
 */
import { Buffer } from 'node:buffer';
import { makeError } from '../../errors/gobs-error.ts';
import { symlinkDefinition, type SymlinkResource } from '../../protocol/resources/symlink.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { EntryStat, RootedFiles } from '../rooted-files.ts';
import type { Host, ResourceType } from './contract.ts';
import { ownershipOf, type Ownership } from './ownership.ts';
import { removed, wrongType } from './standing.ts';

const refuseOther = (path: string, found: EntryStat | undefined): void => {
  if (found === undefined || found.type === 'symlink') return;
  throw wrongType(
    path,
    found,
    'move it out of the way by hand: a symlink resource takes the place of nothing but a symlink',
  );
};

const textOf = (target: Uint8Array): string => JSON.stringify(Buffer.from(target).toString('utf8'));

/** What differs from a symlink that is there. */
const differences = async (
  { path, target }: { readonly path: string; readonly target: Uint8Array },
  ownership: Ownership,
  files: RootedFiles,
  found: EntryStat,
): Promise<readonly Change[]> => {
  const actual = await files.readLink(path);
  if (actual === undefined) throw makeError('CANNOT_LOOK', `${path}: it changed while it was looked at`);
  const same = Buffer.compare(actual, target) === 0;
  return [
    ...(same ? [] : [{ what: 'target', from: textOf(actual), to: textOf(target) }]),
    ...(await ownership.differences(found)),
  ];
};

export const symlinkType: ResourceType = {
  definition: symlinkDefinition,
  converge: async (resource: Resource, { files, accounts }: Host, apply: boolean) => {
    const { path, target: text, owner, absent } = resource as SymlinkResource;
    const found = await files.stat(path);
    refuseOther(path, found);
    if (absent === true) return removed(found, apply, () => files.removeFile(path));
    const ownership = await ownershipOf({ path, ...(owner === undefined ? {} : { owner }) }, accounts);
    const target = Buffer.from(text!, 'utf8');
    const changes =
      found === undefined
        ? [{ what: 'type', from: 'absent', to: 'symlink' }]
        : await differences({ path, target }, ownership, files, found);
    if (apply && changes.length > 0) {
      // The owner that the document does not name stays: the new link takes the place of the old one.
      const kept = found === undefined ? {} : { uid: found.uid, gid: found.gid };
      await files.replaceLink(path, target, { ...kept, ...ownership.wanted });
    }
    return changes;
  },
};
harden(symlinkType);
