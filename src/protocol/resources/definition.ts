/**
 * What a resource type looks like in a document: its properties, and what makes no sense. Pure, and shared: the command line
 * refuses a bad document before it asks the boss, the boss before it changes anything, and the hob looks once more. How a resource
 * is checked and made so is the hob's (src/hob/resources/contract.ts).
 */
import type { Resource } from '../shapes.ts';

/**
 * Looks at the value of one property. Answers undefined if it is fine, else what completes "mode: …":
 * `must be octal digits in quotes, such as "0644", not the number 420`. Never throws, whatever the value.
 */
export type PropertyRule = (value: unknown) => string | undefined;

/** `path` is within the resource (`mode`, or empty for the whole); `message` completes "<path>: …". */
export interface PropertyProblem {
  readonly property?: string;
  readonly message: string;
  readonly hint?: string;
}

export interface ResourceDefinition {
  /** As in documents: `file`. */
  readonly type: string;
  /** Properties beside those that every resource has (`commonRules`). Every other is refused. */
  readonly required: Readonly<Record<string, PropertyRule>>;
  readonly optional: Readonly<Record<string, PropertyRule>>;
  /** One word for what it does when it is told that another resource was changed: `restart`. Left out: nothing, and nobody names it in `notify`. */
  effect?(resource: Resource): string;
  /** What no property says alone: `content` beside `absent`. Called when each property is fine. */
  conflict?(resource: Resource): PropertyProblem | undefined;
  /** The path that this resource has for itself: no two resources of a document own one. */
  owns?(resource: Resource): string;
  /** What the resource is about, where that is no path: `nginx` of a package. No two of one type in a document are about the same. */
  about?(resource: Resource): string;
  /** Of a path that it owns, does it leave the content to others? Left out: no. */
  sharesContent?(resource: Resource): boolean;
  /** The path of a file of which it changes a part. Whoever owns that path must share its content. */
  edits?(resource: Resource): string;
  /** Would each of two that edit one file undo what the other did? */
  clashes?(one: Resource, other: Resource): boolean;
}
