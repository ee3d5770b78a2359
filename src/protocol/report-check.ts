/**
 * Is it a report? In plain code, because a hob says how long a report is, and the boss does nothing else while it looks: a pattern that
 * walks the largest one takes hundreds of times as long. Each text and list is bounded here; `isWithinLimits` bounds the whole. Pure.
 */
import { reportLimits, resourceStates, type Report } from './shapes.ts';

type Check = (value: unknown) => boolean;

const isText =
  (limit: number): Check =>
  (value) =>
    typeof value === 'string' && value.length <= limit;
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isOneOf = (known: readonly string[]): Check => {
  const all = new Set<unknown>(known);
  return (value) => all.has(value);
};
const isListOf =
  (check: Check, limit: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= limit && value.every(check);

/** Own properties only, and no others. */
const isRecordOf = (
  required: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>> = {},
): Check => {
  const checks = new Map(Object.entries({ ...required, ...optional }));
  const needed = Object.keys(required);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const keys = Object.keys(value);
    return (
      keys.length <= checks.size &&
      needed.every((key) => Object.hasOwn(value, key)) &&
      keys.every((key) => checks.get(key)?.((value as Record<string, unknown>)[key]) === true)
    );
  };
};

const { text, what, id, type, changes, resources } = reportLimits;
const isChange = isRecordOf({ what: isText(what), from: isText(text), to: isText(text) });
const isResourceReport = isRecordOf(
  { id: isText(id), type: isText(type), state: isOneOf(resourceStates) },
  { changes: isListOf(isChange, changes), why: isText(text), at: isNumber },
);
const isCounts = isRecordOf({
  ok: isNumber,
  drifted: isNumber,
  corrected: isNumber,
  failed: isNumber,
  unknown: isNumber,
  skipped: isNumber,
});
const checkReport = isRecordOf(
  {
    generation: isNumber,
    digest: isText(64),
    reason: isOneOf(['applied', 'interval', 'asked']),
    at: isNumber,
    resources: isListOf(isResourceReport, resources),
  },
  { omitted: isCounts },
);

/** Of copy data; whether it is within `reportLimits` as a whole is asked apart. */
export const isReport = (value: unknown): value is Report => checkReport(value);
harden(isReport);
