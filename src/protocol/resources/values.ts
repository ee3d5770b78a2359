/**
 * What the properties of a resource may be: a scalar, a list of texts, or a flat record, such as the `data` of a template. One way to compare
 * them, which no order of keys disturbs, and one to show them. Pure.
 */
import type { Resource, ResourceValue } from '../shapes.ts';

type Plain = ResourceValue | undefined;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const sorted = (value: unknown): unknown => {
  if (!isRecord(value)) return value;
  const fields = Object.keys(value)
    .sort()
    .map((key) => [key, sorted(value[key])]);
  return { record: fields };
};

/** Equal texts for equal values, and for no others. */
export const canonicalValue = (value: Plain): string => (value === undefined ? '' : JSON.stringify(sorted(value)));
harden(canonicalValue);

/** A resource as data that is equal, as JSON, for resources that say the same. */
export const canonicalResource = (resource: Resource): readonly (readonly [string, unknown])[] =>
  Object.keys(resource)
    .sort()
    .map((property) => [property, sorted(resource[property])]);
harden(canonicalResource);

const valueWithin = (value: unknown): string => {
  if (isRecord(value)) return valueText(value as ResourceValue);
  return Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(', ')}]` : JSON.stringify(value);
};

/** For people: a text as it is, a list with commas, `{ port: 80, title: "hello" }`. */
export const valueText = (value: ResourceValue): string => {
  if (!isRecord(value)) return Array.isArray(value) ? value.join(', ') : String(value);
  const fields = Object.keys(value)
    .sort()
    .map((key) => `${key}: ${valueWithin(value[key])}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
};
harden(valueText);
