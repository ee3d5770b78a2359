/** What users and groups may be called and numbered. Pure. */
import { quoted } from '../plain-text.ts';
import type { PropertyRule } from './definition.ts';

// The check of useradd(8), "CAVEATS", without what only old systems have.
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;
/** The one above means "leave it" to chown(2), and the one above that is nobody's on many systems. */
const LARGEST_ID = 2 ** 32 - 2;

export const accountNameRule: PropertyRule = (value) =>
  typeof value === 'string' && NAME.test(value)
    ? undefined
    : `must be lower-case letters, digits, "-" and "_", not over 32, not ${quoted(value)}`;
harden(accountNameRule);

export const accountIdRule: PropertyRule = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < LARGEST_ID
    ? undefined
    : `must be a whole number from 0 to ${LARGEST_ID - 1}, not ${quoted(value)}`;
harden(accountIdRule);
