/**
 * What the boss's own process calls: at its start, from time to time, and when other peers come and go. It is the vat's root and never
 * leaves the process.
 */
import { M } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import type { Boss, MachineHobSide } from '../protocol/remotes.ts';
import type { ProviderSettings } from '../providers/contract.ts';
import { E } from '../vats/eventual-send.ts';
import type { BossFacets } from './boss.ts';
import type { BossTurn } from './boss-turn.ts';
import { clearGone } from './clear-gone.ts';
import type { Denial, Gate } from './machine-facets.ts';
import { pageThrough } from './page-through.ts';
import { configureProvider } from './providers.ts';
import { recordRefusal } from './refusals.ts';
import { reviveMachines } from './revive-machines.ts';
import { sealedSecret } from './secrets.ts';

/** Who is at the door: the peer id is proven by its session. `address` is for people. */
export interface Visitor {
  readonly peerId: string;
  readonly address: string;
}

export interface ConfiguredProvider {
  readonly name: string;
  readonly type: string;
  readonly settings: ProviderSettings;
}

/** As its caller sees it, through `E()`. */
export interface BossProcess {
  admin(): Boss;
  /** Makes a provider, in a vat of its own, and makes it known under its name. Known already: nothing changes. */
  configure(configured: ConfiguredProvider): void;
  /** As it is stored. Rejects NO_SUCH_SECRET. */
  sealedSecret(name: string): string;
  /** Takes up every open intent. To be called at each start, and after a failed commit. */
  resume(): void;
  /**
   * Starts machines that ought to run and, as their provider says, do not: after the host was restarted. To be called at each start, when
   * hobs can connect.
   */
  revive(): void;
  /** Fails what hobs should have done by now, and lets go of what is long gone (clear-gone.ts). To be called from time to time. */
  expire(): void;
  /**
   * Somebody presents a secret that is no ordinary locator's. Gives the hob its side of its machine, or rejects: LOCATOR_UNKNOWN,
   * ENROLMENT_SPENT, ENROLMENT_EXPIRED, ENROLMENT_REFUSED, MACHINE_GONE. All but the first are recorded: a guess is worth no row.
   */
  present(secretHash: string, visitor: Visitor): MachineHobSide;
  /** The same of somebody who cannot be a hob. Rejects LOCATOR_UNKNOWN, or ENROLMENT_REFUSED, which is recorded. */
  presentInVain(secretHash: string, visitor: Visitor): never;
  /**
   * A session begins. Rejects MACHINE_GONE, and records it, if the peer is the hob of a machine that is gone: then it must be ended. Is it
   * a machine's hob?
   */
  arrived(visitor: Visitor): boolean;
  /** A session has ended; boss's clock. Peers that are no hobs change nothing. Is it a machine's hob? */
  left(peerId: string, at: number): boolean;
  /**
   * The key of a machine's hob was used from two places at once: the session from `first` lives, that from `second` was refused. It is
   * recorded. Peers that are no hobs change nothing.
   */
  copied(peerId: string, first: string, second: string): void;
  /**
   * A peer's store has been opened fewer times than it once had (`seen`). It is recorded. Peers that are no hobs change nothing. Is it a machine's hob?
   */
  older(peerId: string, seen: number, shown: number): boolean;
}

const text = M.string({ stringLengthLimit: 300 });
const visitorShape = M.splitRecord({ peerId: text, address: text });

export const BossProcessI = M.interface('BossProcess', {
  admin: M.call().returns(M.remotable('Boss')),
  configure: M.call(M.splitRecord({ name: text, type: text, settings: M.record() })).returns(),
  sealedSecret: M.call(text).returns(M.string()),
  resume: M.call().returns(M.promise()),
  revive: M.call().returns(M.promise()),
  expire: M.call().returns(M.promise()),
  present: M.call(text, visitorShape).returns(M.any()),
  presentInVain: M.call(text, visitorShape).returns(M.promise()),
  arrived: M.call(visitorShape).returns(M.any()),
  left: M.call(text, M.number()).returns(M.boolean()),
  copied: M.call(text, text, text).returns(),
  older: M.call(text, M.number(), M.number()).returns(M.boolean()),
});

type Later<T> = {
  readonly [N in keyof T]: T[N] extends (...args: infer A) => infer R ? (...args: A) => R | Promise<R> : never;
};
export type NearProcess = Later<Omit<BossProcess, 'admin' | 'present'>> & {
  admin(): object;
  present(secretHash: string, visitor: Visitor): object | Promise<never>;
};

/** As much of a gate as is left of a machine of which nothing is kept but the key of its hob. */
type Noted = Pick<Gate, 'title' | 'note'>;
const vanished = (name: string): Noted => ({ title: () => name, note: () => {} });

const timesWords = (times: number): string => (times === 1 ? '' : ` (time ${times})`);

