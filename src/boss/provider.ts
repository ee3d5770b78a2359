/**
 * A provider: the actor in front of one driver, alone in a vat of its own. What it sends to the driver leaves after the
 * commit, in the order of the calls; nothing that comes back is believed before it was looked at.
 */
import { M, matches, type Pattern } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import type { Confirmation, Instance, ProviderDriver, ProviderOptions } from '../providers/contract.ts';
import { E } from '../vats/eventual-send.ts';
import { defineKind } from '../vats/kind.ts';

/** As the boss sees it; what each method does is in the provider contract. */
export interface Provider extends Pick<
  ProviderDriver,
  'validate' | 'confirmations' | 'create' | 'start' | 'stop' | 'destroy' | 'list' | 'remains' | 'forget' | 'resume'
> {
  /** The name under which it is configured. */
  title(): string;
}

const machineId = M.string({ stringLengthLimit: 63 });
const options = M.recordOf(M.string(), M.or(M.string(), M.number(), M.boolean()));
const machine = M.splitRecord({ machineId, options });

export const ProviderI = M.interface('Provider', {
  title: M.call().returns(M.string()),
  validate: M.call(options).returns(M.promise()),
  confirmations: M.call(options).returns(M.promise()),
  create: M.call(M.splitRecord({ machineId, name: M.string(), options, locator: M.string() })).returns(M.promise()),
  start: M.call(machine).returns(M.promise()),
  stop: M.call(machine).returns(M.promise()),
  destroy: M.call(machine).returns(M.promise()),
  list: M.call().returns(M.promise()),
  remains: M.call(machine).returns(M.promise()),
  forget: M.call(machine).returns(M.promise()),
  resume: M.call().returns(M.promise()),
});

const InstancesShape = M.arrayOf(
  M.splitRecord({ machineId: M.string(), state: M.or('absent', 'stopped', 'running', 'broken', 'unknown') }),
  { arrayLengthLimit: 1_000_000 },
);
const line = M.string({ stringLengthLimit: 2_000 });
const ConfirmationsShape = M.arrayOf(
  M.splitRecord({ option: M.string({ stringLengthLimit: 60 }), value: line, question: line, hint: line }),
  { arrayLengthLimit: 20 },
);
const WordsShape = M.arrayOf(M.string({ stringLengthLimit: 10_000 }), { arrayLengthLimit: 1_000 });

export interface ProviderPortrait {
  readonly name: string;
}

export const providerKind = defineKind<ProviderPortrait, Provider, { readonly driver: ProviderDriver }>({
  label: 'provider',
  guard: ProviderI,
  portrait: M.splitRecord({ name: M.string() }),
  behave: (_bcom, _self, { name }, { driver, on }) => {
    const checked = <T>(answer: Promise<T>, shape: Pattern, what: string): Promise<T> =>
      on(answer, (value) => {
        if (matches(value, shape)) return value;
        throw makeError('PROVIDER_FAILED', `provider ${name} answered ${what} with something else`);
      });
    return {
      title: () => name,
      validate: (given: ProviderOptions) => E(driver).validate(given),
      confirmations: (given: ProviderOptions) =>
        checked<readonly Confirmation[]>(E(driver).confirmations(given), ConfirmationsShape, 'what is to be confirmed'),
      create: (request) => E(driver).create(request),
      start: (ref) => E(driver).start(ref),
      stop: (ref) => E(driver).stop(ref),
      destroy: (ref) =>
        checked<readonly string[]>(E(driver).destroy(ref), WordsShape, `what it left of ${ref.machineId}`),
      list: () => checked<readonly Instance[]>(E(driver).list(), InstancesShape, 'the list of its machines'),
      remains: (ref) =>
        checked<readonly string[]>(E(driver).remains(ref), WordsShape, `what remains of ${ref.machineId}`),
      forget: (ref) => E(driver).forget(ref),
      resume: () => E(driver).resume(),
    };
  },
});
harden(providerKind);
