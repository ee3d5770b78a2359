/**
 * A fleet document (YAML, or JSON, which is YAML too) as data: docs/reference/fleet-document.md. What is wrong with it is told with file, line and path:
 * `fleet.yaml:7: machines.web1.resources[2].mode: must be …`.
 *
 *   text ──fleet-source──▶ plain values ──fleet-schema──▶ its frame ──fleet-roles──▶ resources ──protocol/resources──▶ FleetDocument
 *                              ▲                                         │ origin         │ index
 *                              └───────────── where is that? ◀───────────┴────────────────┘
 */
import { findLabelProblems } from '../protocol/labels.ts';
import { quoted } from '../protocol/plain-text.ts';
import { findResourceProblems, type ResourceProblem } from '../protocol/resources/resource-problems.ts';
import { isName } from '../protocol/shapes.ts';
import { describeIssue, type Issue } from './fleet-issues.ts';
import { idleUses, readRoles, unfoldRoles, type Origin, type Roles } from './fleet-roles.ts';
import { checkFleet, type FleetDocument, type FleetMachine, type FleetProvider } from './fleet-schema.ts';
import type { PlainFleet, PlainMachine } from './fleet-schema.ts';
import {
  formatPath,
  readSource,
  refuse,
  type Fault,
  type Path,
  type PlacedFault,
  type Source,
} from './fleet-source.ts';
import { TooMuch, type Budget } from './fleet-substitution.ts';

/** What the roles of a document may unfold to: resources, and characters that were put together. */
const MOST_UNFOLDED = 128 * 1024 * 1024;
/** Beyond so many no more machines are looked at. */
const MOST_FAULTS = 1_000;

// Unknown properties come before what is missing in the same place: one is often the other, mistyped.
const unknownFirst = (issues: readonly Issue[]): Issue[] => {
  const rank = ({ code }: Issue) => (code === 'unrecognized_keys' ? 0 : 1);
  return [...issues].sort((left, right) => rank(left) - rank(right));
};

const nameFaults = (section: 'machines' | 'providers', names: readonly string[]): Fault[] =>
  names
    .filter((name) => !isName(name))
    .map((key) => ({
      path: [section],
      key,
      message: 'a name has lower-case letters, digits and hyphens, begins with a letter, and has at most 63 characters',
    }));

const makeBudget = (most: number): Budget => {
  let left = most;
  return {
    take: (characters) => {
      left -= characters;
      if (left < 0) throw new TooMuch('its roles unfold to too much');
    },
  };
};

interface Unfolding {
  readonly source: Source;
  readonly roles: Roles;
  readonly budget: Budget;
}

/** Two resources of one id, of which a role has at least one. */
const collisionHint = (origin: Origin, { message, hint }: ResourceProblem): Pick<Fault, 'hint'> => {
  if (hint !== undefined) return { hint };
  return /is the id of .* too$/.test(message) && (origin.use !== undefined || message.includes('roles.'))
    ? { hint: 'prefix: true, where a machine uses a role, puts the name of the role before the ids' }
    : {};
};

/** A problem of an unfolded list, where the resource was written. */
const faultOf = (problem: ResourceProblem, list: Path, origins: readonly Origin[]): Fault => {
  const { index, path: place, message } = problem;
  const origin = origins[index];
  if (origin === undefined) return { path: list, message };
  const property = /^resources\[\d+\]\.(.*)$/.exec(place)?.[1];
  return {
    path: property === undefined ? origin.path : [...origin.path, property],
    message,
    ...(origin.use === undefined ? {} : { by: `as ${formatPath(origin.use)} has it` }),
    ...collisionHint(origin, problem),
  };
};

/** Of a list that is not whole, this says nothing. */
const isAboutOthers = ({ path }: Fault): boolean => path.at(-1) === 'after' || path.at(-1) === 'notify';

interface Read<T> {
  readonly value: T;
  readonly faults: readonly Fault[];
}

/** The resources of a machine, those of its roles first. Throws TooMuch. */
const readResources = (name: string, machine: PlainMachine, { source, roles, budget }: Unfolding): Read<unknown[]> => {
  const place: Path = ['machines', name];
  const { resources: own = [], roles: uses = [] } = machine;
  const list = [...place, 'resources'];
  if (!Array.isArray(own)) {
    return { value: [], faults: findResourceProblems(own).map((problem) => faultOf(problem, list, [])) };
  }
  const unfolded = unfoldRoles(uses, [...place, 'roles'], roles, budget);
  const origins = [...unfolded.origins, ...own.map((_, index): Origin => ({ path: [...list, index] }))];
  const placeOf = (index: number): string => {
    if (uses.length === 0) return `resources[${index}]`;
    const { path } = origins[index]!;
    return `${formatPath(path)} (line ${source.lineOf(path)})`;
  };
  const value = [...unfolded.resources, ...(own as readonly unknown[])];
  const found = findResourceProblems(value, undefined, placeOf).map((problem) => faultOf(problem, list, origins));
  const faults = unfolded.whole ? found : found.filter((fault) => !isAboutOthers(fault));
  return { value, faults: [...unfolded.faults, ...faults] };
};

