/**
 * One kind of thing that a hob manages. `noop.ts` is the template; docs/how-to/write-a-resource.md walks through one;
 * `test/contracts/resource.ts` is run by each. What it looks like in a document is its definition, in src/protocol/resources.
 *
 * There is one method for looking and for doing: `converge(resource, host, apply)`.
 *   1. It looks, and lists what differs, property by property.
 *   2. Nothing differs: it returns `[]` and has touched nothing (no inode, no mtime).
 *   3. `apply` is false: it returns the differences, and has touched nothing.
 *   4. `apply` is true: it makes each so, and returns the differences that it mended.
 * If the host does not let it look, it throws CANNOT_LOOK, which is reported as *unknown*; any other error is reported as *failed*, in a check
 * too: there is no way from what is to what is wanted. Twice in a row, the second returns `[]`.
 */
import type { ResourceDefinition } from '../../protocol/resources/definition.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { Accounts } from '../accounts.ts';
import type { RootedFiles } from '../rooted-files.ts';

/** What a resource may touch. */
export interface Host {
  /** Files below the machine's root, and nothing else. */
  readonly files: RootedFiles;
  /** Which users and groups there are. */
  readonly accounts: Accounts;
}

export interface ResourceType {
  readonly definition: ResourceDefinition;
  /**
   * Called by the reconcile loop, one resource at a time, in the order of the document, with a resource that its definition has no
   * problem with. Nothing is kept from one call to the next.
   */
  converge(resource: Resource, host: Host, apply: boolean): Promise<readonly Change[]>;
}

/** By name, as documents have them. */
export type ResourceTypes = Readonly<Record<string, ResourceType>>;
