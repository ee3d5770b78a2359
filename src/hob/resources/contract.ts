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
import type { Change, Facts, Resource } from '../../protocol/shapes.ts';
import type { Accounts } from '../accounts.ts';
import type { Commands } from '../commands.ts';
import type { RootedFiles } from '../rooted-files.ts';

/** What a resource may touch. */
export interface Host {
  /** Files below the machine's root, and nothing else. */
  readonly files: RootedFiles;
  /** Which users and groups there are. */
  readonly accounts: Accounts;
  /** Of the hob's own process, in numbers. */
  readonly own: { readonly uid: number; readonly gid: number };
  /** Undefined where the hob does not keep a whole host as root: a resource that needs it throws CANNOT_LOOK (commanding.ts). */
  readonly commands?: Commands | undefined;
  /** What the host is; the same within one round. */
  readonly facts: () => Promise<Facts>;
  /**
   * The text of one of the boss's secrets that the resource names. It goes where the resource is about, and nowhere else: not on a command line, not into
   * a change or an error. Throws CANNOT_LOOK if it is not here.
   */
  readonly secretOf: (name: string) => string;
}

/** What the reconcile loop knows that the host does not show. */
export interface Circumstances {
  /**
   * Something that has this resource in its `notify` was corrected: a service restarts, a command runs. The loop lists that itself, by the `effect`
   * of the definition. Only with `apply`, and for a type that has an effect; what is owed is told again until it was done once.
   */
  readonly notified?: boolean;
}

/** Of one resource among several: what `converge` would have returned or thrown. */
export type TogetherOutcome = { readonly changes: readonly Change[] } | { readonly error: unknown };

export interface ResourceType {
  readonly definition: ResourceDefinition;
  /** May those of one run (docs/explanation/convergence.md) be worked on at once? Left out: one after the other. */
  readonly parallel?: true;
  /**
   * Called by the reconcile loop, one resource at a time, in the order of the document, with a resource that its definition has no
   * problem with. Nothing is kept from one call to the next.
   */
  converge(resource: Resource, host: Host, apply: boolean, circumstances?: Circumstances): Promise<readonly Change[]>;
  /**
   * For a type of which several are better looked at and made so at once: called instead of `converge`, with resources of one run. One outcome for
   * each, in their order. Never rejects. `mending`, without `apply`: of what differs now, this round makes it so next. Such a look may fetch what it
   * needs to know, which a check does not, and it has an error already for what cannot be done: nobody is told then, for nothing is touched.
   */
  convergeTogether?(
    resources: readonly Resource[],
    host: Host,
    apply: boolean,
    mending?: boolean,
  ): Promise<readonly TogetherOutcome[]>;
}

/** By name, as documents have them. */
export type ResourceTypes = Readonly<Record<string, ResourceType>>;
