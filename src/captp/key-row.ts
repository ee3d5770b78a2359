/**
 * A peer's key in its store: row `k/peer`, sealed. It is made once, and synced before anybody sees its public half, so that a peer that
 * was met once is met again; and a backup of the store has it, for whoever has the sealing key.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Store, StoreOp } from '../vats/store.ts';
import { keyPairFromPem, makeKeyPair, type KeyPair } from './key-pair.ts';

const row = 'k/peer';

export interface KeyRowPowers {
  readonly store: Pick<Store, 'get' | 'write'>;
  /** Of src/sealing. */
  readonly seal: {
    seal(context: string, text: string): string;
    unseal(context: string, sealed: string): string;
  };
  /** What is written with it if it is made: the row that says with which key it is sealed. Undefined if that is there. */
  readonly newRow?: StoreOp | undefined;
  readonly randomBytes: (count: number) => Uint8Array;
}

/**
 * The key of that store, made if nothing was sealed there yet. Called before the vats write. Rejects STORE_DAMAGED, KEY_UNUSABLE or
 * SEAL_BROKEN, or as `write` does.
 */
export const openPeerKey = async ({ store, seal, newRow, randomBytes }: KeyRowPowers): Promise<KeyPair> => {
  const sealed = store.get(row);
  // Both rows were written in one batch, and a new key would make this a new peer.
  if ((sealed === undefined) !== (newRow !== undefined)) {
    const lost = sealed === undefined ? row : 'k/!';
    throw makeError('STORE_DAMAGED', `row ${lost} is missing`, { hint: 'nothing was changed; restore a backup' });
  }
  if (sealed !== undefined) return keyPairFromPem(seal.unseal(row, sealed), `row ${row}`);
  const made = makeKeyPair(randomBytes(32));
  await store.write([newRow!, { type: 'put', key: row, value: seal.seal(row, made.privateKeyPem) }]);
  return made;
};
harden(openPeerKey);
