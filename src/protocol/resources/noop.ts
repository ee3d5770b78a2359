/** A resource that manages nothing: the smallest there can be, and the template for others. */
import type { Resource } from '../shapes.ts';
import type { ResourceDefinition } from './definition.ts';
import { lineRule } from './property-rules.ts';

export interface NoopResource extends Resource {
  readonly type: 'noop';
  /** For whoever reads the document. */
  readonly note?: string;
}

export const noopDefinition = {
  type: 'noop',
  required: {},
  optional: { note: lineRule(1_000) },
} as const satisfies ResourceDefinition;
harden(noopDefinition);
