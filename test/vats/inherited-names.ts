/** Prints, under the lockdown of production, how a record is written whose properties are called as those that every object inherits. */
import '../../src/lockdown.ts';
import { makeMarshal } from '@endo/marshal';
import process from 'node:process';
import { encodePlain } from '../../src/vats/plain-smallcaps.ts';

const names = Object.getOwnPropertyNames(Object.prototype);
const value = harden(Object.fromEntries(names.map((name) => [name, 'x'])));
const none = (): never => {
  throw Error('there is no reference in it');
};
const { toCapData } = makeMarshal(none, none, { serializeBodyFormat: 'smallcaps' });
const plain = encodePlain(value, none)?.body;
process.stdout.write(JSON.stringify({ plain, marshalled: toCapData(value as never).body }));
