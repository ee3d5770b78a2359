/**
 * A caretaker: a forwarder and the revoker that ends it, for good. After it every call is refused with REFERENCE_REVOKED; answers that are on
 * their way still arrive.
 */
import { M } from '@endo/patterns';
import { makeError } from '../../errors/gobs-error.ts';
import { E } from '../eventual-send.ts';
import { defineKindKit } from '../kind.ts';

export interface CaretakerPortrait {
  /** null once revoked, so that the target is not kept. */
  readonly target: object | null;
}

export interface Caretaker extends Record<string, object> {
  readonly forwarder: {
    /** → a promise for what the target answers. */
    invoke(method: string, args: readonly unknown[]): Promise<unknown>;
  };
  readonly revoker: {
    /** Idempotent. */
    revoke(): void;
    isRevoked(): boolean;
  };
}

export const ForwarderI = M.interface('Forwarder', { invoke: M.call(M.string(), M.array()).returns(M.promise()) });
export const RevokerI = M.interface('Revoker', {
  revoke: M.call().returns(M.undefined()),
  isRevoked: M.call().returns(M.boolean()),
});

export const caretakerKind = defineKindKit<CaretakerPortrait, Caretaker>({
  label: 'caretaker',
  facets: { forwarder: ForwarderI, revoker: RevokerI },
  portrait: M.splitRecord({ target: M.or(M.remotable(), M.null()) }),
  behave: (bcom, _self, { target }) => ({
    forwarder: {
      invoke: (method, args) => {
        if (target === null) throw makeError('REFERENCE_REVOKED', 'this reference was revoked');
        return (E(target) as Record<string, (...all: unknown[]) => Promise<unknown>>)[method]!(...args);
      },
    },
    revoker: {
      revoke: () => bcom({ target: null }),
      isRevoked: () => target === null,
    },
  }),
});
