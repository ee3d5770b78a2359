/**
 * One run of resources, looked at or mended, and who is told of it.
 *
 *     look at those that have notify ──▶ note what will be owed ──▶ mend ──▶ take back what was not touched ──▶ settle with those that were told
 *
 * Without notify there is no look beforehand: `converge` looks itself. In a check nothing is noted, told or settled.
 */
import { codeOf } from '../../errors/gobs-error.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { OwedNotes } from '../owed.ts';
import type { Host, ResourceType, TogetherOutcome } from '../resources/contract.ts';
import { inParallel } from './in-parallel.ts';
import { changed, failure, type Outcome } from './outcome.ts';

export interface WorkRequest {
  readonly type: ResourceType;
  readonly apply: boolean;
  readonly host: Host;
  readonly owed: OwedNotes;
  /** Milliseconds since 1970. */
  now(): number;
}

interface Item {
  readonly resource: Resource;
  /** Ids of those because of whom it is to be told; empty: it is not. */
  readonly because: readonly string[];
}

/** Of a type that may, so many are worked on at once. */
const AT_ONCE = 8;

const convergeAll = async (
  items: readonly Item[],
  apply: boolean,
  { type, host }: WorkRequest,
  mending = apply,
): Promise<readonly TogetherOutcome[]> => {
  if (items.length === 0) return [];
  if (type.convergeTogether !== undefined) {
    return type.convergeTogether(
      items.map(({ resource }) => resource),
      host,
      apply,
      mending,
    );
  }
  return inParallel(items, type.parallel === true ? AT_ONCE : 1, async ({ resource, because }) => {
    const circumstances = apply && because.length > 0 ? { notified: true } : {};
    try {
      return { changes: await type.converge(resource, host, apply, circumstances) };
    } catch (error) {
      return { error };
    }
  });
};

const effectOf = ({ resource, because }: Item, { definition }: ResourceType): readonly Change[] => {
  if (because.length === 0 || definition.effect === undefined) return [];
  const from = `due since a change of ${because.map((id) => JSON.stringify(id)).join(', ')}`;
  return [{ what: definition.effect(resource), from, to: 'done' }];
};

/** In a converge, for one resource after the other: what others left half-written is removed before anything new is begun. */
const sweep = async (resource: Resource, { type: { definition }, host }: WorkRequest): Promise<void> => {
  const path = definition.owns?.(resource) ?? definition.edits?.(resource);
  if (path !== undefined) await host.files.sweep(path);
};

/** Codes of errors that say that nothing was touched. */
const untouched: readonly string[] = harden(['VALIDATION_FAILED']);

const wasTouched = (result: TogetherOutcome): boolean =>
  'error' in result ? !untouched.includes(codeOf(result.error)) : result.changes.length > 0;

const notifies = ({ resource: { notify = [] } }: Item): boolean => notify.length > 0;

/** Of those that notify and differ it is noted, before they are touched; what comes back has an outcome already, or what takes the note back. */
const lookFirst = async (
  items: readonly Item[],
  request: WorkRequest,
): Promise<ReadonlyMap<Item, Outcome | (() => Promise<void>)>> => {
  const found = new Map<Item, Outcome | (() => Promise<void>)>();
  const careful = items.filter(notifies);
  const results = await convergeAll(careful, false, request, true);
  for (const [index, item] of careful.entries()) {
    const result = results[index]!;
    const { resource, because } = item;
    if ('error' in result) found.set(item, failure(result.error));
    else if (result.changes.length === 0 && because.length === 0) found.set(item, { state: 'ok' });
    else {
      const noted = request.owed.owe(resource.id, resource.notify!);
      found.set(item, await noted.catch((error: unknown) => failure(error)));
    }
  }
  return found;
};

const mend = async (items: readonly Item[], request: WorkRequest): Promise<ReadonlyMap<Item, Outcome>> => {
  const { type, owed, now } = request;
  const looked = await lookFirst(items, request);
  const outcomes = new Map<Item, Outcome>();
  const due: Item[] = [];
  for (const item of items) {
    const found = looked.get(item);
    if (found === undefined || typeof found === 'function') due.push(item);
    else outcomes.set(item, found);
  }
  const results = await convergeAll(due, true, request);
  for (const [index, item] of due.entries()) {
    const result = results[index]!;
    const takeBack = looked.get(item);
    const told = 'changes' in result && item.because.length > 0;
    if (typeof takeBack === 'function' && !told && !wasTouched(result)) await takeBack();
    if (told) await owed.settle([item.resource.id]);
    const outcome = 'error' in result ? failure(result.error) : changed(result.changes, effectOf(item, type), now);
    outcomes.set(item, outcome);
  }
  return outcomes;
};

const check = async (items: readonly Item[], request: WorkRequest): Promise<ReadonlyMap<Item, Outcome>> => {
  const results = await convergeAll(items, false, request);
  return new Map(
    items.map((item, index) => {
      const result = results[index]!;
      return [item, 'error' in result ? failure(result.error) : changed(result.changes, effectOf(item, request.type))];
    }),
  );
};

/** One outcome for each, in their order. Never rejects for what a host or a type does. */
export const workOn = async (resources: readonly Resource[], request: WorkRequest): Promise<readonly Outcome[]> => {
  const { apply, owed } = request;
  const outcomes: Outcome[] = [];
  const items = new Map<Item, number>();
  for (const [index, resource] of resources.entries()) {
    try {
      if (apply) await sweep(resource, request);
      items.set({ resource, because: owed.becauseOf(resource.id) }, index);
    } catch (error) {
      outcomes[index] = failure(error);
    }
  }
  try {
    const all = [...items.keys()];
    const found = await (apply ? mend(all, request) : check(all, request));
    for (const [item, outcome] of found) outcomes[items.get(item)!] = outcome;
  } catch (error) {
    for (const index of items.values()) outcomes[index] ??= failure(error);
  }
  return outcomes;
};
harden(workOn);
