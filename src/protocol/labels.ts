/**
 * Labels of a machine: what admins say that it is, for selectors (`role: web`, `canary: "true"`). Pure. The boss keeps them and gives them no meaning:
 * they reach no host, and nothing is allowed or refused for them.
 */
import { quoted } from './plain-text.ts';
import { isKey, isValue, longestKey, longestValue } from './selectors.ts';
import { mostLabels, type Labels } from './shapes.ts';

export interface LabelProblem {
  /** Undefined: it is about all of them. */
  readonly key?: string;
  /** Completes "labels.role: …". */
  readonly message: string;
}

const keyWords = `a label's name has lower-case letters, digits and . _ -, begins with a letter, and has at most ${longestKey} characters`;
const valueWords = `must be letters, digits and . _ - + : / @ ~, at least one and at most ${longestValue}`;

const problemOf = (key: string, value: unknown): string | undefined => {
  if (!isKey(key)) return keyWords;
  if (typeof value === 'string') return isValue(value) ? undefined : `${valueWords}, not ${quoted(value)}`;
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  return `must be text${isScalar ? `: write "${String(value)}", with quotes` : `, not ${quoted(value)}`}`;
};

/** In their order; empty if all is well. */
export const findLabelProblems = (labels: Readonly<Record<string, unknown>>): readonly LabelProblem[] => {
  const entries = Object.entries(labels);
  if (entries.length > mostLabels) {
    return harden([{ message: `there must not be over ${mostLabels} labels; there are ${entries.length}` }]);
  }
  return harden(
    entries.flatMap(([key, value]) => {
      const message = problemOf(key, value);
      return message === undefined ? [] : [{ key, message }];
    }),
  );
};
harden(findLabelProblems);

/** `canary=true, role=web`; empty if there are none. */
export const labelsText = (labels: Labels): string =>
  Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join(', ');
harden(labelsText);

export const isSameLabels = (one: Labels, other: Labels): boolean => labelsText(one) === labelsText(other);
harden(isSameLabels);
