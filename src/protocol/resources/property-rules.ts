/** Rules that more than one resource type has. See definition.ts. */
import { plainText, quoted } from '../plain-text.ts';
import { longestItem, longestList, longestText, type Resource } from '../shapes.ts';
import { whenRule } from './condition.ts';
import type { PropertyProblem, PropertyRule } from './definition.ts';
import { hostPathProblem } from './host-path.ts';
import { parseOwner } from './owner.ts';
import { secretOr } from './secret-references.ts';

/** Any text up to so many UTF-16 units. */
export const textRule =
  (limit: number): PropertyRule =>
  (value) => {
    if (typeof value !== 'string') return `must be text, not ${quoted(value)}`;
    if (!value.isWellFormed()) return 'must be well-formed Unicode';
    return value.length > limit ? `must not be over ${limit} characters; it has ${value.length}` : undefined;
  };
harden(textRule);

/** Text for people, on one line. */
export const lineRule =
  (limit: number): PropertyRule =>
  (value) => {
    const problem = textRule(limit)(value);
    if (problem !== undefined) return problem;
    if (value === '') return 'must not be empty';
    return plainText(value as string, limit) === value ? undefined : 'must be one printable line';
  };
harden(lineRule);

/** What names a resource. */
export const idRule: PropertyRule = lineRule(200);
harden(idRule);

/** For `after` and `notify`, which every resource may have; whether there are such resources is for order-problems.ts. */
export const idsRule: PropertyRule = (value) => {
  if (!Array.isArray(value)) return `must be a list of ids, not ${quoted(value)}`;
  if (value.length > longestList) return `must not be over ${longestList} ids; there are ${value.length}`;
  const ids = value as readonly unknown[];
  for (const [index, id] of ids.entries()) {
    const problem = idRule(id);
    if (problem !== undefined) return `each id ${problem}`;
    if (ids.indexOf(id) !== index) return `names ${quoted(id)} twice`;
  }
  return undefined;
};
harden(idsRule);

/** What every resource may have, whatever its type; `type` is looked at apart. */
export const everyResource: Readonly<Record<string, PropertyRule>> = harden({
  id: idRule,
  after: idsRule,
  notify: idsRule,
  when: whenRule,
});
harden(everyResource);

/** A list of texts, each as `rule` wants it; `what` names them: `groups`. An empty list is one. */
export const textsRule =
  (what: string, rule: PropertyRule): PropertyRule =>
  (value) => {
    if (!Array.isArray(value)) return `must be a list of ${what}, not ${quoted(value)}`;
    if (value.length > longestList) return `must not be over ${longestList} ${what}; there are ${value.length}`;
    for (const [index, item] of (value as readonly unknown[]).entries()) {
      const problem = textRule(longestItem)(item) ?? rule(item);
      if (problem !== undefined) return `item ${index + 1} ${problem}`;
    }
    return undefined;
  };
harden(textsRule);

const KEY = /^[a-z_][a-z0-9_]{0,59}$/i;

const fieldProblem: PropertyRule = (value) => {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return undefined;
  if (typeof value === 'string') return textRule(longestText)(value);
  if (Array.isArray(value)) return textsRule('texts', textRule(longestItem))(value);
  return `must be a text, a number, true, false or a list of texts, not ${quoted(value)}`;
};

/** A flat record of scalars, lists of texts and secrets, for `data`. Keys are names that a template can write after a dot. */
export const recordRule: PropertyRule = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `must be a mapping, not ${quoted(value)}`;
  }
  const fields = Object.entries(value);
  if (fields.length > longestList) return `must not be over ${longestList} keys; there are ${fields.length}`;
  for (const [key, field] of fields) {
    if (!KEY.test(key)) return `has a key ${quoted(key)}, and keys are letters, digits and underscores`;
    const problem = secretOr(fieldProblem)(field);
    if (problem !== undefined) return `${key} ${problem}`;
  }
  return undefined;
};
harden(recordRule);

export const pathRule: PropertyRule = (value) => {
  if (typeof value !== 'string') return `must be a path, not ${quoted(value)}`;
  const problem = hostPathProblem(value);
  return problem === undefined ? undefined : `${problem.message}, not ${quoted(value)}`;
};
harden(pathRule);

export const modeRule: PropertyRule = (value) =>
  typeof value === 'string' && /^[0-7]{3,4}$/.test(value)
    ? undefined
    : `must be three or four octal digits in quotes, such as "0644", not ${quoted(value)}`;
harden(modeRule);

export const ownerRule: PropertyRule = (value) =>
  typeof value === 'string' && parseOwner(value) !== undefined
    ? undefined
    : `must be "user" or "user:group", by name or number, not ${quoted(value)}`;
harden(ownerRule);

export const booleanRule: PropertyRule = (value) =>
  typeof value === 'boolean' ? undefined : `must be true or false, not ${quoted(value)}`;
harden(booleanRule);

/** For `absent`: there is nothing that `false` could mean beside leaving it out. */
export const onlyTrueRule: PropertyRule = (value) =>
  value === true ? undefined : `must be true or left out, not ${quoted(value)}`;
harden(onlyTrueRule);

/** For `conflict`: what is to be absent has none of these. */
export const besideAbsent =
  (...names: readonly string[]) =>
  (resource: Resource): PropertyProblem | undefined => {
    const property = resource['absent'] === true ? names.find((name) => resource[name] !== undefined) : undefined;
    return property === undefined ? undefined : { property, message: 'must not stand beside absent: true' };
  };
harden(besideAbsent);
