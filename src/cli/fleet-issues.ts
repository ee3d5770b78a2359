/**
 * The schema library's issues in our words: what must be there, and what is. See fleet-document.ts for where.
 */
import type { z } from 'zod';
import { plainText, quoted } from '../protocol/plain-text.ts';
import { nearestName } from '../protocol/resources/nearest-name.ts';
import { propertiesAt } from './fleet-schema.ts';
import type { Fault } from './fleet-source.ts';

export type Issue = z.core.$ZodIssue;
type Path = (string | number)[];

const valueAt = (plain: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | null | undefined)?.[step], plain);

const expectedWords: Readonly<Record<string, string>> = harden({
  string: 'text',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
});

const wrongType = (expected: string, path: Path, value: unknown): string => {
  if (value === undefined) return 'is missing';
  if (value === null) return path.length === 0 ? 'is empty' : 'must not be empty';
  return `must be ${expectedWords[expected] ?? expected}, not ${quoted(value)}`;
};

/** Of YAML 1.1; people know it. */
const MERGE = '<<';

const unknownProperty = (path: Path, key: string): Fault => {
  if (key === MERGE) {
    const hint = 'an alias stands for a whole value; what several machines have is a role';
    return { path, key, message: 'merge keys are not known here', hint };
  }
  const known = propertiesAt(path);
  const meant = nearestName(key, known);
  const hint = `${meant === undefined ? '' : `did you mean "${meant}"? `}there are ${known.join(', ')}`;
  return { path, key, message: 'there is no such property', hint };
};

/** One description for each thing that is wrong. */
export const describeIssue = (issue: Issue, plain: unknown): Fault[] => {
  const path = issue.path as Path;
  const value = valueAt(plain, path);
  switch (issue.code) {
    case 'invalid_type':
      return [{ path, message: wrongType(issue.expected, path, value) }];
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownProperty(path, key));
    case 'invalid_value':
      return [{ path, message: `must be ${issue.values.map(quoted).join(' or ')}, not ${quoted(value)}` }];
    // A setting or an option: the only places where there is a choice.
    case 'invalid_union': {
      const what =
        path[0] === 'providers' ? 'text, a number, true, false or { secret: NAME }' : 'text, a number, true or false';
      return [{ path, message: `must be ${what}, not ${quoted(value)}` }];
    }
    default:
      return [{ path, message: plainText(issue.message, 200) }];
  }
};
harden(describeIssue);
