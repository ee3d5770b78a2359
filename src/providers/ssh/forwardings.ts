/** The forwardings of all machines of a driver that have one: at most one for each. */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { describeError } from '../../errors/gobs-error.ts';
import { makeSeldom } from '../../errors/seldom.ts';
import type { Connection } from './connection.ts';
import { keepForwarding, type Forwarding } from './forwarding.ts';
import type { HostOptions } from './options.ts';
import type { HostRecord } from './records.ts';

export interface ForwardingsPowers {
  readonly connectTo: (options: HostOptions) => Promise<Connection>;
  readonly dialBoss: () => Duplex;
  readonly bossId: () => string;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly now: () => number;
  readonly random: () => number;
  /** For the boss's log. */
  readonly tell: (fields: object, message: string) => void;
}

export interface Forwardings {
  /**
   * Resolves with the port on the host when it is open, which it is kept from then on. Rejects HOST_UNREACHABLE, HOST_NOT_MANAGEABLE and as connecting
   * does; then it is not kept.
   */
  open(record: HostRecord, options: HostOptions): Promise<number>;
  /** Opens it, now or as soon as it can be. */
  keep(record: HostRecord, options: HostOptions): void;
  drop(machineId: string): void;
}

/** Below those that systems give to whoever asks for any. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** The same for a machine for ever, also for a boss that was restored elsewhere and has no record. */
export const portFor = (bossId: string, machineId: string): number => {
  const digest = createHash('sha256')
    .update(JSON.stringify([bossId, machineId]))
    .digest();
  return FIRST_PORT + (digest.readUInt32BE(0) % (LAST_PORT - FIRST_PORT));
};
harden(portFor);

export const makeForwardings = (powers: ForwardingsPowers): Forwardings => {
  const { connectTo, bossId, tell } = powers;
  const seldom = makeSeldom({ now: powers.now });
  const running = new Map<string, Forwarding>();

  const begin = ({ machineId, name, port }: HostRecord, options: HostOptions): Forwarding => {
    const known = running.get(machineId);
    if (known !== undefined) return known;
    const forwarding = keepForwarding(port ?? portFor(bossId(), machineId), {
      ...powers,
      connect: () => connectTo(options),
      tell: (reason, retryIn) => {
        const left = seldom(machineId);
        if (left === undefined) return;
        tell({ machine: name, ...describeError(reason), retryIn, left }, 'the way of a hob to its boss is not open');
      },
    });
    running.set(machineId, forwarding);
    return forwarding;
  };

  const drop: Forwardings['drop'] = (machineId) => {
    running.get(machineId)?.close();
    running.delete(machineId);
  };

  return harden({
    open: async (record, options) => {
      // What one that was begun earlier failed with says nothing about now.
      await running.get(record.machineId)?.opened.catch(() => drop(record.machineId));
      try {
        await begin(record, options).opened;
      } catch (error) {
        drop(record.machineId);
        throw error;
      }
      return record.port ?? portFor(bossId(), record.machineId);
    },
    keep: (record, options) => void begin(record, options),
    drop,
  });
};
harden(makeForwardings);
