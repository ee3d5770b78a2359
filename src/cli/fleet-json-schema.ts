/**
 * The JSON Schema of fleet documents, for editors: the frame from fleet-schema.ts, resources from the types that ship. It is for help while typing:
 * what it lets through may still be refused (`gobs validate` tells), what it refuses is refused. `npm run fleet-schema` writes
 * docs/reference/fleet.schema.json.
 */
import { z } from 'zod';
import { shippedDefinitions, type ResourceDefinitions } from '../protocol/resources/shipped.ts';
import { openSchemas } from './fleet-schema.ts';
import { everyProperty, typeSchemas } from './resource-schemas.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Draft 7, because editors know it best. */
const DRAFT = 'draft-7';

/** In a role any value may be an argument. */
const orArgument = (schema: JsonSchema): JsonSchema => {
  const { description, ...rest } = schema;
  const isOpen = Object.keys(rest).length === 0;
  const isText = rest['type'] === 'string' && rest['pattern'] === undefined;
  if (isOpen || isText) return schema;
  return {
    ...(description === undefined ? {} : { description }),
    anyOf: [rest, { type: 'string', pattern: '\\$\\{' }],
  };
};

const same = (schema: JsonSchema): JsonSchema => schema;

/** One of a type: `type` says which, and nothing else may stand there than what that has. */
const typeSchema = (
  type: string,
  { required, optional }: ResourceDefinitions[string],
  made: (schema: JsonSchema) => JsonSchema,
): JsonSchema => {
  const known = typeSchemas[type];
  const of = (property: string): JsonSchema => made({ ...known?.properties[property] });
  const every = Object.fromEntries(Object.entries(everyProperty).map(([name, schema]) => [name, made({ ...schema })]));
  const own = [...Object.keys(required), ...Object.keys(optional)].map((name) => [name, of(name)] as const);
  return {
    type: 'object',
    ...(known === undefined ? {} : { description: known.description }),
    properties: { ...every, type: { const: type }, ...Object.fromEntries(own) },
    required: ['id', 'type', ...Object.keys(required)],
    additionalProperties: false,
  };
};

const resources = (prefix: string, definitions: ResourceDefinitions): JsonSchema => ({
  type: 'array',
  items: { anyOf: Object.keys(definitions).map((type) => ({ $ref: `#/definitions/${prefix}${type}` })) },
});

const typesOf = (prefix: string, definitions: ResourceDefinitions, made: (schema: JsonSchema) => JsonSchema) =>
  Object.entries(definitions).map(([type, definition]) => [`${prefix}${type}`, typeSchema(type, definition, made)]);

const label: JsonSchema = { type: 'string', minLength: 1, maxLength: 200 };

/** A role by name, or with arguments. */
const use: JsonSchema = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      properties: {
        prefix: {
          description: "Stands before the ids of its resources; true: the role's name.",
          anyOf: [{ type: 'boolean' }, { type: 'string' }],
        },
      },
      additionalProperties: { anyOf: [{ type: 'object' }, { type: 'null' }] },
    },
  ],
};

/** The whole, as data. */
export const fleetJsonSchema = (definitions: ResourceDefinitions = shippedDefinitions): JsonSchema => {
  const { fleetSchema, labelsSchema, machineResourcesSchema, roleResourcesSchema, usesSchema } = openSchemas();
  const filled = new Map<unknown, JsonSchema>([
    [machineResourcesSchema, resources('', definitions)],
    [roleResourcesSchema, resources('role-', definitions)],
    [usesSchema, { type: 'array', items: { $ref: '#/definitions/role-use' } }],
    [labelsSchema, { type: 'object', additionalProperties: label }],
  ]);
  const frame = z.toJSONSchema(fleetSchema, {
    target: DRAFT,
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const known = filled.get(zodSchema);
      if (known !== undefined) Object.assign(jsonSchema, known);
    },
  });
  const { $schema, ...rest } = frame;
  return {
    $schema,
    title: 'A fleet document of gobs',
    ...rest,
    definitions: {
      'role-use': use,
      ...Object.fromEntries([...typesOf('', definitions, same), ...typesOf('role-', definitions, orArgument)]),
    },
  };
};
harden(fleetJsonSchema);
