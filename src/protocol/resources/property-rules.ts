/** Rules that more than one resource type has. See definition.ts. */
import { plainText, quoted } from '../plain-text.ts';
import { longestList, type Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule } from './definition.ts';
import { hostPathProblem } from './host-path.ts';
import { parseOwner } from './owner.ts';

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

/** For `after`, which every resource may have; whether there are such resources is for order-problems.ts. */
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
