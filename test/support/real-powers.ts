/** The powers of a peer, real ones. */
import { randomBytes } from 'node:crypto';
import type { PeerPowers } from '../../src/captp/powers.ts';

export const realPowers: PeerPowers = {
  now: Date.now,
  setTimer: (callback, milliseconds) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  soon: (callback) => void setImmediate(callback),
  randomBytes: (count) => randomBytes(count),
};
