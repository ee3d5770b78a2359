/**
 * What a fleet document may say around its resources; these are checked by src/protocol/resources, as the boss and the hob do, labels by
 * src/protocol/labels.ts, and what a machine asks of its roles by fleet-roles.ts. The descriptions are for editors: fleet-json-schema.ts.
 */
import { z } from 'zod';
import type { Labels, Policy, Resource, Scalar } from '../protocol/shapes.ts';

// Not exported as they are: a schema of this library completes itself when it is first used, so it must not be hardened.
const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

const settingSchema = z.union([
  scalarSchema,
  z.strictObject({ secret: z.string().describe('The name of a secret: gobs secret set NAME.') }),
]);

const providerSchema = z.strictObject({
  type: z.string().describe('What kind of provider: local, ssh.'),
  settings: z
    .record(z.string(), settingSchema)
    .optional()
    .describe("The type's own. In the place of a text, { secret: NAME } names a secret of the boss."),
});

export const parameterTypes = harden(['text', 'number', 'boolean', 'list'] as const);
harden(parameterTypes);
export type ParameterType = (typeof parameterTypes)[number];

const parameterSchema = z.strictObject({
  type: z.enum(parameterTypes).describe('What it may be; a list is one of texts.'),
  default: z.unknown().optional().describe('What it is where a machine does not say. Without one a machine must.'),
  description: z.string().optional().describe('For whoever reads the document.'),
});

/** The lists that are checked by others; fleet-json-schema.ts says there what they may be. */
const roleResourcesSchema = z.unknown();
const machineResourcesSchema = z.unknown();
const usesSchema = z.array(z.unknown());
const labelsSchema = z.record(z.string(), z.unknown());

const roleSchema = z.strictObject({
  description: z.string().optional().describe('For whoever reads the document.'),
  parameters: z
    .record(z.string(), parameterSchema)
    .optional()
    .describe(`What differs from machine to machine: \${name} in a value of its resources.`),
  resources: roleResourcesSchema
    .optional()
    .describe('As those of a machine; `after` and `notify` name resources of this role.'),
});

const machineSchema = z.strictObject({
  provider: z.string().describe('The name of the provider that makes it: gobs provider list.'),
  options: z
    .record(z.string(), scalarSchema)
    .optional()
    .describe("The provider's own, such as host and user. They count when the machine is made."),
  labels: labelsSchema.optional().describe("Texts, for --on 'role=web,!canary'."),
  policy: z
    .enum(['report', 'correct'])
    .default('report')
    .describe('What its hob does about drift: says so, or puts it back.'),
  roles: usesSchema.optional().describe('Roles, in order, with their arguments. Their resources come before its own.'),
  resources: machineResourcesSchema.optional().describe('What is to be on it, in order.'),
});

const fleetSchema = z.strictObject({
  providers: z
    .record(z.string(), providerSchema)
    .optional()
    .describe('Providers that there must be. They are made before machines.'),
  roles: z.record(z.string(), roleSchema).optional().describe('Resources that several machines have.'),
  machines: z.record(z.string(), machineSchema).describe('All that there is to say about each of these machines.'),
});

/** For fleet-json-schema.ts, which says what these are. */
export const openSchemas = () => ({
  fleetSchema,
  roleResourcesSchema,
  machineResourcesSchema,
  usesSchema,
  labelsSchema,
});
harden(openSchemas);

/** The document as data, or what is wrong with it. Never throws. */
export const checkFleet = (plain: unknown) => fleetSchema.safeParse(plain);
harden(checkFleet);

export type PlainFleet = z.infer<typeof fleetSchema>;
export type PlainRole = z.infer<typeof roleSchema>;
export type PlainParameter = z.infer<typeof parameterSchema>;
export type PlainMachine = z.infer<typeof machineSchema>;

/** The properties that may stand where a path leads, for suggestions. */
export const propertiesAt = (path: readonly PropertyKey[]): readonly string[] => {
  const [section, , below] = path;
  if (path.length === 0) return Object.keys(fleetSchema.shape);
  if (section === 'machines') return Object.keys(machineSchema.shape);
  if (section === 'providers') return path.length === 2 ? Object.keys(providerSchema.shape) : ['secret'];
  return below === 'parameters' ? Object.keys(parameterSchema.shape) : Object.keys(roleSchema.shape);
};
harden(propertiesAt);

/** One machine as its document wants it; everything that was left out has its default, and its roles are resources. */
export interface FleetMachine {
  readonly name: string;
  readonly provider: string;
  readonly options: Readonly<Record<string, Scalar>>;
  readonly labels: Labels;
  readonly policy: Policy;
  readonly resources: readonly Resource[];
}

export type Setting = Scalar | { readonly secret: string };

export interface FleetProvider {
  readonly name: string;
  readonly type: string;
  readonly settings: Readonly<Record<string, Setting>>;
}

/** In the order of the document. */
export interface FleetDocument {
  readonly providers: readonly FleetProvider[];
  readonly machines: readonly FleetMachine[];
  /** How many roles there are. */
  readonly roles: number;
}
