/** The facet of whoever owns the machine: what it is to be, what it is given, and its end. */
import { M, matches } from '@endo/patterns';
import { describeError, makeError } from '../errors/gobs-error.ts';
import type { DesiredState } from '../protocol/shapes.ts';
import { boundedRequest, isTracePage } from '../protocol/trace.ts';
import { E } from '../vats/eventual-send.ts';
import { confirmMachine } from './confirm-machine.ts';
import { requireForgettable, take, taskFor } from './lifecycle.ts';
import { applyDocument, planBasis, setDesired, setLabels } from './machine-desired.ts';
import type { Admin } from './machine-facets.ts';
import { askHob, operatorMethods, requireHob } from './machine-operator.ts';
import type { MachineTurn } from './machine-turn.ts';

const NamesShape = M.arrayOf(M.string({ stringLengthLimit: 63 }), { arrayLengthLimit: 100_000 });

const forget = (turn: MachineTurn): Promise<{ readonly remains: readonly string[] }> => {
  const { portrait, self, powers, situation } = turn;
  const { id, options, provider, providerName, progress } = portrait;
  requireForgettable(progress, situation());
  return powers.on(
    E(provider).remains({ machineId: id, options }),
    (remains) => self.lifecycle.drop(remains),
    (reason) => {
      const { code, message } = describeError(reason);
      return self.lifecycle.drop([`unknown: provider ${providerName} could not say (${code}: ${message})`]);
    },
  );
};

export const adminMethods = (turn: MachineTurn): Admin => {
  const { portrait, self, situation, change } = turn;
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
    setLabels: (labels) => setLabels(turn, labels),
    planBasis: () => planBasis(portrait),
    lastApplied: () => portrait.applied.get()?.said ?? null,
    applyDocument: (wanted, from) => applyDocument(turn, wanted, from),
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
    asExecutor: () => self.executor,
    asCopier: () => self.copier,
    asJournal: () => self.journal,
  };
};
harden(adminMethods);
