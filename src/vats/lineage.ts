/**
 * What a kind was before: the labels that it had, and the steps that make its newest portrait from every older one.
 *
 *   host 1 ──step──▶ host 2 ──step──▶ machine 3          { label: 'machine', version: 3, formerly: ['host'], upgrades: [step, step] }
 *
 * Steps are code of a vat, and run in the turn that revives the actor. They make data from data: what a step may do beside is in
 * `UpgradeTools`. See docs/how-to/upgrade-a-kind.md.
 */
import type { DurableMap, SpawnableKind } from './kind.ts';
import { isLabel, LABEL } from './names.ts';

/** What a step may do. It can also read and write maps; it can call and send to nothing else. */
export interface UpgradeTools<S = unknown> {
  /** As `behave` gets it: the actor's reference, or the record of its facets. To be kept, not called. */
  readonly self: S;
  /** The turn's time: milliseconds since 1970. */
  now(): number;
  /** Makes an actor of this vat; it is there if the upgrade is. */
  spawn<P2, S2>(kind: SpawnableKind<P2, S2>, portrait: P2): S2;
  makeMap<V>(): DurableMap<V>;
}

/** Makes the portrait of the next version from that of one version. What it throws keeps the actor from being revived. */
export type UpgradeStep<S = unknown> = (portrait: never, tools: UpgradeTools<S>) => unknown;

export interface Lineage {
  readonly label: string;
  readonly version: number;
  readonly formerly: readonly string[];
  /** `upgrades[n - 1]` is the step from version n. */
  readonly upgrades: readonly UpgradeStep<never>[];
}

export interface LineageOptions {
  readonly label: string;
  readonly version?: number;
  readonly formerly?: readonly string[];
  readonly upgrades?: readonly unknown[];
}

// Bounded, so that every key of the store is.

const AsyncFunction = Object.getPrototypeOf(async () => {}) as object;

const requireLabel = (label: string): void => {
  if (!isLabel(label)) throw TypeError(`kind label ${JSON.stringify(label)} must match ${LABEL}`);
};

/** Throws TypeError for what makes no sense: a label that cannot be, a version without its steps, a step that is no synchronous function. */
export const readLineage = ({ label, version = 1, formerly = [], upgrades = [] }: LineageOptions): Lineage => {
  const labels = [label, ...formerly];
  labels.forEach(requireLabel);
  if (new Set(labels).size < labels.length) throw TypeError(`kind ${label}: a label is named twice`);
  if (!Number.isSafeInteger(version) || version < 1) throw TypeError(`kind ${label}: version must count from 1`);
  if (upgrades.length !== version - 1) {
    throw TypeError(`kind ${label}: version ${version} needs ${version - 1} upgrades, there are ${upgrades.length}`);
  }
  upgrades.forEach((step, index) => {
    if (typeof step !== 'function' || Object.getPrototypeOf(step) === AsyncFunction) {
      throw TypeError(`kind ${label}: the upgrade from version ${index + 1} must be a synchronous function`);
    }
  });
  return { label, version, formerly, upgrades: upgrades as readonly UpgradeStep<never>[] };
};
harden(readLineage);
