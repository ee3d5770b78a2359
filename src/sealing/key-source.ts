/** Which source of the sealing key counts, from what a process was started with. The first of: a flag, systemd's credential, the state directory. */
import { readSecretFile, type KeyFilePowers } from './key-file.ts';
import { passphraseHint, type KeySource } from './open-sealing.ts';
import { makeError } from '../errors/gobs-error.ts';

/** As flags and variables say it; at most one of the three. */
export interface SealingSettings {
  /** An absolute path. */
  readonly sealingKey?: string;
  /** An absolute path of a file whose first line is a passphrase. */
  readonly passphraseFile?: string;
  /** The passphrase itself, as it came from a terminal or a pipe. */
  readonly passphrase?: string;
}

const CREDENTIAL = 'gobs-sealing-key';

const fromPassphraseFile = (path: string, powers: KeyFilePowers): KeySource => ({
  from: 'passphrase',
  where: path,
  read: async () => {
    const text = await readSecretFile(powers, path);
    if (text !== undefined) return text;
    throw makeError('SEALING_KEY_UNUSABLE', `${path} is not there`, { hint: passphraseHint });
  },
});

/** `byDefault`: the file in the state directory. Rejects nothing: what is wrong with a file is found when it is read. */
export const chooseKeySource = async (
  { sealingKey, passphraseFile, passphrase }: SealingSettings,
  byDefault: string,
  environment: Readonly<Record<string, string | undefined>>,
  powers: KeyFilePowers,
): Promise<KeySource> => {
  if (passphrase !== undefined) return { from: 'passphrase', where: 'standard input', read: async () => passphrase };
  if (passphraseFile !== undefined) return fromPassphraseFile(passphraseFile, powers);
  if (sealingKey !== undefined) return { from: 'file', path: sealingKey };
  const { CREDENTIALS_DIRECTORY: directory } = environment;
  const credential = `${directory ?? ''}/${CREDENTIAL}`;
  if (directory?.startsWith('/') === true && powers.fs.existsSync(credential)) {
    return { from: 'credential', path: credential };
  }
  return { from: 'state', path: byDefault };
};
harden(chooseKeySource);
