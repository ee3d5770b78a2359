/**
 * What the boss is stored as: its maps, each entry of which is a row of its own, and little else. A turn of the boss costs what it touches,
 * whatever the size of the fleet.
 */
import { M } from '@endo/patterns';
import type { Refusal } from '../protocol/shapes.ts';
import type { ProviderSettings } from '../providers/contract.ts';
import type { DurableMap } from '../vats/kind.ts';
import type { Task } from './lifecycle.ts';
import type { Admin, Gate, Lifecycle } from './machine-facets.ts';
import type { Provider } from './provider.ts';
import type { SecretRecord } from './secrets.ts';

/** A configured provider. Its actor is in the vat `provider-<name>`. */
export interface ProviderRecord {
  readonly type: string;
  readonly settings: ProviderSettings;
  readonly provider: Provider;
}

/**
 * For a client that did not hear the answer and asks again. Kept for a while when the machine is gone (clear-gone.ts): a late repetition makes
 * no new one.
 */
export interface RequestRecord {
  readonly machine: Admin;
  readonly name: string;
  /** Of its spec: spec-digest.ts. */
  readonly digest: string;
}

export interface IntentRecord {
  readonly task: Task;
  readonly lifecycle: Lifecycle;
}

/** An enrolment locator that was given out. */
export interface EnrolmentRecord {
  readonly gate: Gate;
  /** The hash of the one that was minted before it for the same machine. */
  readonly before: string | null;
}

/** Of a machine that is gone: what the boss still keeps of it. */
export interface GoneRecord {
  readonly machineId: string;
  readonly name: string;
  readonly hobKey: string | null;
  /** The id of the request that made it. */
  readonly request: string | null;
  /** Of the newest of its enrolment locators that is kept. */
  readonly secretHash: string | null;
}

export interface BossPortrait {
  /** By name. */
  readonly providers: DurableMap<ProviderRecord>;
  /** By name: those that are not gone. */
  readonly machines: DurableMap<Admin>;
  /** By request id. */
  readonly requests: DurableMap<RequestRecord>;
  /** The index of open intents, by machine id. */
  readonly intents: DurableMap<IntentRecord>;
  /** By the hash of an enrolment locator's secret. */
  readonly enrolments: DurableMap<EnrolmentRecord>;
  /** By the peer id of an enrolled hob. */
  readonly hobs: DurableMap<Gate>;
  /** By time and machine id, so the longest gone first. */
  readonly gone: DurableMap<GoneRecord>;
  /** Names of machines that are gone, by the peer ids of their hobs: revoked-keys.ts. */
  readonly revoked: DurableMap<string>;
  readonly revokedOrder: DurableMap<string>;
  /** How many keys were revoked. */
  readonly revocations: number;
  /** By name. Sealed. */
  readonly secrets: DurableMap<SecretRecord>;
  /** Newest last; bounded. */
  readonly refusals: readonly Refusal[];
  /** The number of the next machine's id. */
  readonly nextMachine: number;
}

const map = M.remotable('DurableMap');

export const BossPortraitShape = M.splitRecord({
  providers: map,
  machines: map,
  requests: map,
  intents: map,
  enrolments: map,
  hobs: map,
  gone: map,
  revoked: map,
  revokedOrder: map,
  revocations: M.number(),
  secrets: map,
  refusals: M.arrayOf(M.record()),
  nextMachine: M.number(),
});

/** Of a boss that has nothing yet. */
export const newBossPortrait = (makeMap: <V>() => DurableMap<V>): BossPortrait =>
  harden({
    providers: makeMap(),
    machines: makeMap(),
    requests: makeMap(),
    intents: makeMap(),
    enrolments: makeMap(),
    hobs: makeMap(),
    gone: makeMap(),
    revoked: makeMap(),
    revokedOrder: makeMap(),
    revocations: 0,
    secrets: makeMap(),
    refusals: [],
    nextMachine: 1,
  });
harden(newBossPortrait);
