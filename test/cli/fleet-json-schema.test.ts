/** The JSON Schema of fleet documents helps while somebody types, and never refuses what gobs takes. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fleetJsonSchema } from '../../src/cli/fleet-json-schema.ts';
import { everyProperty, typeSchemas, type PropertySchema } from '../../src/cli/resource-schemas.ts';
import type { PropertyRule } from '../../src/protocol/resources/definition.ts';
import { everyResource } from '../../src/protocol/resources/property-rules.ts';
import { shippedDefinitions, type ResourceDefinitions } from '../../src/protocol/resources/shipped.ts';

type Schema = Parameters<typeof z.fromJSONSchema>[0];
const accepts = (schema: object, value: unknown): boolean =>
  z.fromJSONSchema(schema as Schema).safeParse(value).success;
const whole = fleetJsonSchema();
const reader = z.fromJSONSchema(whole as Schema);
const isAccepted = (document: unknown): boolean => reader.safeParse(document).success;
const withResource = (resource: object): object => ({ machines: { m: { provider: 'local', resources: [resource] } } });

/** What people write in documents. */
const samples: readonly unknown[] = [
  ...[
    'a',
    '/a/b',
    '/',
    '0644',
    'root:root',
    'nginx',
    'app.service',
    '1.0-1',
    'hello\n',
    'restart',
    '@daily',
    '* * * * *',
  ],
  ...['net.ipv4.ip_forward', '$6$aaaaaaaa$bbbb', 'system=debian', '', 'https://deb.example/debian', 'host.example'],
  ...['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000', 'deb', 'web-1'],
  ...[true, false, 0, 1, 1000, 2.5, -1],
  ...[[], ['a'], ['/bin/true'], ['visudo', '-cf', '{file}'], ['a', 'b']],
  ...[
    {},
    { a: 'b' },
    { PATH: '/bin' },
    { port: 80, names: ['a'], on: true },
    { secret: 'name' },
    { key: { secret: 'name' } },
  ],
];

const definitions: ResourceDefinitions = shippedDefinitions;
const rules: [string, PropertyRule, PropertySchema | undefined][] = [
  ...Object.entries(everyResource).map(([name, rule]): [string, PropertyRule, PropertySchema | undefined] => [
    `every ${name}`,
    rule,
    everyProperty[name],
  ]),
  ...Object.values(definitions).flatMap(({ type, required, optional }) =>
    Object.entries({ ...required, ...optional }).map(
      ([name, rule]): [string, PropertyRule, PropertySchema | undefined] => [
        `${type} ${name}`,
        rule,
        typeSchemas[type]?.properties[name],
      ],
    ),
  ),
];

describe('what is said of resources', () => {
  test.each(rules)('%s: whatever the rule takes is taken', (_name, rule, schema = { description: '' }) => {
    const { description: _words, ...rest } = schema;
    const taken = samples.filter((sample) => rule(sample) === undefined);
    expect(taken.filter((sample) => !accepts(rest, sample))).toEqual([]);
  });

  test('is of types and properties that there are', () => {
    const known = new Set(rules.map(([name]) => name));
    const told = [
      ...Object.keys(everyProperty).map((name) => `every ${name}`),
      ...Object.entries(typeSchemas).flatMap(([type, { properties }]) =>
        Object.keys(properties).map((name) => `${type} ${name}`),
      ),
    ];
    expect(told.filter((name) => !known.has(name))).toEqual([]);
    // Each has a line of its own, for whoever types it.
    expect([...known].filter((name) => !told.includes(name))).toEqual([]);
    expect(Object.keys(typeSchemas).toSorted()).toEqual(Object.keys(shippedDefinitions).toSorted());
  });
});

describe('the schema', () => {
  test('refuses what is mistyped', () => {
    expect(isAccepted(withResource({ id: 'a', type: 'noop' }))).toBe(true);
    expect(isAccepted(withResource({ id: 'a', type: 'nop' }))).toBe(false);
    expect(isAccepted(withResource({ id: 'a', type: 'noop', note: 7 }))).toBe(false);
    expect(isAccepted(withResource({ id: 'a', type: 'noop', nte: 'x' }))).toBe(false);
    expect(isAccepted(withResource({ id: 'a', type: 'file' }))).toBe(false);
    expect(isAccepted(withResource({ id: 'a', type: 'file', path: '/a', mode: 644 }))).toBe(false);
    expect(isAccepted(withResource({ type: 'noop' }))).toBe(false);
    expect(isAccepted({ machine: {} })).toBe(false);
    expect(isAccepted({ machines: { m: { provider: 'local', policy: 'corect' } } })).toBe(false);
    expect(isAccepted({ machines: { m: { provider: 'local', labels: { canary: true } } } })).toBe(false);
    expect(isAccepted({ machines: { m: { provider: 'local', roles: { web: {} } } } })).toBe(false);
    expect(isAccepted({ machines: {}, providers: { p: { type: 'ssh', settings: { a: { secrets: 'b' } } } } })).toBe(
      false,
    );
  });

  test('takes an argument wherever a value is, in roles only', () => {
    const resource = {
      id: 'a',
      type: 'file',
      path: `\${path}`,
      mode: `\${mode}`,
      absent: `\${gone}`,
      after: `\${after}`,
    };
    expect(isAccepted({ machines: {}, roles: { r: { resources: [resource] } } })).toBe(true);
    expect(isAccepted(withResource(resource))).toBe(false);
    expect(isAccepted({ machines: {}, roles: { r: { resources: [{ ...resource, mode: 'x' }] } } })).toBe(false);
  });

  test('takes every way to use a role', () => {
    const roles = ['web', { web: null }, { web: { port: 80 } }, { web: {}, prefix: true }, { prefix: 'x', web: {} }];
    expect(isAccepted({ machines: { m: { provider: 'local', roles } } })).toBe(true);
    expect(isAccepted({ machines: { m: { provider: 'local', roles: [7] } } })).toBe(false);
  });

  test('tells of each place what it is for', () => {
    const missing: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const { properties } = value as { properties?: Record<string, { description?: string }> };
      for (const [name, schema] of Object.entries(properties ?? {})) {
        const isPlain = name === 'type' && 'const' in schema;
        if (schema.description === undefined && !isPlain) missing.push(`${path}.${name}`);
      }
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    };
    walk({ ...whole, definitions: {} }, '');
    expect(missing).toEqual([]);
  });
});
