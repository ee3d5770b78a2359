/** A job of cron: one line in a file of its own, /etc/cron.d/<name>, which nobody else writes to. */
import { plainText, quoted } from '../plain-text.ts';
import type { Resource, ResourceRecord } from '../shapes.ts';
import { environmentRule, userNameRule } from './command-rules.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { besideAbsent, lineRule, onlyTrueRule } from './property-rules.ts';

export interface CronResource extends Resource {
  readonly type: 'cron';
  /** Of the file; cron reads none that has a dot. */
  readonly name: string;
  /** Five fields, or `@daily`. */
  readonly schedule?: string;
  /** Who runs it; left out, root. */
  readonly user?: string;
  /** For /bin/sh. A `%` is a `%`. */
  readonly command?: string;
  /** Such as MAILTO. */
  readonly environment?: ResourceRecord;
  readonly absent?: true;
}

const NAME = /^[A-Za-z0-9_-]{1,60}$/;
const LONGEST_COMMAND = 900;

const nameRule: PropertyRule = (value) =>
  typeof value === 'string' && NAME.test(value)
    ? undefined
    : `must be letters, digits, - and _, at most 60: cron reads no other files; not ${quoted(value)}`;

const commandRule: PropertyRule = (value) => {
  const problem = lineRule(LONGEST_COMMAND)(value);
  if (problem !== undefined) return problem;
  if (plainText(value as string, LONGEST_COMMAND).includes('\\%')) {
    return 'must have % as it is; it is escaped for cron';
  }
  return undefined;
};

const variablesRule: PropertyRule = (value) => {
  const problem = environmentRule(value);
  if (problem !== undefined) return problem;
  const [name] = Object.entries(value as object).find(([, text]) => String(text).includes('"')) ?? [];
  return name === undefined ? undefined : `${name} must not have a " in it, which cron cannot read`;
};

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly words: readonly string[];
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const days = 'sun mon tue wed thu fri sat'.split(' ');

const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59, words: [] },
  { name: 'hour', from: 0, to: 23, words: [] },
  { name: 'day of month', from: 1, to: 31, words: [] },
  { name: 'month', from: 1, to: 12, words: months },
  { name: 'day of week', from: 0, to: 7, words: days },
];
const shorthands = ['@reboot', '@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

const valueOf = (text: string, { from, words }: Field): number => {
  const word = words.indexOf(text.toLowerCase());
  if (word >= 0) return word + from;
  return /^[0-9]{1,2}$/.test(text) ? Number(text) : Number.NaN;
};

/** One of those between commas: `*`, `7`, `mon-fri`, each with `/step` where there is more than one. */
const isPart = (text: string, field: Field): boolean => {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0 || (step !== undefined && !/^[1-9][0-9]?$/.test(step))) return false;
  if (range === '*') return true;
  const [first = '', last, ...others] = range.split('-');
  if (others.length > 0 || (step !== undefined && last === undefined)) return false;
  const [low, high] = [valueOf(first, field), valueOf(last ?? first, field)];
  return low >= field.from && high <= field.to && low <= high;
};

const scheduleRule: PropertyRule = (value) => {
  if (typeof value !== 'string') return `must be text such as "*/5 * * * *", not ${quoted(value)}`;
  if (value.startsWith('@')) {
    return shorthands.includes(value) ? undefined : `must be one of ${shorthands.join(', ')}, not ${quoted(value)}`;
  }
  const parts = value.split(' ');
  if (parts.length !== fields.length || parts.includes('')) {
    return `must be five fields with one blank between (${fields.map(({ name }) => name).join(', ')}), not ${quoted(value)}`;
  }
  const bad = fields.findIndex((field, at) => !parts[at]!.split(',').every((part) => isPart(part, field)));
  return bad < 0 ? undefined : `has ${quoted(parts[bad])} for the ${fields[bad]!.name}`;
};

const beside = besideAbsent('schedule', 'user', 'command', 'environment');

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { schedule, command, absent } = resource as CronResource;
  if (absent === true) return beside(resource);
  const property = schedule === undefined ? 'schedule' : command === undefined ? 'command' : undefined;
  return property === undefined
    ? undefined
    : { property, message: 'is missing; a cron needs schedule and command, or absent: true' };
};

export const cronFile = (name: string): string => `/etc/cron.d/${name}`;
harden(cronFile);

export const cronDefinition = {
  type: 'cron',
  required: { name: nameRule },
  optional: {
    schedule: scheduleRule,
    user: userNameRule,
    command: commandRule,
    environment: variablesRule,
    absent: onlyTrueRule,
  },
  conflict,
  owns: (resource: Resource) => cronFile((resource as CronResource).name),
} as const satisfies ResourceDefinition;
harden(cronDefinition);