/** Others try for ever and a log is bounded, so there is a line for the 1st, 2nd, 4th, 8th, … time. */
const noteSeldom = (gate: Noted, times: number, line: string): void => {
  if (Number.isInteger(Math.log2(times))) gate.note(line);
};

export const bossProcessMethods = (turn: BossTurn, self: BossFacets): NearProcess => {
  const { bcom, portrait, tools } = turn;
  const { providers, intents, enrolments, hobs, revoked } = portrait;

  /** How often it has been so by now. */
  const record = (gate: Noted, code: string, visitor: Visitor): number => {
    const refusals = recordRefusal(portrait.refusals, { at: tools.now(), machine: gate.title(), code, ...visitor });
    bcom({ ...portrait, refusals });
    return refusals.at(-1)!.times;
  };

  /** A turn that throws leaves no trace, and this one must: so it answers with a promise that is rejected. */
  const deny = (gate: Noted, { code, message, hint }: Denial, visitor: Visitor): Promise<never> => {
    const times = record(gate, code, visitor);
    noteSeldom(
      gate,
      times,
      `turned away ${visitor.peerId.slice(0, 8)}… from ${visitor.address}: ${code}${timesWords(times)}`,
    );
    const { promise, reject } = tools.promiseKit<never>();
    reject(makeError(code, message, hint === undefined ? {} : { hint }));
    return promise;
  };

  const gateFor = (secretHash: string): Gate => {
    const enrolment = enrolments.get(secretHash);
    if (enrolment === undefined) throw makeError('LOCATOR_UNKNOWN', 'no object has that locator');
    return enrolment.gate;
  };

  /** Of a machine that is there, or gone not long ago, or at least its name. */
  const ownerOf = (peerId: string): Noted | undefined => {
    const name = revoked.get(peerId);
    return hobs.get(peerId) ?? (name === undefined ? undefined : vanished(name));
  };

  const present: NearProcess['present'] = (secretHash, visitor) => {
    const gate = gateFor(secretHash);
    const { peerId, address } = visitor;
    const own = hobs.get(peerId);
    if ((own !== undefined && own !== gate) || revoked.has(peerId)) {
      return deny(
        gate,
        { code: 'ENROLMENT_REFUSED', message: 'this key is that of the hob of another machine' },
        visitor,
      );
    }
    const denial = gate.judge(secretHash, peerId);
    if (denial !== null) return deny(gate, denial, visitor);
    if (own === undefined) hobs.set(peerId, gate);
    return gate.enrol(peerId, address);
  };

  return {
    admin: () => self.admin,
    configure: ({ name, type, settings }) => {
      if (!providers.has(name)) configureProvider(turn, { name, type, settings });
    },
    sealedSecret: (name) => sealedSecret(turn, name),
    // Each machine goes on in a turn of its own, so that one that cannot keeps no other from it.
    resume: () =>
      pageThrough(intents, tools, (entries) => {
        for (const [, { lifecycle }] of entries) void E(lifecycle).resume();
      }),
    revive: () => reviveMachines(portrait, tools),
    expire: () => {
      const failed = pageThrough(intents, tools, (entries) => {
        for (const [, { lifecycle }] of entries) void E(lifecycle).expire();
      });
      const cleared = clearGone(turn);
      return tools.on(failed, () => cleared);
    },
    present,
    presentInVain: (secretHash, visitor) => {
      const message = 'an enrolment locator is for a hob, which has a key and keeps what it is given';
      return deny(gateFor(secretHash), { code: 'ENROLMENT_REFUSED', message }, visitor);
    },
    arrived: (visitor) => {
      const gate = hobs.get(visitor.peerId);
      const owner = ownerOf(visitor.peerId);
      if (owner === undefined) return false;
      if (gate?.isGone() === false) {
        gate.comes();
        return true;
      }
      return deny(
        owner,
        { code: 'MACHINE_GONE', message: 'the machine of this hob was destroyed or forgotten' },
        visitor,
      );
    },
    left: (peerId, at) => {
      hobs.get(peerId)?.left(at);
      return ownerOf(peerId) !== undefined;
    },
    copied: (peerId, first, second) => {
      const gate = ownerOf(peerId);
      if (gate === undefined) return;
      const times = record(gate, 'PEER_ALREADY_CONNECTED', { peerId, address: second });
      noteSeldom(
        gate,
        times,
        `its key is used from two places (a copy of its directory?): ${second} was turned away, ${first} stays`,
      );
    },
    older: (peerId, seen, shown) => {
      const gate = ownerOf(peerId);
      gate?.note(
        `its hob's store is at opening ${shown}, and was at ${seen}: a copy of its directory, or from a backup`,
      );
      return gate !== undefined;
    },
  };
};
harden(bossProcessMethods);
