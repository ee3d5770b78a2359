/**
 * A directory with this mode and owner, or none. See its definition for what a document may say.
 *
 * A symlink in its place is replaced by a directory (what it points to stays); anything else stays, and the resource fails.
 */
import { directoryDefinition, type DirectoryResource } from '../../protocol/resources/directory.ts';
import type { Resource } from '../../protocol/shapes.ts';
import type { EntryStat, RootedFiles } from '../rooted-files.ts';
import type { Host, ResourceType } from './contract.ts';
import { ownershipOf, type Ownership } from './ownership.ts';
import { removed, wrongType } from './standing.ts';

const NEW_DIRECTORY_MODE = 0o755;

const refuseOther = (path: string, found: EntryStat | undefined): void => {
  if (found === undefined || found.type === 'directory' || found.type === 'symlink') return;
  throw wrongType(path, found, 'remove it by hand');
};

const make = async (
  path: string,
  ownership: Ownership,
  files: RootedFiles,
  found: EntryStat | undefined,
): Promise<void> => {
  if (found !== undefined) await files.removeFile(path);
  await files.makeDirectory(path, { mode: NEW_DIRECTORY_MODE, ...ownership.wanted });
};

export const directoryType: ResourceType = {
  definition: directoryDefinition,
  converge: async (resource: Resource, { files, accounts }: Host, apply: boolean) => {
    const { path, absent, mode, owner } = resource as DirectoryResource;
    const found = await files.stat(path);
    refuseOther(path, found);
    if (absent === true) {
      return removed(found, apply, () =>
        found?.type === 'symlink' ? files.removeFile(path) : files.removeDirectory(path),
      );
    }
    const ownership = await ownershipOf(
      { path, ...(mode === undefined ? {} : { mode }), ...(owner === undefined ? {} : { owner }) },
      accounts,
    );
    if (found?.type !== 'directory') {
      if (apply) await make(path, ownership, files, found);
      return [{ what: 'type', from: found?.type ?? 'absent', to: 'directory' }];
    }
    const changes = await ownership.differences(found);
    if (apply && changes.length > 0) await files.change(path, ownership.wanted);
    return changes;
  },
};
harden(directoryType);
