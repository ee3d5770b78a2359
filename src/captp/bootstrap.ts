/**
 * What every session starts from: an object that turns a locator's secret into the object that it is for, and nothing else.
 */
import { Far } from '@endo/far';
import { makeError } from '../errors/gobs-error.ts';
import { secretHash } from './locator.ts';
import type { PeerId } from './peer-id.ts';

/** Who presented a secret that leads nowhere, or one that is not in the table. */
export interface Presenter {
  readonly peerId: PeerId;
  /** Has it proven its key? Over a Unix socket it has only said who it is. */
  readonly proven: boolean;
  readonly remoteAddress: string;
}

/**
 * Asked for secrets that are not in the table of locators. Resolves with a host reference, or with undefined if the secret leads
 * nowhere; a rejection with a code is passed on.
 */
export type EnlivenOther = (presented: Presenter & { readonly secretHash: string }) => Promise<object | undefined>;

export interface BootstrapOptions {
  readonly presenter: Presenter;
  /** From the table of locators. */
  readonly find: (hash: string) => object | undefined;
  readonly enlivenOther: EnlivenOther;
  /** Secrets that lead nowhere, after which the session ends. */
  readonly guesses: number;
  readonly onGuess: (presenter: Presenter) => void;
  readonly onTooManyGuesses: (reason: Error) => void;
  /** It presented a secret of this hash, which leads somewhere. May throw LIMIT_EXCEEDED, which is its answer. */
  readonly onSuccess: (secretHash: string) => void;
}

export const makeBootstrap = (options: BootstrapOptions): object => {
  const { presenter, find, enlivenOther, guesses, onGuess, onTooManyGuesses, onSuccess } = options;
  let guessed = 0;

  const unknown = (): Error => {
    guessed += 1;
    onGuess(presenter);
    if (guessed >= guesses) {
      onTooManyGuesses(makeError('LIMIT_EXCEEDED', `${guessed} locators were presented that lead nowhere`));
    }
    return makeError('LOCATOR_UNKNOWN', 'the locator leads nowhere', {
      hint: 'it may be for another peer, or have been withdrawn',
    });
  };

  return Far('Bootstrap', {
    /** → the object. Rejects with LOCATOR_UNKNOWN, or with what there is to say about this one (ENROLMENT_SPENT). */
    enliven: async (secret: unknown): Promise<object> => {
      const hash = secretHash(secret);
      const found = hash && (find(hash) ?? (await enlivenOther({ ...presenter, secretHash: hash })));
      if (!hash || !found) throw unknown();
      onSuccess(hash);
      return found;
    },
  });
};
harden(makeBootstrap);
