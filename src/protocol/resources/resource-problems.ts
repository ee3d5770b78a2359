/**
 * Everything that is wrong with a list of resources, with the exact place of each. Pure. Called with whatever somebody wrote:
 *   - the command line puts its own path in front (`machines.web1.resources[2].mode: …`) and refuses with BAD_DOCUMENT;
 *   - the boss refuses a desired state with BAD_DESIRED_STATE before it changes anything;
 *   - the hob reports the resources in question as failed and looks after the others.
 */
import { plainText, quoted } from '../plain-text.ts';
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { nearestName } from './nearest-name.ts';
import { findEditProblems, type PlaceOf } from './edit-problems.ts';
import { findOrderProblems, type OrderCandidate } from './order-problems.ts';
import { everyResource } from './property-rules.ts';
import { shippedDefinitions, type ResourceDefinitions } from './shipped.ts';

export interface ResourceProblem {
  /** Of the resource in the list; -1 if the list itself is wrong. */
  readonly index: number;
  /** `resources[2].mode` */
  readonly path: string;
  /** Completes "<path>: …". */
  readonly message: string;
  readonly hint?: string;
}

const MOST_RESOURCES = 10_000;

/** Only what a record has itself: `constructor` is no resource type. */
const lookUp = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const hintFor = (name: string, candidates: readonly string[], introduction: string): string => {
  const nearest = nearestName(name, candidates);
  const all = `${introduction} ${candidates.toSorted().join(', ')}`;
  return nearest === undefined ? all : `did you mean "${nearest}"? ${all}`;
};

const typeProblem = (type: unknown, definitions: ResourceDefinitions): PropertyProblem | undefined => {
  const names = Object.keys(definitions);
  if (type === undefined) {
    return { property: 'type', message: 'is missing', hint: `there are ${names.toSorted().join(', ')}` };
  }
  if (typeof type !== 'string') return { property: 'type', message: `must be text, not ${quoted(type)}` };
  if (lookUp(definitions, type) !== undefined) return undefined;
  return {
    property: 'type',
    message: `there is no resource type ${quoted(type)}`,
    hint: hintFor(type, names, 'there are'),
  };
};

function* propertyProblems(resource: object, definition: ResourceDefinition): Generator<PropertyProblem> {
  const rules: Readonly<Record<string, PropertyRule>> = {
    ...everyResource,
    ...definition.required,
    ...definition.optional,
  };
  for (const property of Object.keys(definition.required)) {
    if (!Object.hasOwn(resource, property)) yield { property, message: `is missing; a ${definition.type} needs it` };
  }
  for (const [property, value] of Object.entries(resource)) {
    if (property === 'type') continue;
    const rule = lookUp(rules, property);
    if (rule === undefined) {
      const message = `a ${definition.type} has no such property`;
      yield { property, message, hint: hintFor(property, Object.keys(rules), 'it has') };
      continue;
    }
    const message = rule(value);
    if (message !== undefined) yield { property, message };
  }
}

function* problemsOfOne(resource: unknown, definitions: ResourceDefinitions): Generator<PropertyProblem> {
  if (resource === null || typeof resource !== 'object' || Array.isArray(resource)) {
    yield { message: `must be a mapping with id and type, not ${quoted(resource)}` };
    return;
  }
  if (!Object.hasOwn(resource, 'id')) yield { property: 'id', message: 'is missing' };
  const type: unknown = Object.hasOwn(resource, 'type') ? (resource as { type?: unknown }).type : undefined;
  const unknownType = typeProblem(type, definitions);
  if (unknownType !== undefined) {
    yield unknownType;
    return;
  }
  const definition = lookUp(definitions, type as string)!;
  let sound = true;
  for (const problem of propertyProblems(resource, definition)) {
    sound = false;
    yield problem;
  }
  const conflict = sound ? definition.conflict?.(resource as Resource) : undefined;
  if (conflict !== undefined) yield conflict;
}

const placed = (index: number, { property, message, hint }: PropertyProblem): ResourceProblem => ({
  index,
  path: `resources[${index}]${property === undefined ? '' : `.${plainText(property, 60)}`}`,
  message,
  ...(hint === undefined ? {} : { hint }),
});

/** Keeps who had a value first; a later resource with the same is a problem, the first is not. `what`: a property, or what it is about. */
const makeUnique = (placeOf: PlaceOf) => {
  const first = new Map<string, number>();
  return (what: string, value: string, index: number, property?: string): readonly ResourceProblem[] => {
    const key = JSON.stringify([what, value]);
    const other = first.get(key);
    if (other === undefined) first.set(key, index);
    if (other === undefined) return [];
    const message = `${quoted(value)} is the ${what} of ${placeOf(other)} too`;
    return [placed(index, property === undefined ? { message } : { property, message })];
  };
};

/** What has a problem of its own comes after nothing, but others may name it: that is no mistake of theirs. */
const linkOf = (resource: unknown, sound: boolean, definitions: ResourceDefinitions): OrderCandidate => {
  if (sound) {
    const { id, type, after = [], notify = [] } = resource as Resource;
    return { id, after, notify, ...(lookUp(definitions, type)!.effect === undefined ? { deaf: type } : {}) };
  }
  const id: unknown = resource !== null && typeof resource === 'object' ? (resource as { id?: unknown }).id : undefined;
  return typeof id === 'string' ? { id } : {};
};

const listProblem = (resources: unknown): string | undefined => {
  if (!Array.isArray(resources)) return `must be a list, not ${quoted(resources)}`;
  return resources.length > MOST_RESOURCES
    ? `must not be over ${MOST_RESOURCES}; there are ${resources.length}`
    : undefined;
};

/**
 * In document order; empty if all is well. Of two resources with one id or one path, the later has the problem.
 * `definitions`: the types that there are, by name. `placeOf`: how a resource is called in what is said about another one.
 */
export const findResourceProblems = (
  resources: unknown,
  definitions: ResourceDefinitions = shippedDefinitions,
  placeOf: PlaceOf = (index) => `resources[${index}]`,
): readonly ResourceProblem[] => {
  const message = listProblem(resources);
  if (message !== undefined) return harden([{ index: -1, path: 'resources', message }]);
  const unique = makeUnique(placeOf);
  const list = resources as readonly unknown[];
  const own = list.map((resource) => [...problemsOfOne(resource, definitions)]);
  const ofOrder = findOrderProblems(
    list.map((resource, index) => linkOf(resource, own[index]!.length === 0, definitions)),
  );
  const ofEdits = findEditProblems(
    list.flatMap((resource, index) => {
      if (own[index]!.length > 0) return [];
      const sound = resource as Resource;
      return [{ index, resource: sound, definition: lookUp(definitions, sound.type)! }];
    }),
    placeOf,
  );
  const problems = list.flatMap((resource, index) => {
    if (own[index]!.length > 0) return own[index]!.map((problem) => placed(index, problem));
    const sound = resource as Resource;
    const { owns, about } = lookUp(definitions, sound.type)!;
    const path = owns?.(sound);
    const subject = about?.(sound);
    return [
      ...unique('id', sound.id, index, 'id'),
      ...(path === undefined ? [] : unique('path', path, index, 'path')),
      ...(subject === undefined ? [] : unique(sound.type, subject, index)),
      ...[...(ofOrder.get(index) ?? []), ...(ofEdits.get(index) ?? [])].map((problem) => placed(index, problem)),
    ];
  });
  return harden(problems);
};
harden(findResourceProblems);
