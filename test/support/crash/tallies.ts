/** Tallies: the small actors of a desk. Their kind is called anew now and then, and two of them may refer to each other. */
import { M } from '@endo/patterns';
import { defineKind, type SpawnableKind } from '../../../src/vats/kind.ts';
import { AgeShape, ageOfNew, lookAtAge, stepsTo, type Age, type AgeLook } from './aging.ts';

export interface LoneTallyLook extends AgeLook {
  readonly sum: number;
}

export interface TallyLook extends LoneTallyLook {
  readonly other: LoneTallyLook | null;
}

export interface Tally {
  add(number: number): void;
  fail(number: number): never;
  befriend(other: Tally): void;
  lookAlone(): LoneTallyLook;
  look(): TallyLook;
}

interface TallyPortrait {
  readonly sum: number;
  readonly other: Tally | null;
  readonly age: Age;
}

export type TallyKind = SpawnableKind<TallyPortrait, Tally>;

export const newTally = (version: number, sum: number, other: Tally | null = null): TallyPortrait =>
  harden({ sum, other, age: ageOfNew(version) });

/** `tally`, from version 3 on `tally-3`, then `tally-6`; the newest first. */
const labelsAt = (version: number): readonly string[] =>
  Array.from({ length: Math.floor(version / 3) + 1 }, (_, index) =>
    index === 0 ? 'tally' : `tally-${3 * index}`,
  ).reverse();

export const makeTallyKind = (version: number): TallyKind => {
  const [label, ...formerly] = labelsAt(version) as [string, ...string[]];
  return defineKind<TallyPortrait, Tally>({
    label,
    version,
    formerly,
    upgrades: stepsTo(version),
    guard: M.interface('Tally', {
      add: M.call(M.number()).returns(),
      fail: M.call(M.number()).returns(),
      befriend: M.call(M.remotable()).returns(),
      lookAlone: M.call().returns(M.record()),
      look: M.call().returns(M.record()),
    }),
    portrait: M.splitRecord({ sum: M.number(), other: M.or(M.null(), M.remotable()), age: AgeShape }),
    behave: (bcom, _self, { sum, other, age }) => {
      const add = (number: number): void => bcom((latest) => ({ ...latest, sum: latest.sum + number }));
      const lookAlone = (): LoneTallyLook => harden({ sum, ...lookAtAge(age) });
      return {
        add,
        fail: (number) => {
          add(number);
          throw Error('on purpose, after bcom');
        },
        befriend: (friend) => bcom((latest) => ({ ...latest, other: friend })),
        lookAlone,
        look: () => harden({ ...lookAlone(), other: other?.lookAlone() ?? null }),
      };
    },
  });
};
