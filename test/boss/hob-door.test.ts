import { expect, test } from 'vitest';
import { makeHobDoor } from '../../src/boss/hob-door.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';

const key = 'a'.repeat(52);
const other = 'b'.repeat(52);
const side = 'vat:boss/machine/7/hobSide';
const admin = 'vat:boss/machine/7/admin';

test('who is held may use the side of a hob and nothing else, until it is confirmed', async () => {
  const { hobComes, hobConfirmed, whyNot } = makeHobDoor(() => {});
  hobComes(key, true);
  hobComes(other, false);
  const names = [admin, 'vat:boss/boss/1/admin', 'vat:provider-hobSide/machine/7/hobSide', `peer:${other}/1`];
  expect(names.map((name) => codeOf(whyNot(key, name)))).toEqual(names.map(() => 'RESTORE_UNCONFIRMED'));
  expect([whyNot(key, side), whyNot(other, admin)]).toEqual([undefined, undefined]);
  hobConfirmed(key, Promise.reject(Error('it was not written')));
  await Promise.resolve();
  expect(codeOf(whyNot(key, admin))).toBe('RESTORE_UNCONFIRMED');
  await Promise.resolve(hobConfirmed(key, Promise.resolve()));
  expect(whyNot(key, admin)).toBe(undefined);
});

test('sessions end when it is written that the machine is gone', async () => {
  const closed: string[] = [];
  const { hobEnds } = makeHobDoor((peerId, reason) => closed.push(`${peerId} ${codeOf(reason)}`));
  const written = Promise.withResolvers<void>();
  hobEnds(key, written.promise);
  hobEnds(other, Promise.reject(Error('it was not written')));
  await Promise.resolve();
  expect(closed).toEqual([]);
  written.resolve();
  await written.promise;
  expect(closed).toEqual([`${key} MACHINE_GONE`]);
});
