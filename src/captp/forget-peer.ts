/**
 * How what is kept of a peer goes. Killed anywhere, what is left says so itself, and whoever wanted the peer forgotten has to say it again.
 *
 *   p/<peer>/!  marked, and p/!  raised above its numbers ──▶ p/<peer>/n, x  batch by batch ──▶ p/<peer>/!
 *
 * Its numbers are given to no stranger after it, so not to itself should it come back: what it has kept of us names nothing, for ever. For that one
 * number is kept for all peers that were ever forgotten.
 */
import type { Committer } from '../vats/kernel-contract.ts';
import { pagesIn } from '../vats/key-order.ts';
import type { StoreOp } from '../vats/store.ts';
import type { PeerId } from './peer-id.ts';

/** Rows of a batch. */
const BATCH = 256;

/** `{"next":n}`: above the numbers of all peers that were forgotten. */
const floorKey = 'p/!';

/** The first number of a peer of which nothing is kept. */
export const strangersFirst = (committer: Pick<Committer, 'get'>): number => {
  const stored = committer.get(floorKey);
  return stored === undefined ? 1 : (JSON.parse(stored) as { readonly next: number }).next;
};
harden(strangersFirst);

/**
 * When it resolves, nothing is kept of that peer. Nobody may write rows of it meanwhile; what was written before the call is gone too.
 * Rejects with COMMIT_FAILED, STORE_UNUSABLE.
 */
export const forgetRows = async (committer: Committer, peerId: PeerId): Promise<void> => {
  const base = `p/${peerId}`;
  const stored = committer.get(`${base}/!`);
  if (stored === undefined) return;
  const row = JSON.parse(stored) as { readonly next: number; readonly forgotten?: true };
  if (row.forgotten !== true) {
    const next = Math.max(row.next, strangersFirst(committer));
    await committer.write([
      { type: 'put', key: `${base}/!`, value: JSON.stringify({ ...row, forgotten: true }) },
      { type: 'put', key: floorKey, value: JSON.stringify({ next }) },
    ]);
  }
  for await (const page of pagesIn(committer, { gt: `${base}/!`, lt: `${base}0` }, BATCH)) {
    const ops = page.map(([key]): StoreOp => ({ type: 'del', key }));
    if (page.length < BATCH) ops.push({ type: 'del', key: `${base}/!` });
    await committer.write(ops);
  }
};
harden(forgetRows);
