/** Makes stores of bosses with many machines. */
import '../src/lockdown.ts';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import process from 'node:process';
import { Level } from 'level';
import { makeKeyPair } from '../src/captp/key-pair.ts';
import { peerIdOf } from '../src/captp/peer-id.ts';
import { openStore } from '../src/persistence/open-store.ts';
import type { StoreEntry } from '../src/vats/store.ts';
import { answerParent } from './answer-parent.ts';
import { makeFleetTemplate } from './fleet-template.ts';
import { hobSeed } from './hob-seed.ts';

export interface FleetOrder {
  /** State directory of the boss to be. */
  readonly directory: string;
  readonly machines: number;
  /** Hobs that can really connect: making a key takes long. The others have ids of keys that nobody has. */
  readonly realHobs: number;
}

const ROWS_PER_BATCH = 10_000;

const seed = async ({ directory, machines, realHobs }: FleetOrder): Promise<{ readonly rows: number }> => {
  const peerOf = (number: number): string =>
    number <= realHobs
      ? makeKeyPair(hobSeed(number)).peerId
      : peerIdOf(createHash('sha256').update(`nobody ${number}`).digest());
  const template = await makeFleetTemplate(peerOf);
  const store = await openStore({
    Level,
    fs,
    process,
    directory,
    now: () => Date.now(),
    randomId: () => 'fleet',
  });
  let batch: StoreEntry[] = [...template.shared(machines)];
  let rows = 0;
  const flush = async (): Promise<void> => {
    rows += batch.length;
    await store.write(batch.map(([key, value]) => ({ type: 'put', key, value })));
    batch = [];
  };
  for (let number = 1; number <= machines; number += 1) {
    batch.push(...template.machine(number));
    if (batch.length >= ROWS_PER_BATCH) await flush();
  }
  await flush();
  await store.close();
  return { rows };
};

answerParent({ seed });
