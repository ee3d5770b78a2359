/**
 * Where a machine's hob comes in: with a locator, once; from then on it is known by its key. The boss asks `judge` first, writes down
 * what it says, and lets in whoever may.
 */
import { makeError } from '../errors/gobs-error.ts';
import { arrived, isDoomed } from './lifecycle.ts';
import type { Denial, Gate } from './machine-facets.ts';
import type { MachineTurn } from './machine-turn.ts';

/** It may have been used since, by a hob that is not known any more, and who else has it is not known either. */
const voidLocator: Denial = harden({
  code: 'ENROLMENT_EXPIRED',
  message: 'the boss was restored from a backup, and this enrolment locator is from before',
  hint: 'an admin of the boss confirms the machine and starts it, which makes a new one',
});

/** What a stranger is told names no machine. */
const judge = (
  { portrait: { hobKey, enrolment, progress }, held, powers }: MachineTurn,
  secretHash: string,
  key: string,
): Denial | null => {
  if (isDoomed(progress)) {
    return { code: 'MACHINE_GONE', message: 'the machine of this enrolment locator was destroyed' };
  }
  // The winner may have lost its answer in a crash, and its locator may have expired meanwhile.
  if (hobKey === key) return null;
  if (hobKey !== null) {
    return { code: 'ENROLMENT_SPENT', message: 'this enrolment locator was used already, by another hob' };
  }
  if (held) return voidLocator;
  if (enrolment === null || enrolment.secretHash !== secretHash || powers.now() >= enrolment.expiresAt) {
    return { code: 'ENROLMENT_EXPIRED', message: 'this enrolment locator has expired' };
  }
  return null;
};

export const gateMethods = (turn: MachineTurn): Gate => {
  const { portrait, self, powers, held, note, noteOfOthers, change } = turn;
  const { name, hobKey, progress } = portrait;
  return {
    title: () => name,
    judge: (secretHash, key) => harden(judge(turn, secretHash, key)),
    enrol: (key, address) => {
      if (hobKey === key) return self.hobSide;
      if (hobKey !== null) throw makeError('ENROLMENT_SPENT', `${name}: a hob was enrolled already`);
      note(`enrolled the hob with key ${key.slice(0, 8)}… from ${address}`);
      change({ hobKey: key, lastSeen: powers.now(), progress: arrived(progress, false) });
      return self.hobSide;
    },
    note: noteOfOthers,
    left: (at) => {
      if (hobKey !== null) powers.parts(hobKey);
      if (progress.state === 'gone') return;
      noteOfOthers('its hob is not connected any more');
      change({ lastSeen: at });
    },
    isGone: () => progress.state === 'gone',
    comes: () => {
      if (hobKey !== null) powers.hobComes(hobKey, held);
      powers.touched(name);
    },
  };
};
harden(gateMethods);
