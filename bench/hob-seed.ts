/** What the key of the hob of a machine is made from, so that those who seed a store and those who connect to it agree. */
import { createHash } from 'node:crypto';

export const hobSeed = (number: number): Uint8Array => createHash('sha256').update(`hob ${number}`).digest();
