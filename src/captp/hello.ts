/**
 * The first frame of each side: who speaks, and which versions. The dialling side begins; the listening side answers with its own
 * when it lets the other in. There is no silent downgrade: of the versions that both speak the highest is taken, and if there is
 * none, both sides end the session and say which of them is to be upgraded.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Message } from './message.ts';
import { isPeerId, shortId, type PeerId } from './peer-id.ts';
import { quote } from './slots.ts';

export interface VersionRange {
  readonly lowest: number;
  readonly highest: number;
}

/** What a side says about itself. */
export interface Hello {
  readonly versions: VersionRange;
  readonly peerId: PeerId;
  /** How often its store was opened. A lower one than last time: the store is a copy, or from a backup. */
  readonly epoch: number;
  /** Name and version of its program, for people. */
  readonly software: string;
  /** Does it keep references over restarts? Then durable numbers are spoken, if both do. */
  readonly durable: boolean;
}

const SOFTWARE_LENGTH = 100;

export const helloText = ({ versions, peerId, epoch, software, durable }: Hello): string =>
  JSON.stringify({ type: 'hello', gobs: [versions.lowest, versions.highest], peer: peerId, epoch, software, durable });
harden(helloText);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isRange = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && isCount(value[0]) && isCount(value[1]) && value[0] <= value[1];

/** Throws PROTOCOL_ERROR. */
export const readHello = (message: Message): Hello => {
  const { type, gobs, peer, epoch, software, durable } = message;
  if (type !== 'hello') throw makeError('PROTOCOL_ERROR', `a message of type ${quote(type)} where a hello is expected`);
  if (!isRange(gobs)) throw makeError('PROTOCOL_ERROR', 'a hello without a range of versions');
  if (!isPeerId(peer)) throw makeError('PROTOCOL_ERROR', `a hello of peer ${quote(peer)}`);
  if (!isCount(epoch) || typeof durable !== 'boolean' || typeof software !== 'string') {
    throw makeError('PROTOCOL_ERROR', `a hello of peer ${shortId(peer)} without epoch, software or durable`);
  }
  return harden({
    versions: { lowest: gobs[0], highest: gobs[1] },
    peerId: peer,
    epoch,
    software: software.replace(/[^\x20-\x7e]/g, '?').slice(0, SOFTWARE_LENGTH),
    durable,
  });
};
harden(readHello);

const rangeText = ({ lowest, highest }: VersionRange): string =>
  lowest === highest ? `protocol ${lowest}` : `protocols ${lowest} to ${highest}`;

/** The version that both speak. Throws PROTOCOL_MISMATCH, which says the same on both sides. */
export const agreedVersion = (ours: Hello, theirs: Hello): number => {
  const version = Math.min(ours.versions.highest, theirs.versions.highest);
  if (version >= Math.max(ours.versions.lowest, theirs.versions.lowest)) return version;
  const [older, newer] = ours.versions.highest < theirs.versions.highest ? [ours, theirs] : [theirs, ours];
  const name = ({ software, peerId }: Hello) => `${software} (peer ${shortId(peerId)})`;
  throw makeError(
    'PROTOCOL_MISMATCH',
    `${name(older)} speaks ${rangeText(older.versions)}, ${name(newer)} ${rangeText(newer.versions)}`,
    { hint: `upgrade ${name(older)}` },
  );
};
harden(agreedVersion);

/** Is it who it must be? `proven`: by the transport. `expected`: by who dialled. Throws PEER_MISMATCH. */
export const checkIdentity = (claimed: PeerId, proven: PeerId | undefined, expected: PeerId | undefined): void => {
  if (proven !== undefined && claimed !== proven) {
    throw makeError(
      'PEER_MISMATCH',
      `the other side has the key of peer ${proven} and says that it is peer ${claimed}`,
    );
  }
  if (expected !== undefined && claimed !== expected) {
    throw makeError('PEER_MISMATCH', `peer ${claimed} answered where peer ${expected} was dialled`);
  }
};
harden(checkIdentity);
