/** A passphrase that is to come from standard input: one line, typed unseen where somebody sits at a terminal. */
import { firstLineOf } from '../sealing/first-line.ts';
import type { SealingSettings } from '../sealing/key-source.ts';
import type { CliPowers } from './powers.ts';

type InputPowers = Pick<CliPowers, 'stdin' | 'stderr' | 'askHidden'>;

/** The first line of what is typed or piped; what comes after it is still to be read. */
export const readHidden = ({ stdin, stderr, askHidden }: InputPowers, question: string): Promise<string> =>
  stdin.isTTY === true && stderr.isTTY ? askHidden(question) : firstLineOf(stdin);
harden(readHidden);

/** The settings with the passphrase itself in the place of `-`. Called by whoever starts, and only then. */
export const withPassphrase = async <Settings extends SealingSettings>(
  settings: Settings,
  powers: InputPowers,
): Promise<Settings> => {
  if (settings.passphraseFile !== '-') return settings;
  const { passphraseFile: _, ...rest } = settings;
  return { ...rest, passphrase: await readHidden(powers, 'Passphrase of the store: ') } as Settings;
};
harden(withPassphrase);
