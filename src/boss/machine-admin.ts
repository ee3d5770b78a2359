/** The facet of whoever owns the machine: what it is to be, what it is given, and its end. */
import { keyEQ, M, matches } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import { counted } from '../protocol/counted.ts';
import { findResourceProblems } from '../protocol/resources/resource-problems.ts';
import type { DesiredState, DesiredStateChange, Resource } from '../protocol/shapes.ts';
import { boundedRequest, isTracePage } from '../protocol/trace.ts';
import { E } from '../vats/eventual-send.ts';
import { confirmMachine } from './confirm-machine.ts';
import { heldState } from './held.ts';
import { isDoomed, requireForgettable, take, taskFor } from './lifecycle.ts';
import type { Admin } from './machine-facets.ts';
import { askHob, operatorMethods, requireHob } from './machine-operator.ts';
import type { MachineTurn } from './machine-turn.ts';
import { makeWantedState } from './wanted-state.ts';

const NamesShape = M.arrayOf(M.string({ stringLengthLimit: 63 }), { arrayLengthLimit: 100_000 });

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

const setDesired = (turn: MachineTurn, { policy, resources }: DesiredStateChange): number => {
  const { portrait, situation, online, held, note, change } = turn;
  const { name, desired, generation, hob, holds, progress } = portrait;
  if (isDoomed(progress)) throw makeError('MACHINE_BUSY', `${situation().name}: it is ${progress.state}`);
  if (resources !== undefined) requireSound(name, resources);
  const old = desired.get();
  const next = makeWantedState({
    generation: generation + 1,
    policy: policy ?? old.policy,
    resources: resources ?? old.resources,
  });
  if (next.policy === old.policy && keyEQ(next.resources, old.resources)) return generation;
  desired.set(next);
  note(`desired state ${next.generation}: ${counted(next.resources.length, 'resource')}, policy ${next.policy}`);
  change({ generation: next.generation, policy: next.policy, holds: heldState(holds, next) });
  // What a hob that is not there misses, it finds when it attaches or pulls.
  if (hob !== null && online() && !held) void E(hob).push(next);
  return next.generation;
};

const forget = (turn: MachineTurn): Promise<{ readonly remains: readonly string[] }> => {
  const { portrait, self, powers, situation } = turn;
  const { id, provider, providerName, progress } = portrait;
  requireForgettable(progress, situation());
  return powers.on(
    E(provider).remains(id),
    (remains) => self.lifecycle.drop(remains),
    (reason) => self.lifecycle.drop([`unknown: provider ${providerName} could not say (${(reason as Error).message})`]),
  );
};

export const adminMethods = (turn: MachineTurn): Admin => {
  const { portrait, situation, change } = turn;
  const { progress, desired, name } = portrait;

  const destroy = (): void => {
    // Whoever decides that now has looked at it.
    const confirmed = turn.held ? { confirmed: turn.powers.restores, holds: null } : {};
    if (taskFor('destroy', progress, situation()) === 'destroy') {
      change({ ...confirmed, progress: take(progress, 'destroy', null) });
    } else if (turn.held) {
      confirmMachine(turn);
    }
  };

  return {
    ...operatorMethods(turn),
    desired: (): DesiredState => {
      const { generation, policy, resources } = desired.get();
      return { generation, policy, resources };
    },
    setDesired: (wanted) => setDesired(turn, wanted),
    destroy,
    forget: () => forget(turn),
    confirm: () => confirmMachine(turn),
    bind: (binding, reference) => askHob(turn, E(requireHob(turn)).bind(binding, reference), () => undefined),
    unbind: (binding) => askHob(turn, E(requireHob(turn)).unbind(binding), () => undefined),
    lookup: (binding) =>
      askHob(turn, E(requireHob(turn)).lookup(binding), (reference) => {
        if (matches(reference as never, M.remotable())) return reference;
        throw makeError('PROTOCOL_ERROR', `${name}: its hob answered with something that is no reference`);
      }),
    bindings: () =>
      askHob(turn, E(requireHob(turn)).bindings(), (names) => {
        if (matches(names as never, NamesShape)) return names;
        throw makeError('PROTOCOL_ERROR', `${name}: its hob answered with something that is no list of names`);
      }),
    trace: (request = {}) =>
      askHob(turn, E(requireHob(turn)).trace(boundedRequest(request)), (page) => {
        if (isTracePage(page)) return page;
        throw makeError('PROTOCOL_ERROR', `${name}: its hob answered with something that is no trace`);
      }),
  };
};
harden(adminMethods);
