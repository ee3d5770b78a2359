/**
 * What a machine is to be, and who said so. It is said by a document (`gobs apply`) or by hand (a REPL, a program); and what a document said is kept beside
 * what is wanted now, so that the next plan can show what somebody changed by hand before it is undone.
 *
 *   applyDocument ──▶ desired = what it said        applied = { digest }              nothing is kept twice
 *   setDesired    ──▶ desired = something else      applied = { digest, said }        the old one moves over, once
 *   setDesired    ──▶ desired = as it was           applied = { digest }
 *
 * So the cell of what was applied is small unless the two differ, and never larger than a desired state.
 */
import { keyEQ } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import { counted } from '../protocol/counted.ts';
import { findLabelProblems, labelsText } from '../protocol/labels.ts';
import { findResourceProblems } from '../protocol/resources/resource-problems.ts';
import type {
  DesiredState,
  DesiredStateChange,
  DocumentedState,
  Labels,
  PlanBasis,
  PlannedFrom,
  Resource,
  WantedState,
} from '../protocol/shapes.ts';
import { E } from '../vats/eventual-send.ts';
import { heldState } from './held.ts';
import { isDoomed } from './lifecycle.ts';
import type { MachinePortrait } from './machine-portrait.ts';
import { secretsFor } from './machine-secrets.ts';
import type { MachineTurn } from './machine-turn.ts';
import { digestOfSaid, makeWantedState } from './wanted-state.ts';

type Said = Pick<DesiredState, 'policy' | 'resources'>;

/** What the last document said of a machine. */
export interface AppliedState {
  /** Boss's clock. */
  readonly at: number;
  /** Of what it said, whatever the secrets are that it names. */
  readonly digest: string;
  readonly labels: Labels;
  /** null: what is wanted now. */
  readonly said: Said | null;
}

/** Throws BAD_DESIRED_STATE, with the place of the first problem. */
export const requireSound = (name: string, resources: readonly Resource[]): void => {
  const [first, ...others] = findResourceProblems(resources);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const { path, message, hint } = first;
  throw makeError(
    'BAD_DESIRED_STATE',
    `machines.${name}.${path}: ${message}${more}`,
    hint === undefined ? {} : { hint },
  );
};
harden(requireSound);

/** Throws BAD_LABEL. */
export const requireLabels = (name: string, labels: Labels): void => {
  const [first] = findLabelProblems(labels);
  if (first === undefined) return;
  const { key, message } = first;
  throw makeError(
    'BAD_LABEL',
    `machines.${name}.labels${key === undefined ? '' : `[${JSON.stringify(key)}]`}: ${message}`,
  );
};
harden(requireLabels);

/** Throws MACHINE_BUSY. */
const requireWanted = ({ portrait: { name, progress } }: MachineTurn): void => {
  if (isDoomed(progress)) throw makeError('MACHINE_BUSY', `${name}: it is ${progress.state}`);
};

const notSaid = (applied: AppliedState | null, old: WantedState, next: WantedState): AppliedState | null => {
  const digest = digestOfSaid(next);
  if (applied === null || digestOfSaid(old) === digest) return applied;
  if (applied.digest === digest) return { ...applied, said: null };
  if (applied.said !== null) return applied;
  return { ...applied, said: { policy: old.policy, resources: old.resources } };
};

/** In one change of the machine. Returns the generation. Throws NO_SUCH_SECRET. */
const want = (turn: MachineTurn, said: Said, labels: Labels): number => {
  const { portrait, online, held, note, change } = turn;
  const { desired, generation, hob, holds, name, registry } = portrait;
  const old = desired.get();
  const secrets = secretsFor(name, said.resources, (names) => registry.sealedSecrets(names));
  const next = makeWantedState({ generation: generation + 1, ...said, secrets });
  const isSame = next.digest === old.digest;
  const isLabelled = keyEQ(labels, portrait.labels);
  if (isSame && isLabelled) return generation;
  if (!isLabelled) note(`labels: ${labelsText(labels) || 'none'}`);
  if (isSame) {
    change({ labels });
    return generation;
  }
  desired.set(next);
  note(`desired state ${next.generation}: ${counted(next.resources.length, 'resource')}, policy ${next.policy}`);
  change({ labels, generation: next.generation, policy: next.policy, holds: heldState(holds, next) });
  // What a hob that is not there misses, it finds when it attaches or pulls.
  if (hob !== null && online() && !held) void E(hob).push(next);
  return next.generation;
};

/** Throws MACHINE_BUSY, BAD_DESIRED_STATE. */
export const setDesired = (turn: MachineTurn, { policy, resources }: DesiredStateChange): number => {
  const { name, applied, desired, labels } = turn.portrait;
  requireWanted(turn);
  if (resources !== undefined) requireSound(name, resources);
  const old = desired.get();
  const generation = want(turn, { policy: policy ?? old.policy, resources: resources ?? old.resources }, labels);
  const before = applied.get();
  const after = notSaid(before, old, desired.get());
  if (after !== before) applied.set(harden(after));
  return generation;
};
harden(setDesired);

/** Throws MACHINE_BUSY, BAD_LABEL. */
export const setLabels = (turn: MachineTurn, labels: Labels): void => {
  requireWanted(turn);
  requireLabels(turn.portrait.name, labels);
  const { policy, resources } = turn.portrait.desired.get();
  want(turn, { policy, resources }, labels);
};
harden(setLabels);

/** Of what was said last, which is what is wanted now. */
export const makeAppliedState = (at: number, wanted: WantedState, labels: Labels): AppliedState =>
  harden({ at, digest: digestOfSaid(wanted), labels, said: null });
harden(makeAppliedState);

/** Throws MACHINE_BUSY, CHANGED_MEANWHILE, BAD_DESIRED_STATE, BAD_LABEL. */
export const applyDocument = (turn: MachineTurn, wanted: DocumentedState, from: PlannedFrom): number => {
  const { portrait, powers } = turn;
  const { name, applied, desired } = portrait;
  requireWanted(turn);
  if (from.generation !== portrait.generation || !keyEQ(from.labels, portrait.labels)) {
    throw makeError('CHANGED_MEANWHILE', `${name}: what it is to be was changed since this was planned`, {
      hint: 'plan again, and look',
    });
  }
  requireSound(name, wanted.resources);
  requireLabels(name, wanted.labels);
  const { labels, ...said } = wanted;
  const generation = want(turn, said, labels);
  const before = applied.get();
  const after = makeAppliedState(powers.now(), desired.get(), labels);
  const isNews =
    before === null || before.said !== null || before.digest !== after.digest || !keyEQ(before.labels, after.labels);
  if (isNews) applied.set(after);
  return generation;
};
harden(applyDocument);

export const planBasis = ({ applied, desired, labels, options }: MachinePortrait): PlanBasis => {
  const { generation, policy, resources } = desired.get();
  const digest = digestOfSaid({ policy, resources });
  const last = applied.get();
  return harden({
    desired: { generation, policy, resources },
    labels,
    options,
    applied: last && { at: last.at, labels: last.labels, same: last.digest === digest },
  });
};
harden(planBasis);
