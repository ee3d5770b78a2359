/** What a step of the plain model must lead to. */
import type { PlainState } from './plain-state.ts';
import type { Result } from './plain-turn.ts';
import type { VatName } from './program.ts';

export type Answer = { readonly results: readonly Result[] } | { readonly code: string } | 'unsettled';

/** By vat; only of those that told something. */
export type Tells = Readonly<Record<VatName, readonly number[]>>;

export interface Expected {
  /** In the order of the messages. */
  readonly answers: readonly Answer[];
  readonly tells: Tells;
  /** For `overlap`: what is there while the first batch is being written. */
  readonly early?: undefined | { readonly answers: readonly Answer[]; readonly tells: Tells };
  /** The states in which a page that was asked for by each message may have been read; undefined where nothing can be said. */
  readonly pageStates: readonly PlainState[] | undefined;
  /** For `older`: the codes with which the store may be refused; none if it must be opened. */
  readonly refusals?: ReadonlySet<string>;
}

export const joinTells = (...all: readonly Tells[]): Tells => {
  const joined: Record<VatName, number[]> = {};
  for (const tells of all) for (const [vat, told] of Object.entries(tells)) (joined[vat] ??= []).push(...told);
  return joined;
};

/** Of a step that says nothing. */
export const nothing = (): Expected => ({ answers: [], tells: {}, pageStates: undefined });

/** The references in an answer, in order: the host has them now. */
export const refsIn = (answer: Answer | Result): number[] => {
  if (typeof answer !== 'object') return [];
  if ('ref' in answer) return [answer.ref];
  return 'results' in answer ? answer.results.flatMap(refsIn) : [];
};
