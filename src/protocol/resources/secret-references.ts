/**
 * Secrets of the boss in the place of texts: `content: { secret: db-password }`. Documents, portraits, plans and reports have the name; the text is the
 * hob's alone (docs/explanation/secrets.md). Pure.
 */
import { quoted } from '../plain-text.ts';
import { isName, type Resource, type SecretReference } from '../shapes.ts';
import type { PropertyRule } from './definition.ts';

/** A record with this key stands for a secret, whatever else it has. */
const KEY = 'secret';

export const isSecretReference = (value: unknown): value is SecretReference =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, KEY);
harden(isSecretReference);

const referenceProblem = (value: object): string | undefined => {
  if (Object.keys(value).length > 1) return 'must have nothing beside secret';
  const { secret } = value as SecretReference;
  return isName(secret) ? undefined : `must name a secret, such as { secret: db-password }, not ${quoted(secret)}`;
};

/** For a property that may be a secret: what `rule` takes, or the name of one. */
export const secretOr =
  (rule: PropertyRule): PropertyRule =>
  (value) =>
    isSecretReference(value) ? referenceProblem(value) : rule(value);
harden(secretOr);

/** Names of the secrets that the properties of these have, in their values or within a record; sorted, each once. */
export const secretNamesIn = (resources: readonly Resource[]): readonly string[] => {
  const names = new Set<string>();
  const look = (value: unknown): void => {
    if (isSecretReference(value)) names.add(value.secret);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) Object.values(value).forEach(look);
  };
  for (const resource of resources) Object.values(resource).forEach(look);
  return [...names].sort();
};
harden(secretNamesIn);

/** May others on the host not read what has this mode? For what holds a secret; left out, a mode is open. */
export const isClosed = (mode: string | undefined): boolean =>
  mode !== undefined && (Number.parseInt(mode, 8) & 0o007) === 0;
harden(isClosed);
