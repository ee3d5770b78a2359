/**
 * One kind of thing that a hob manages. `noop.ts` is the template; docs/how-to/write-a-resource.md walks through one;
 * `test/contracts/resource.ts` is run by each.
 *
 * There is one method for looking and for doing: `converge(spec, host, apply)`.
 *   1. It looks, and lists what differs, property by property.
 *   2. Nothing differs: it returns `[]` and has touched nothing (no inode, no mtime).
 *   3. `apply` is false: it returns the differences, and has touched nothing.
 *   4. `apply` is true: it makes each so, and returns the differences that it mended.
 * It throws an error with a code if it cannot look or cannot mend; `CannotLook` marks the first, which is reported as
 * *unknown* instead of *failed*. Twice in a row, the second returns `[]`.
 */
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { RootedFiles } from '../rooted-files.ts';

/** What a resource may touch. */
export interface Host {
  /** Files below the machine's root, and nothing else. */
  readonly files: RootedFiles;
}

export interface ResourceType {
  /** As in documents: `file`. */
  readonly type: string;
  /** A pattern for the whole resource, with `id` and `type`. */
  readonly shape: unknown;
  /** What a pattern cannot say (`content` without `absent`); throws BAD_DESIRED_STATE. Pure. */
  validate?(resource: Resource): void;
  converge(resource: Resource, host: Host, apply: boolean): Promise<readonly Change[]>;
}
