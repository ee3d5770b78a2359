/**
 * A caretaker: a forwarder and the revoker that ends it, for good. The forwarder's holder calls it as if it were the target; after
 * `revoke` every call is refused with REFERENCE_REVOKED. Answers that are on their way still arrive, and what was handed out stays with whoever has it.
 */
import { M } from '@endo/patterns';
import { makeError } from '../../errors/gobs-error.ts';
import { defineKindKit, otherwise, type TurnTools } from '../kind.ts';
import { forward } from './forward.ts';

export interface CaretakerPortrait {
  /** null once revoked, so that the target is not kept. */
  readonly target: object | null;
}

export interface Revoker {
  /** Idempotent. */
  revoke(): void;
  isRevoked(): boolean;
}

/** `T` is the target's type. */
export interface Caretaker<T extends object = object> extends Record<string, object> {
  readonly forwarder: T;
  readonly revoker: Revoker;
}

/** The target's own guard checks methods and arguments. */
export const ForwarderI = M.interface('Forwarder', {}, { defaultGuards: 'passable' });
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
      [otherwise]: (method, args) => {
        if (target === null) throw makeError('REFERENCE_REVOKED', 'this reference was revoked');
        return forward(target, method, args);
      },
    },
    revoker: {
      revoke: () => bcom({ target: null }),
      isRevoked: () => target === null,
    },
  }),
});
harden(caretakerKind);

/** Throws NOT_DURABLE if the target is no durable actor. */
export const spawnCaretaker = <T extends object>(spawn: TurnTools['spawn'], target: T): Caretaker<T> =>
  spawn(caretakerKind, harden({ target })) as Caretaker<T>;
harden(spawnCaretaker);
