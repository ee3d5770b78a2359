/**
 * Roles: resources that several machines have, with what differs between them as parameters. A role is unfolded where a machine uses it, so that the boss
 * and the hob only ever see resources; each keeps its origin, by which whatever is wrong with it is told where somebody wrote it.
 *
 *   roles.web ──read once──▶ fillers ──with the arguments of machines.web1.roles[0]──▶ resources of web1, before its own
 *
 * Roles have no roles. Pure.
 */
import { plainText, quoted } from '../protocol/plain-text.ts';
import { nearestName } from '../protocol/resources/nearest-name.ts';
import { isName, longestItem, longestList } from '../protocol/shapes.ts';
import type { ParameterType, PlainParameter, PlainRole } from './fleet-schema.ts';
import type { Fault, Path } from './fleet-source.ts';
import { fillIn, readFiller, type Argument, type Arguments, type Budget, type Filler } from './fleet-substitution.ts';

const MOST_USES = 100;
/** Of a prefix, in UTF-16 units; what comes out is checked as an id. */
const LONGEST_PREFIX = 60;
const PARAMETER = /^[A-Za-z_][A-Za-z0-9_-]{0,59}$/;
/** What may stand beside a role's name where it is used. */
const PREFIX = 'prefix';

interface Parameter {
  readonly type: ParameterType;
  readonly default?: Argument;
}

export interface Role {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly resources: readonly Filler[];
}

/** Where a resource of a machine was written, and the use of the role that it came by. */
export interface Origin {
  readonly path: Path;
  readonly use?: Path;
}

export interface Unfolded {
  /** Are all of them there? Else others may name what is not. */
  readonly whole: boolean;
  readonly resources: readonly unknown[];
  readonly origins: readonly Origin[];
  readonly faults: readonly Fault[];
}

const typeWords: Readonly<Record<ParameterType, string>> = harden({
  text: 'text',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list of texts',
});

const isArgument = (value: unknown, type: ParameterType): value is Argument => {
  if (type === 'text') return typeof value === 'string';
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (type === 'boolean') return typeof value === 'boolean';
  const isText = (item: unknown) => typeof item === 'string' && item.length <= longestItem;
  return Array.isArray(value) && value.length <= longestList && value.every(isText);
};

const wrongArgument = (value: unknown, type: ParameterType): string => {
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  if (type === 'text' && isScalar) return `must be text: write "${String(value)}", with quotes`;
  return `must be ${typeWords[type]}, not ${quoted(value)}`;
};

const readParameter = (name: string, parameter: PlainParameter, path: Path, faults: Fault[]): Parameter => {
  const { type, default: given } = parameter;
  if (!PARAMETER.test(name)) {
    const message = 'the name of a parameter has letters, digits, _ and -, begins with a letter, and has at most 60';
    faults.push({ path: path.slice(0, -1), key: name, message });
  }
  if (given === undefined) return { type };
  if (isArgument(given, type)) return { type, default: given };
  faults.push({ path: [...path, 'default'], message: wrongArgument(given, type) });
  return { type };
};

const readRole = (name: string, role: PlainRole, faults: Fault[]): Role => {
  const place: Path = ['roles', name];
  if (!isName(name) || name === PREFIX) {
    const message =
      name === PREFIX
        ? 'a role cannot be called prefix, as that has a meaning where a role is used'
        : 'the name of a role has lower-case letters, digits and hyphens, begins with a letter, and has at most 63 characters';
    faults.push({ path: ['roles'], key: name, message });
  }
  const parameters = new Map(
    Object.entries(role.parameters ?? {}).map(([key, parameter]) => [
      key,
      readParameter(key, parameter, [...place, 'parameters', key], faults),
    ]),
  );
  const { resources = [] } = role;
  if (!Array.isArray(resources)) {
    faults.push({ path: [...place, 'resources'], message: `must be a list, not ${quoted(resources)}` });
    return { name, parameters, resources: [] };
  }
  const types = new Map([...parameters].map(([key, { type }]) => [key, type]));
  const reading = { types, faults, around: new Set<object>([resources]) };
  const fillers = (resources as readonly unknown[]).map((resource, index) =>
    readFiller(resource, [...place, 'resources', index], reading),
  );
  return { name, parameters, resources: fillers };
};

