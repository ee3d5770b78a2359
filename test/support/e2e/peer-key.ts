/** The key of a peer, from its state directory, whether it runs or not: from a copy of its store, and the sealing key beside it. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyPairFromPem, type KeyPair } from '../../../src/captp/key-pair.ts';
import { parseKey } from '../../../src/sealing/key-file.ts';
import { makeSeal } from '../../../src/sealing/seal.ts';
import { rowsOf } from './rows-of.ts';

export const peerKeyIn = async (state: string): Promise<KeyPair> => {
  const copy = await mkdtemp(join(tmpdir(), 'gobs-key-'));
  try {
    await cp(join(state, 'store'), join(copy, 'store'), { recursive: true });
    const sealed = (await rowsOf(copy))['k/peer'];
    if (sealed === undefined) throw Error(`${state}: has no key yet`);
    const path = join(state, 'sealing-key');
    const seal = makeSeal(parseKey(await readFile(path, 'utf8'), path));
    return keyPairFromPem(seal.unseal('k/peer', sealed), 'row k/peer');
  } finally {
    await rm(copy, { recursive: true });
  }
};
