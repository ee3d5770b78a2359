/** Tells whether a request is the same as one before, for which the whole spec, with the contents of files, would be too much to keep. Pure. */
import { createHash } from 'node:crypto';
import type { MachineSpec } from '../protocol/shapes.ts';

/** Equal for records that say the same: the order of properties does not count. JSON has no NaN, and one zero. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return ['list', ...value.map(canonical)];
  if (typeof value === 'number') return ['number', Object.is(value, -0) ? '0' : String(value)];
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Readonly<Record<string, unknown>>;
  return [
    'record',
    ...Object.keys(record)
      .sort()
      .map((key) => [key, canonical(record[key])]),
  ];
};

/** SHA-256, in hexadecimal digits. */
export const digestOfSpec = (spec: MachineSpec): string =>
  createHash('sha256')
    .update(JSON.stringify(canonical(spec)))
    .digest('hex');
harden(digestOfSpec);
