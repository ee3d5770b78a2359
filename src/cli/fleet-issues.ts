/**
 * The schema library's issues in our words: what must be there, and what is. See fleet-document.ts for where.
 */
import type { z } from 'zod';
import { plainText, quoted } from '../protocol/plain-text.ts';
import { nearestName } from '../protocol/resources/nearest-name.ts';
import { propertiesAt } from './fleet-schema.ts';

export type Issue = z.core.$ZodIssue;
type Path = (string | number)[];

export interface IssueDescription {
  readonly path: Path;
  /** The issue is about this key of what is at `path`. */
  readonly key?: string;
  readonly message: string;
  readonly hint?: string;
}

const valueAt = (plain: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | null | undefined)?.[step], plain);

const expectedWords: Readonly<Record<string, string>> = harden({
  string: 'text',
  object: 'a mapping',
  record: 'a mapping',
});

const wrongType = (expected: string, path: Path, value: unknown): string => {
  if (value === undefined) return 'is missing';
  if (value === null) return path.length === 0 ? 'is empty' : 'must not be empty';
  return `must be ${expectedWords[expected] ?? expected}, not ${quoted(value)}`;
};

const unknownProperty = (path: Path, key: string): IssueDescription => {
  const known = propertiesAt(path);
  const meant = nearestName(key, known);
  const hint = `${meant === undefined ? '' : `did you mean "${meant}"? `}there are ${known.join(', ')}`;
  return { path, key, message: 'there is no such property', hint };
};

/** One description for each thing that is wrong. */
export const describeIssue = (issue: Issue, plain: unknown): IssueDescription[] => {
  const path = issue.path as Path;
  const value = valueAt(plain, path);
  switch (issue.code) {
    case 'invalid_type':
      return [{ path, message: wrongType(issue.expected, path, value) }];
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownProperty(path, key));
    case 'invalid_value':
      return [{ path, message: `must be ${issue.values.map(quoted).join(' or ')}, not ${quoted(value)}` }];
    default:
      return [{ path, message: plainText(issue.message, 200) }];
  }
};
harden(describeIssue);