const labelFaults = (name: string, labels: Readonly<Record<string, unknown>>): Fault[] =>
  findLabelProblems(labels).map(({ key, message }) => {
    const path = ['machines', name, 'labels'];
    if (key === undefined) return { path, message };
    return message.startsWith('must') ? { path: [...path, key], message } : { path, key, message };
  });

const readMachine = (name: string, machine: PlainMachine, unfolding: Unfolding): Read<FleetMachine> => {
  const { provider, policy, options = {}, labels = {} } = machine;
  const { value: resources, faults } = readResources(name, machine, unfolding);
  return {
    value: { name, provider, options, labels, policy, resources } as unknown as FleetMachine,
    faults: [...labelFaults(name, labels), ...faults],
  };
};

/** Machines, as far as they were looked at. Throws TooMuch. */
const readMachines = (plain: PlainFleet, unfolding: Unfolding): Read<FleetMachine[]> => {
  const faults: Fault[] = [];
  const value: FleetMachine[] = [];
  for (const [name, machine] of Object.entries(plain.machines)) {
    if (faults.length > MOST_FAULTS) break;
    const read = readMachine(name, machine, unfolding);
    value.push(read.value);
    faults.push(...read.faults);
  }
  return { value, faults };
};

/** Those of roles that no machine uses, as far as they need no arguments. Throws TooMuch. */
const idleFaults = (plain: PlainFleet, { roles, ...unfolding }: Unfolding): Fault[] => {
  const uses = Object.values(plain.machines).flatMap((machine) => machine.roles ?? []);
  const used = new Set(uses.flatMap((use) => (typeof use === 'string' ? [use] : Object.keys(use ?? {}))));
  return idleUses(roles, used).flatMap((role) => {
    const machine = { provider: '', policy: 'report', roles: [role] } as const;
    const { faults } = readResources('', { ...machine, roles: [role] }, { roles, ...unfolding });
    return faults.map(({ by: _nobody, ...fault }) => fault);
  });
};

const readProviders = ({ providers = {} }: PlainFleet): Read<FleetProvider[]> => {
  const faults = Object.entries(providers).flatMap(([name, { settings = {} }]) =>
    Object.entries(settings).flatMap(([key, value]): Fault[] => {
      if (typeof value !== 'object' || isName(value.secret)) return [];
      const path = ['providers', name, 'settings', key, 'secret'];
      return [
        { path, message: `must be the name of a secret, as gobs secret set takes it, not ${quoted(value.secret)}` },
      ];
    }),
  );
  const value = Object.entries(providers).map(([name, { type, settings = {} }]) => ({ name, type, settings }));
  return { value, faults: [...nameFaults('providers', Object.keys(providers)), ...faults] };
};

const readFleet = (plain: PlainFleet, source: Source): Read<FleetDocument> => {
  const roles = readRoles(plain.roles ?? {});
  const unfolding = { source, roles, budget: makeBudget(MOST_UNFOLDED) };
  const providers = readProviders(plain);
  const frame = [...providers.faults, ...roles.faults, ...nameFaults('machines', Object.keys(plain.machines))];
  try {
    const machines = readMachines(plain, unfolding);
    const faults = [...frame, ...machines.faults, ...idleFaults(plain, unfolding)];
    return {
      value: { providers: providers.value, machines: machines.value, roles: roles.names.length },
      faults,
    };
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    const nothing = { providers: [], machines: [], roles: 0 };
    return { value: nothing, faults: [...frame, { path: ['roles'], message: error.message }] };
  }
};

export type ReadDocument =
  | { readonly document: FleetDocument; readonly faults?: undefined }
  | { readonly document?: undefined; readonly faults: readonly PlacedFault[] };

/** Reads a document, or tells all that is wrong with it. `file` is only a name for messages. Never throws. */
export const readFleetDocument = (text: string, file: string): ReadDocument => {
  const { source, faults } = readSource(text, file);
  if (source === undefined) return harden({ faults });
  const checked = checkFleet(source.plain);
  if (!checked.success) {
    const found = unknownFirst(checked.error.issues).flatMap((issue) => describeIssue(issue, source.plain));
    return harden({ faults: source.place(found) });
  }
  const read = readFleet(checked.data, source);
  return harden(read.faults.length > 0 ? { faults: source.place(read.faults) } : { document: read.value });
};
harden(readFleetDocument);

/** Reads a document. Throws BAD_DOCUMENT about the first thing that is wrong with it. */
export const parseFleetDocument = (text: string, file: string): FleetDocument => {
  const { document, faults } = readFleetDocument(text, file);
  if (document !== undefined) return document;
  refuse(faults);
  throw TypeError('a document without faults is data');
};
harden(parseFleetDocument);
