/**
 * Durable references in one session: the names that the kernel has for them, and the numbers that the two peers have agreed on.
 *
 *   what it is                      its name here        written by us
 *   an actor of ours                vat:…                o+d<our number for that peer>
 *   an object of that peer          peer:<it>/<n>        o-d<n>: its own number, so it gets its own object
 *   an object of a third peer       peer:<third>/<n>     o+d<our number>: we pass calls on
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Kernel } from '../vats/kernel-contract.ts';
import { formatPeerName, isDurableName, parsePeerName, type RefName } from '../vats/names.ts';
import type { DurableSlots } from './session-tables.ts';
import { shortId, type PeerId } from './peer-id.ts';
import type { PeerTable } from './peer-table.ts';
import { parseSlot } from './slots.ts';

export interface DurableSlotsOptions {
  readonly kernel: Pick<Kernel, 'nameOf' | 'refOf'>;
  /** The other side, which has proven it. */
  readonly peerId: PeerId;
  readonly table: PeerTable;
  /** What is sent from now on leaves after this is fulfilled. */
  readonly hold: (until: Promise<void>) => void;
  /** Why the other side may not use what it was given under that name. */
  readonly whyNot?: ((peerId: PeerId, name: RefName) => Error | undefined) | undefined;
}

export const makeDurableSlots = ({ kernel, peerId, table, hold, whyNot }: DurableSlotsOptions): DurableSlots => {
  let held: Promise<void> | undefined;

  return harden({
    slotOf: (value) => {
      const name = kernel.nameOf(value);
      if (name === undefined || !isDurableName(name)) return undefined;
      const home = parsePeerName(name);
      if (home?.peer === peerId) return `o-d${home.number}`;
      const { number, written } = table.numberOf(name);
      if (written !== undefined && written !== held) {
        held = written;
        hold(written);
      }
      return `o+d${number}`;
    },
    valueOf: (theirSlot) => {
      const { sendersOwn, number } = parseSlot(theirSlot);
      if (sendersOwn) return kernel.refOf(formatPeerName(peerId, number));
      const name = table.nameOf(number);
      if (name === undefined) {
        throw makeError('NO_SUCH_EXPORT', `peer ${shortId(peerId)} was never given a reference number ${number}`, {
          hint: 'one of the two stores may be from a backup',
        });
      }
      const reason = whyNot?.(peerId, name);
      if (reason !== undefined) throw reason;
      return kernel.refOf(name);
    },
  } satisfies DurableSlots);
};
harden(makeDurableSlots);
