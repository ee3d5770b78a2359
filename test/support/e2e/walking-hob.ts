/**
 * A hob that was taken over: a peer with a key of its own that speaks to a real boss by TLS and says what a walker likes. It keeps
 * what it hears, and has in hand what an honest peer keeps to itself: the object that a session starts from, and references by number.
 */
import { E } from '@endo/eventual-send';
import { Far } from '@endo/far';
import { makeEffort } from '../../../src/captp/effort.ts';
import { makeDurableSlots } from '../../../src/captp/durable-slots.ts';
import { defaultLimits } from '../../../src/captp/limits.ts';
import { parseLocator } from '../../../src/captp/locator.ts';
import { makePeerTables } from '../../../src/captp/peer-table.ts';
import { makeSession, type Session } from '../../../src/captp/session.ts';
import type { KeyPair } from '../../../src/captp/key-pair.ts';
import { makeError } from '../../../src/errors/gobs-error.ts';
import { HobI } from '../../../src/protocol/interfaces.ts';
import type { MachineHobSide } from '../../../src/protocol/remotes.ts';
import { protocolVersions } from '../../../src/protocol/version.ts';
import { formatPeerName, parsePeerName } from '../../../src/vats/names.ts';
import { methodsOf } from '../authority-walk.ts';
import { makeFakeKernel, type FakeKernel } from '../fake-kernel.ts';
import type { Sandbox } from './sandbox.ts';
import { newKey, realPowers, tlsOf } from './test-peer.ts';

export interface WalkingHob {
  readonly keyPair: KeyPair;
  /** What the boss gives to it when it calls; a reference of the kernel's. */
  readonly own: object;
  /** All arguments of all calls that the boss made. */
  readonly heard: readonly unknown[];
  readonly kernel: FakeKernel;
  /** A session in which nothing was said yet. */
  dial(): Promise<Session>;
  connect(): Promise<Visit>;
}

/** One session. */
export interface Visit {
  readonly session: Session;
  /** What it starts from. */
  readonly bootstrap: object;
  /** What the locator names. */
  readonly side: MachineHobSide;
  /** The reference that the boss knows by that number, if it does. */
  numbered(number: number): object;
  /** Resolves when all that was asked is answered, or nothing has been for a while that is long enough. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

const ROUNDS = 10;

const hangUp = async (session: Session): Promise<void> => {
  session.close(makeError('SESSION_CLOSED', 'the walker goes'));
  await session.gone;
};

export const makeWalkingHob = (sandbox: Sandbox, locator: string): WalkingHob => {
  const keyPair = newKey();
  const kernel = makeFakeKernel();
  const tables = makePeerTables(kernel.committer);
  const { peerId: boss, address, secret } = parseLocator(locator);
  const heard: unknown[] = [];
  let live: Session | undefined;

  const own = kernel.add(
    'vat:hob/hob/1/self',
    Object.fromEntries(
      methodsOf(HobI).map((method) => [
        method,
        (...args: unknown[]) => {
          heard.push(...args);
          return method === 'push' ? (args[0] as { generation: number }).generation : undefined;
        },
      ]),
    ),
  );
  kernel.setRouter('peer', {
    deliver: (name, method, args) => live!.ask(`o-d${parsePeerName(name)!.number}`, method, args),
  });

  const dial = async (): Promise<Session> => {
    const session = makeSession({
      connection: await tlsOf(keyPair).dial(address, boss),
      dialled: boss,
      ours: { versions: protocolVersions, peerId: keyPair.peerId, epoch: 1, software: 'a walker', durable: true },
      limits: defaultLimits,
      powers: realPowers,
      effort: makeEffort(),
      admit: async () => {},
      makeBootstrap: () => Far('Nothing', {}),
      makeDurable: (_other, hold) => makeDurableSlots({ kernel, peerId: boss, table: tables.of(boss), hold }),
    });
    live = session;
    sandbox.atEnd(() => hangUp(session));
    await session.opened;
    return session;
  };

  const connect = async (): Promise<Visit> => {
    const session = await dial();
    const bootstrap = (await session.bootstrap()) as { enliven(text: string): MachineHobSide };
    const side = (await E(bootstrap).enliven(secret)) as MachineHobSide;
    return {
      session,
      bootstrap,
      side,
      numbered: (number) => kernel.refOf(formatPeerName(boss, number)),
      quiet: async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          await E(side)
            .pull()
            .catch(() => undefined);
          await new Promise(setImmediate);
          if (session.counts().questions === 0) return;
        }
      },
      close: () => hangUp(session),
    };
  };

  return { keyPair, own, heard, kernel, dial, connect };
};
