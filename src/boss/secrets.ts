/**
 * The boss's secrets: texts by name, for the settings of providers. They are sealed in the turn that takes them, so no portrait ever holds
 * one, and nobody gets one back: whoever makes a provider's driver opens it, outside of every vat (secrets-in-settings.ts).
 *
 *   admin ──setSecret(name, text)──▶ seal ──▶ map of sealed texts ──▶ process.sealedSecret(name) ──unseal──▶ driver
 *
 * What is refused is not quoted: a text that was given in the place of the name would be in the error.
 */
import { makeError } from '../errors/gobs-error.ts';
import { isName } from '../protocol/shapes.ts';
import type { SecretEntry } from '../protocol/remotes.ts';
import type { BossTurn } from './boss-turn.ts';
import { pageThrough } from './page-through.ts';

export interface SecretRecord {
  readonly secret: { readonly sealed: string };
  /** When it was set, milliseconds since 1970. */
  readonly at: number;
}

/** What a secret is sealed for. */
export const secretContext = (name: string): string => `secret/${name}`;
harden(secretContext);

/** Characters. */
const LONGEST = 65_536;

const requireName = (name: unknown): string => {
  if (typeof name === 'string' && isName(name)) return name;
  throw makeError('BAD_NAME', 'the name of a secret must match [a-z][a-z0-9-]{0,62}');
};

const requireText = (text: unknown): string => {
  const why =
    typeof text !== 'string'
      ? 'must be a text'
      : text === ''
        ? 'must not be empty'
        : text.length > LONGEST
          ? `must have at most ${LONGEST} characters`
          : text.isWellFormed()
            ? undefined
            : 'must be well-formed Unicode';
  if (why === undefined) return text as string;
  throw makeError('BAD_ARGUMENTS', `Boss.setSecret: a secret ${why}`);
};

const noSuchSecret = (name: string): Error =>
  makeError('NO_SUCH_SECRET', `${name}: there is no secret of that name`, { hint: `set it: gobs secret set ${name}` });

/** Not what was given: the trace keeps what it says, and somebody may have given the secret itself. */
const noneToRemove = (): Error =>
  makeError('NO_SUCH_SECRET', 'there is no secret of that name', { hint: 'see: gobs secret list' });

export const secretMethods = ({ portrait, seal, tools }: BossTurn) => {
  const { secrets } = portrait;
  return {
    // The guard lets everything through, for its complaints quote what they are about.
    setSecret: (...given: readonly unknown[]): void => {
      if (given.length !== 2) throw makeError('BAD_ARGUMENTS', 'Boss.setSecret takes a name and a text');
      const name = requireName(given[0]);
      const sealed = seal(secretContext(name), requireText(given[1]));
      secrets.set(name, { secret: { sealed }, at: tools.now() });
    },
    secrets: (): Promise<readonly SecretEntry[]> => {
      const found: SecretEntry[] = [];
      const done = pageThrough(secrets, tools, (entries) => {
        for (const [name, { at }] of entries) found.push({ name, at });
      });
      return tools.on(done, () => found);
    },
    removeSecret: (name: string): void => {
      if (!isName(name) || !secrets.delete(name)) throw noneToRemove();
    },
  };
};
harden(secretMethods);

/** Those that there are, by name. */
export const sealedSecrets = (
  secrets: BossTurn['portrait']['secrets'],
  names: readonly string[],
): Readonly<Record<string, string>> =>
  harden(
    Object.fromEntries(
      names.flatMap((name) => {
        const record = isName(name) ? secrets.get(name) : undefined;
        return record === undefined ? [] : [[name, record.secret.sealed] as const];
      }),
    ),
  );
harden(sealedSecrets);

/** For the process alone. Throws NO_SUCH_SECRET. */
export const sealedSecret = ({ portrait }: BossTurn, name: string): string => {
  const record = isName(name) ? portrait.secrets.get(name) : undefined;
  if (record === undefined) throw noSuchSecret(name);
  return record.secret.sealed;
};
harden(sealedSecret);