export interface Roles {
  /** A role with faults is not among them. */
  readonly sound: ReadonlyMap<string, Role>;
  readonly names: readonly string[];
  readonly faults: readonly Fault[];
}

export const readRoles = (plain: Readonly<Record<string, PlainRole>>): Roles => {
  const sound = new Map<string, Role>();
  const faults: Fault[] = [];
  for (const [name, role] of Object.entries(plain)) {
    const own: Fault[] = [];
    const read = readRole(name, role, own);
    if (own.length === 0) sound.set(name, read);
    faults.push(...own);
  }
  return { sound, names: Object.keys(plain), faults };
};
harden(readRoles);

// ---------------------------------------------------------------------------------------------- where they are used

interface Use {
  readonly role: string;
  readonly given: Readonly<Record<string, unknown>>;
  readonly prefix: string | undefined;
  readonly path: Path;
  /** Of the arguments. */
  readonly place: Path;
}

const prefixOf = (prefix: unknown, role: string, path: Path, faults: Fault[]): string | undefined => {
  if (prefix === undefined || prefix === false) return undefined;
  if (prefix === true) return role;
  const isLine = typeof prefix === 'string' && prefix !== '' && plainText(prefix, LONGEST_PREFIX) === prefix;
  if (isLine) return prefix;
  const message = `must be true, or a text of one line and at most ${LONGEST_PREFIX} characters, not ${quoted(prefix)}`;
  faults.push({ path: [...path, PREFIX], message });
  return undefined;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readUse = (entry: unknown, path: Path, faults: Fault[]): Use | undefined => {
  if (typeof entry === 'string') return { role: entry, given: {}, prefix: undefined, path, place: path };
  const names = isRecord(entry) ? Object.keys(entry).filter((key) => key !== PREFIX) : [];
  const [role] = names;
  if (!isRecord(entry) || role === undefined || names.length > 1) {
    const what = isRecord(entry) ? `${names.length} of them` : quoted(entry);
    const message = `must be one role, such as "web" or { web: { port: 80 } }, not ${what}`;
    faults.push({ path, message, ...(names.length > 1 ? { hint: 'each role is an entry of the list' } : {}) });
    return undefined;
  }
  const place = [...path, role];
  const given = entry[role] ?? {};
  const prefix = prefixOf(entry[PREFIX], role, path, faults);
  if (isRecord(given)) return { role, given, prefix, path, place };
  faults.push({ path: place, message: `must be a mapping with the role's parameters, not ${quoted(given)}` });
  return undefined;
};

const readArguments = ({ given, place }: Use, { name, parameters }: Role, faults: Fault[]): Arguments | undefined => {
  const before = faults.length;
  const result = new Map<string, Argument>();
  const known = [...parameters.keys()];
  for (const key of Object.keys(given)) {
    if (parameters.has(key)) continue;
    const nearest = nearestName(key, known);
    const there = known.length === 0 ? 'it has none' : `there are ${known.join(', ')}`;
    const hint = `${nearest === undefined ? '' : `did you mean "${nearest}"? `}${there}`;
    faults.push({ path: place, key, message: `the role ${name} has no such parameter`, hint });
  }
  for (const [key, { type, default: otherwise }] of parameters) {
    const value = Object.hasOwn(given, key) ? given[key] : otherwise;
    if (value === undefined) {
      faults.push({ path: [...place, key], message: `is missing; the role ${name} needs it (${typeWords[type]})` });
    } else if (isArgument(value, type)) result.set(key, value);
    else faults.push({ path: [...place, key], message: wrongArgument(value, type) });
  }
  return faults.length === before ? result : undefined;
};

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** `after` and `notify` are about resources of the same role; a prefix stands before them as before ids. */
const links = ['after', 'notify'] as const;

const withPrefix = (resource: unknown, prefix: string): unknown => {
  if (!isRecord(resource)) return resource;
  const before = (value: unknown): unknown => (typeof value === 'string' ? `${prefix}-${value}` : value);
  const entries = Object.entries(resource).map(([key, value]) => {
    if (key === 'id') return [key, before(value)];
    const isLink = (links as readonly string[]).includes(key) && Array.isArray(value);
    return [key, isLink ? (value as readonly unknown[]).map(before) : value];
  });
  return Object.fromEntries(entries) as unknown;
};

const linkFaults = (resources: readonly unknown[], { name }: Role): Fault[] => {
  const ids = new Set(resources.flatMap((resource) => (isRecord(resource) ? [resource['id']] : [])));
  return resources.flatMap((resource, index) =>
    links.flatMap((link) => {
      const missing = isRecord(resource) ? texts(resource[link]).find((id) => !ids.has(id)) : undefined;
      if (missing === undefined) return [];
      const message = `the role ${name} has no resource ${quoted(missing)}`;
      const hint = 'here it can name those of its own role only';
      return [{ path: ['roles', name, 'resources', index, link], message, hint }];
    }),
  );
};

const unfoldUse = (use: Use, role: Role, given: Arguments, budget: Budget): Unfolded => {
  const { prefix, path } = use;
  const resources = role.resources.map((filler) => fillIn(filler, given, budget));
  return {
    whole: true,
    resources: prefix === undefined ? resources : resources.map((resource) => withPrefix(resource, prefix)),
    origins: resources.map((_, index) => ({ path: ['roles', role.name, 'resources', index], use: path })),
    faults: linkFaults(resources, role),
  };
};

const requireRole = ({ role, path }: Use, { names }: Roles, faults: Fault[]): void => {
  if (names.includes(role)) return;
  const nearest = nearestName(role, names);
  const there = names.length === 0 ? 'the document has none' : `there are ${names.join(', ')}`;
  const hint = `${nearest === undefined ? '' : `did you mean "${nearest}"? `}${there}`;
  faults.push({ path, message: `there is no role ${quoted(role)}`, hint });
};

/** The resources of the roles that a machine uses, in order. `place` is that of the list. Throws TooMuch. */
export const unfoldRoles = (uses: readonly unknown[], place: Path, roles: Roles, budget: Budget): Unfolded => {
  if (uses.length > MOST_USES) {
    const message = `must not be over ${MOST_USES} roles; there are ${uses.length}`;
    return { whole: false, resources: [], origins: [], faults: [{ path: place, message }] };
  }
  const faults: Fault[] = [];
  const parts = uses.flatMap((entry, index) => {
    const use = readUse(entry, [...place, index], faults);
    if (use === undefined) return [];
    requireRole(use, roles, faults);
    const role = roles.sound.get(use.role);
    const given = role && readArguments(use, role, faults);
    if (role === undefined || given === undefined) return [];
    budget.take(role.resources.length);
    return [unfoldUse(use, role, given, budget)];
  });
  return {
    whole: parts.length === uses.length,
    resources: parts.flatMap(({ resources }) => resources),
    origins: parts.flatMap(({ origins }) => origins),
    faults: [...faults, ...parts.flatMap(({ faults: own }) => own)],
  };
};
harden(unfoldRoles);

/** A use of each role that nobody uses and that needs no arguments: so that it is looked at all the same. */
export const idleUses = ({ sound }: Roles, used: ReadonlySet<string>): readonly string[] =>
  [...sound.values()]
    .filter(({ name, parameters }) => !used.has(name) && [...parameters.values()].every((each) => 'default' in each))
    .map(({ name }) => name);
harden(idleUses);
