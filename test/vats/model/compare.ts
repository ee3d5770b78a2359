/** Compares what a program led to with what it must lead to; throws with words that say where they differ. */
import { expectSame } from './expect-same.ts';
import { refsIn, type Answer, type Expected } from './plain-answers.ts';
import { bytesOrder, sortedEntries, type PlainState } from './plain-state.ts';
import { pageOf, type PlainPage, type Result } from './plain-turn.ts';
import type { Observed, RealAnswer } from './real-world.ts';
import type { RealResult } from './actors.ts';

/** Which real reference is which actor of the model: both ways, one for one. */
export interface Identities {
  readonly idOf: Map<object, number>;
  readonly refOf: Map<number, object>;
}

const meet = ({ idOf, refOf }: Identities, id: number, ref: object): void => {
  expectSame('the actor of a reference', idOf.get(ref) ?? id, id);
  expectSame('the reference of an actor', refOf.get(id) ?? ref, ref);
  idOf.set(ref, id);
  refOf.set(id, ref);
};

type RealPage = { readonly entries: readonly (readonly [string, number])[]; readonly next: string | null };

/** What was there all the while is in the page once, and nothing that never was. */
const checkPage = (page: RealPage, { owner, after, limit }: PlainPage, states: readonly PlainState[]): void => {
  const maps = states.flatMap(({ actors }) => actors.get(owner) ?? []).map((actor) => new Map(sortedEntries(actor)));
  const keys = page.entries.map(([key]) => key);
  expectSame('the order of a page', keys, [...new Set(keys)].sort(bytesOrder));
  expectSame('a page within its limit', keys.length <= limit, true);
  for (const [key, n] of page.entries) {
    expectSame(`key ${key} of a page after ${after}`, after === '' || bytesOrder(key, after) > 0, true);
    expectSame(
      `value of ${key} in a page`,
      maps.some((map) => map.get(key) === n),
      true,
    );
  }
  const reach = (key: string): boolean =>
    (after === '' || bytesOrder(key, after) > 0) && (page.next === null || bytesOrder(key, page.next) <= 0);
  for (const key of maps[0]?.keys() ?? []) {
    if (maps.every((map) => map.has(key)) && reach(key)) expectSame(`${key} in a page`, keys.includes(key), true);
  }
};

const compareResult = async (
  identities: Identities,
  real: RealResult,
  plain: Result,
  states: readonly PlainState[] | undefined,
): Promise<void> => {
  if (typeof plain !== 'object' || 'code' in plain) return expectSame('a result', real, plain);
  if (typeof real !== 'object') return expectSame('a result', real, plain);
  if ('ref' in plain) return meet(identities, plain.ref, (real as { ref: object }).ref);
  if ('results' in plain) {
    const inner = (real as { results: readonly RealResult[] }).results;
    return compareResults(identities, inner, plain.results, states);
  }
  const asked = (real as { page: Promise<RealPage> }).page;
  if (states === undefined) {
    asked.catch(() => {});
    return undefined;
  }
  const page = await asked;
  if (states.length > 1) return checkPage(page, plain.page, states);
  const owner = states[0]!.actors.get(plain.page.owner)!;
  return expectSame('a page', page, pageOf(owner, plain.page));
};

const compareResults = async (
  identities: Identities,
  real: readonly RealResult[],
  plain: readonly Result[],
  states: readonly PlainState[] | undefined,
): Promise<void> => {
  expectSame('how many results', real.length, plain.length);
  for (const [at, result] of plain.entries()) await compareResult(identities, real[at]!, result, states);
};

const outcome = (answer: Answer | RealAnswer): string =>
  typeof answer === 'string' ? answer : 'code' in answer ? answer.code : 'answered';

/** Gives the references that the host got. */
export const compareStep = async (
  identities: Identities,
  expected: Expected,
  observed: Observed,
): Promise<readonly number[]> => {
  if (observed.early !== undefined && expected.early !== undefined) {
    expectSame('what was told before it was durable', observed.early.tells, expected.early.tells);
    expectSame(
      'what was answered before it was durable',
      observed.early.answers.map(outcome),
      expected.early.answers.map(outcome),
    );
  }
  if (expected.refusals !== undefined) {
    const { refused } = observed;
    expectSame(
      `what became of an older process: ${refused ?? 'it began'}`,
      refused === undefined ? expected.refusals.size === 0 : expected.refusals.has(refused),
      true,
    );
  }
  expectSame('what was told', observed.tells, expected.tells);
  expectSame('what was answered', observed.answers.map(outcome), expected.answers.map(outcome));
  const refs: number[] = [];
  for (const [at, answer] of expected.answers.entries()) {
    const real = observed.answers[at]!;
    if (typeof answer === 'string' || 'code' in answer || typeof real === 'string' || 'code' in real) continue;
    await compareResults(identities, real.results, answer.results, expected.pageStates);
    refs.push(...refsIn(answer));
  }
  return refs;
};
