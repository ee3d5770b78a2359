/**
 * What all facets of a machine share in one turn: its portrait, what can be said of it, and the one way to change it.
 *
 * `change` is called at most once by a method, at its end. Everything that follows from a change follows here: the revision rises and who
 * waited for it is told, the log has a line, the boss's index of open intents is kept, and a job that was opened goes to the provider. All of
 * it is part of the same turn, so all of it is written or none; what is sent leaves after the commit.
 */
import type { MachineStatus } from '../protocol/shapes.ts';
import type { Become, TurnTools } from '../vats/kind.ts';
import type { Greeted } from './greeted.ts';
import type { HobDoor } from './hob-door.ts';
import { isHeld } from './held.ts';
import type { Situation } from './lifecycle.ts';
import type { MachineFacets } from './machine-facets.ts';
import { pursue } from './machine-jobs.ts';
import type { MachinePortrait } from './machine-portrait.ts';
import { statusOf } from './machine-status.ts';
import type { StatusWaiters } from './status-waiters.ts';

/** Bound to the kind by the host. All but `newNonce` and `connected` are pure, or as good as. */
export interface MachinePowers extends Greeted, HobDoor {
  /** Random text. */
  readonly newNonce: () => string;
  /** The enrolment of a machine: the same for the same id and nonce, as long as the boss has its key. `locator` is a secret. */
  readonly mint: (machineId: string, nonce: string) => { readonly locator: string; readonly secretHash: string };
  /** The text of a secret of the boss. Pure. */
  readonly openSecret: (name: string, sealed: string) => string;
  /** How long a locator can be used to enrol. Milliseconds. */
  readonly enrolmentLife: number;
  /** Is there a session with that peer, now? */
  readonly connected: (peerId: string) => boolean;
  /** Whose a reference is; undefined for what is no other peer's. */
  readonly peerOf: (reference: object) => string | undefined;
  /** How often the boss's store was restored from a backup; 0: never. */
  readonly restores: number;
  /** How often it was opened. */
  readonly epoch: number;
  /** For the boss's log: a hob says that it has seen a higher epoch. */
  readonly tellEpoch: (machine: string, seen: number) => void;
  readonly waitBeyond: StatusWaiters['waitBeyond'];
  readonly leave: StatusWaiters['leave'];
  /** A machine of that name is not as it was, if this turn is written. */
  readonly touched: (name: string) => void;
}

export interface MachineTurn {
  readonly portrait: MachinePortrait;
  readonly self: MachineFacets;
  readonly powers: MachinePowers & TurnTools<MachinePortrait>;
  readonly online: () => boolean;
  /** See held.ts. */
  readonly held: boolean;
  readonly situation: () => Situation;
  readonly status: () => MachineStatus;
  readonly note: (what: string) => void;
  /** Of what the hob, or somebody who would be it, did. */
  readonly noteOfOthers: (what: string) => void;
  readonly change: (update: Partial<MachinePortrait>) => void;
  /** When this turn is written; never fulfilled if it is not. */
  readonly durable: () => Promise<void>;
}

const progressWords = ({ progress: { state, failure } }: MachinePortrait): string =>
  failure === null ? state : `failed while ${failure.in}: ${failure.code}: ${failure.message}`;

export const makeMachineTurn = (
  bcom: Become<MachinePortrait>,
  self: MachineFacets,
  portrait: MachinePortrait,
  powers: MachinePowers & TurnTools<MachinePortrait>,
): MachineTurn => {
  const { id, registry, log } = portrait;

  const isOnline = ({ hob, hobKey, progress }: MachinePortrait): boolean =>
    hob !== null && hobKey !== null && progress.state !== 'gone' && powers.connected(hobKey);

  const describe = (of: MachinePortrait): MachineStatus => {
    const { restores, epoch } = powers;
    return statusOf(of, { online: isOnline(of), now: powers.now(), restores, epoch });
  };

  const followJob = (before: MachinePortrait['progress']['job'], next: MachinePortrait): void => {
    const { job } = next.progress;
    if (job === null && before !== null) registry.closed(id);
    if (job === null || job.number === before?.number) return;
    registry.opened(id, job.task, self.lifecycle);
    pursue(next, self, powers);
  };

  const change: MachineTurn['change'] = (update) => {
    const next = harden({ ...portrait, ...update, revision: portrait.revision + 1 });
    bcom(next);
    if (progressWords(next) !== progressWords(portrait)) log.note(progressWords(next));
    followJob(portrait.progress.job, next);
    powers.leave(id, portrait.revision, describe(next));
    powers.touched(next.name);
  };

  const held = isHeld(portrait, powers.restores);
  return {
    portrait,
    self,
    powers,
    online: () => isOnline(portrait),
    held,
    // The hob of a held machine may be a thief's: that it is there must keep nobody from dropping the machine.
    situation: () => ({ name: portrait.name, enrolled: portrait.hobKey !== null, online: isOnline(portrait) && !held }),
    status: () => describe(portrait),
    note: (what) => log.note(what),
    noteOfOthers: (what) => log.noteOfOthers(what),
    change,
    durable: () => {
      const { promise, resolve } = powers.promiseKit<void>();
      resolve();
      return promise;
    },
  };
};
harden(makeMachineTurn);
