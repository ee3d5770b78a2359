/**
 * Keys of hobs whose machines are gone, and of which nothing else is kept: a key's row has the name of its machine, as text. Such a key enrols for no
 * other machine, and its sessions are ended and recorded, so that somebody sees which host was left running.
 *
 *   revoked       key → name of its machine
 *   revokedOrder  a ring: <how many keys were revoked before it, modulo the size> → key
 *
 * The list is bounded, and the oldest drop out. Nothing that a key may do hangs on it: a key's authority was what its peer had been given, and that is
 * gone with the peer's table (src/captp/forget-peer.ts). Whoever has a key that has dropped out has what a key made this minute has:
 * a session as a stranger, in which there is nothing to call. To be a hob again takes an enrolment locator, with which any key would do. So to push a key out
 * gains nothing, and it takes somebody who destroys as many machines as the list is long.
 */
import type { BossPortrait } from './boss-portrait.ts';

/** → whether it is one more. `most`: how long the list may be. */
export const revokeKey = (
  { revoked, revokedOrder }: Pick<BossPortrait, 'revoked' | 'revokedOrder'>,
  most: number,
  revocations: number,
  key: string,
  machine: string,
): boolean => {
  if (revoked.has(key)) return false;
  const place = String(revocations % most);
  const oldest = revokedOrder.get(place);
  if (oldest !== undefined) revoked.delete(oldest);
  revokedOrder.set(place, key);
  revoked.set(key, machine);
  return true;
};
harden(revokeKey);
