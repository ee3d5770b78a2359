/** How the boss makes a machine: everything that can be refused is refused before anything is written. */
import { makeError } from '../errors/gobs-error.ts';
import { isName, noDrift, type MachineSpec } from '../protocol/shapes.ts';
import { cellKind } from '../vats/actor-lib/cell.ts';
import type { BossPortrait } from './boss-portrait.ts';
import type { BossTurn } from './boss-turn.ts';
import { noEpochs } from './held.ts';
import { nothingYet } from './lifecycle.ts';
import { makeAppliedState, requireLabels, requireSound } from './machine-desired.ts';
import type { Admin, MachineFacets } from './machine-facets.ts';
import { machineLogKind } from './machine-log.ts';
import type { MachinePortrait } from './machine-portrait.ts';
import { secretsFor } from './machine-secrets.ts';
import { machineKind } from './machine.ts';
import { requireProvider } from './providers.ts';
import { sealedSecrets } from './secrets.ts';
import { digestOfSpec } from './spec-digest.ts';
import { makeWantedState } from './wanted-state.ts';

/** Throws BAD_NAME, NAME_TAKEN. */
const requireNewName = ({ machines }: BossPortrait, name: string): void => {
  if (!isName(name)) {
    throw makeError('BAD_NAME', `${JSON.stringify(name)}: a machine's name must match [a-z][a-z0-9-]{0,62}`);
  }
  const other = machines.get(name);
  if (other === undefined) return;
  const { state } = other.status();
  throw makeError('NAME_TAKEN', `${name}: there is a machine of that name (${state})`, {
    hint:
      state === 'destroying'
        ? 'the name is free when it is gone'
        : 'choose another name, or destroy that machine first',
  });
};

const spawnMachine = (
  { portrait, registry, restoration, tools: { now, spawn } }: BossTurn,
  about: Pick<MachinePortrait, 'name' | 'id' | 'options' | 'providerName' | 'provider' | 'request'>,
  { policy = 'report', resources = [], labels = {} }: MachineSpec,
  documented: boolean,
): MachineFacets => {
  // As if it had been set: nothing that differs from nothing is no generation.
  const generation = policy === 'report' && resources.length === 0 ? 0 : 1;
  const secrets = secretsFor(about.name, resources, (names) => sealedSecrets(portrait.secrets, names));
  const desired = makeWantedState({ generation, policy, resources, secrets });
  return spawn(machineKind, {
    ...about,
    registry,
    progress: nothingYet,
    enrolment: null,
    hobKey: null,
    hob: null,
    lastSeen: null,
    generation,
    policy,
    labels,
    reported: null,
    drift: noDrift,
    revision: 0,
    confirmed: restoration.restores,
    holds: null,
    epochs: noEpochs,
    desired: spawn(cellKind, { value: desired }) as MachinePortrait['desired'],
    applied: spawn(cellKind, {
      value: documented ? makeAppliedState(now(), desired, labels) : null,
    }) as MachinePortrait['applied'],
    received: spawn(cellKind, { value: null }) as MachinePortrait['received'],
    facts: spawn(cellKind, { value: null }) as MachinePortrait['facts'],
    log: spawn(machineLogKind, []),
  });
};

/**
 * Throws BAD_NAME, NAME_TAKEN, NO_SUCH_PROVIDER, BAD_DESIRED_STATE, BAD_LABEL, REQUEST_CONFLICT. With a request id that was used for the same before: the
 * same machine, even if it is gone, for a day.
 */
export const createMachine = (
  turn: BossTurn,
  name: string,
  spec: MachineSpec,
  { requestId, documented = false }: { readonly requestId?: string; readonly documented?: boolean },
): Admin => {
  const { portrait, bcom } = turn;
  const { requests, machines, nextMachine } = portrait;
  const before = requestId === undefined ? undefined : requests.get(requestId);
  if (before !== undefined) {
    if (before.name === name && before.digest === digestOfSpec(spec)) return before.machine;
    throw makeError('REQUEST_CONFLICT', `${name}: request ${requestId} was used before, for another machine or spec`);
  }
  requireNewName(portrait, name);
  const { provider } = requireProvider(portrait, spec.provider, `machines.${name}.provider: `);
  requireSound(name, spec.resources ?? []);
  requireLabels(name, spec.labels ?? {});
  const number = Math.max(nextMachine, turn.restoration.firstNumber);
  const about = {
    ...{ name, id: `m${number}`, options: spec.options ?? {}, providerName: spec.provider, provider },
    request: requestId ?? null,
  };
  const { admin, lifecycle } = spawnMachine(turn, about, spec, documented);
  machines.set(name, admin);
  if (requestId !== undefined) requests.set(requestId, harden({ machine: admin, name, digest: digestOfSpec(spec) }));
  bcom({ ...portrait, nextMachine: number + 1 });
  lifecycle.create();
  return admin;
};
harden(createMachine);
