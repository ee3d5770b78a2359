/**
 * What a fleet document may say around its resources; these are checked by src/protocol/resources, as the boss and the hob do.
 */
import { z } from 'zod';
import type { Policy, Resource } from '../protocol/shapes.ts';

const machineSchema = z.strictObject({
  provider: z.string(),
  policy: z.enum(['report', 'correct']).default('report'),
  resources: z.unknown().optional(),
});

// Not exported: a schema of this library completes itself when it is first used, so it must not be hardened.
const fleetSchema = z.strictObject({ machines: z.record(z.string(), machineSchema) });

/** The document as data, or what is wrong with it; `resources` are not looked at. Never throws. */
export const checkFleet = (plain: unknown) => fleetSchema.safeParse(plain);
harden(checkFleet);

/** The properties that may stand where a path leads, for suggestions. */
export const propertiesAt = (path: readonly PropertyKey[]): readonly string[] =>
  path.length === 0 ? Object.keys(fleetSchema.shape) : Object.keys(machineSchema.shape);
harden(propertiesAt);

/** One machine as its document wants it; everything that was left out has its default. */
export interface FleetMachine {
  readonly name: string;
  readonly provider: string;
  readonly policy: Policy;
  readonly resources: readonly Resource[];
}

/** In the order of the document. */
export interface FleetDocument {
  readonly machines: readonly FleetMachine[];
}
