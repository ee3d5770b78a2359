/**
 * Secrets that a machine's resources name. The machine has their names, and of each a version that follows from what is sealed: the same text is the same
 * version, and neither tells anything of the other. The text is unsealed for the machine's own hob alone, when that asks for it.
 *
 *   { secret: NAME } ──▶ desired.secrets = { NAME: version } ──▶ pushed, pulled ──▶ hob: secret(NAME) ──▶ { version, text }
 *
 * A secret that is set anew is another version: the next pull of the hob, or the next change of what is wanted, makes a new generation of it.
 */
import { createHash } from 'node:crypto';
import { keyEQ } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import { secretNamesIn } from '../protocol/resources/secret-references.ts';
import {
  mostSecrets,
  type Resource,
  type SecretText,
  type SecretVersions,
  type WantedState,
} from '../protocol/shapes.ts';
import type { Registry } from './boss-registry.ts';
import { heldState } from './held.ts';
import type { MachineTurn } from './machine-turn.ts';
import { makeWantedState } from './wanted-state.ts';

const versionOf = (sealed: string): string => createHash('sha256').update(sealed).digest('hex').slice(0, 16);

const versionsOf = (sealed: Readonly<Record<string, string>>): SecretVersions =>
  Object.fromEntries(Object.entries(sealed).map(([name, text]) => [name, versionOf(text)]));

const missing = (name: string, secret: string): Error =>
  makeError('NO_SUCH_SECRET', `machines.${name}: its resources name the secret ${secret}, and there is none`, {
    hint: `set it: gobs secret set ${secret}`,
  });

/** Those that the resources of machine `name` are to have. Throws NO_SUCH_SECRET, BAD_DESIRED_STATE. */
export const secretsFor = (
  name: string,
  resources: readonly Resource[],
  sealedSecrets: Registry['sealedSecrets'],
): SecretVersions => {
  const names = secretNamesIn(resources);
  if (names.length === 0) return {};
  if (names.length > mostSecrets) {
    const message = `machines.${name}.resources: must not name over ${mostSecrets} secrets; they name ${names.length}`;
    throw makeError('BAD_DESIRED_STATE', message);
  }
  const sealed = sealedSecrets(names);
  const absent = names.find((secret) => sealed[secret] === undefined);
  if (absent !== undefined) throw missing(name, absent);
  return versionsOf(sealed);
};
harden(secretsFor);

/** What is wanted, with the secrets as they are now; one that was removed since stays as it was. At most one change of the machine. */
export const withSecretsOfNow = (turn: MachineTurn): WantedState => {
  const { desired, generation, registry, holds } = turn.portrait;
  const wanted = desired.get();
  if (wanted.secrets === undefined) return wanted;
  const secrets = { ...wanted.secrets, ...versionsOf(registry.sealedSecrets(Object.keys(wanted.secrets))) };
  if (keyEQ(harden(secrets), wanted.secrets)) return wanted;
  const next = makeWantedState({ ...wanted, generation: generation + 1, secrets });
  desired.set(next);
  turn.note(`desired state ${next.generation}: a secret that it names was set anew`);
  turn.change({ generation: next.generation, holds: heldState(holds, next) });
  return next;
};
harden(withSecretsOfNow);

/** For the machine's own hob. Throws NO_SUCH_SECRET, for one that its resources do not name, too. */
export const secretText = ({ portrait, powers }: MachineTurn, secret: string): SecretText => {
  const { desired, name, registry } = portrait;
  const { secrets = {} } = desired.get();
  const sealed = Object.hasOwn(secrets, secret) ? registry.sealedSecrets([secret])[secret] : undefined;
  if (sealed === undefined) throw makeError('NO_SUCH_SECRET', `${name}: there is no such secret for this machine`);
  return harden({ version: versionOf(sealed), text: powers.openSecret(secret, sealed) });
};
harden(secretText);
