/** A key that signs a package repository, made for one test. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from '../commands.ts';

export interface SigningKey {
  /** As a person downloads it: what `signed-by` in a source takes. */
  readonly armored: string;
  /** 40 hexadecimal digits. */
  readonly fingerprint: string;
  /** The file, with a signature around its text. */
  signAround(path: string, signed: string): Promise<void>;
  /** The signature alone. */
  signBeside(path: string, signature: string): Promise<void>;
  /** Ends the agent that keeps it. */
  close(): Promise<void>;
}

export const makeSigningKey = async (directory: string, name = 'lab'): Promise<SigningKey> => {
  const home = join(directory, `gpg-${name}`);
  await mkdir(home, { recursive: true });
  await chmod(home, 0o700);
  const gpg = (...args: string[]) => command('gpg', '--homedir', home, '--batch', '--yes', '--quiet', ...args);
  await gpg('--passphrase', '', '--quick-gen-key', name, 'ed25519', 'sign', 'never');
  const listed = await gpg('--with-colons', '--list-keys');
  const [, fingerprint = ''] = /^fpr:+([0-9A-F]{40}):/m.exec(listed) ?? [];
  return {
    armored: await gpg('--armor', '--export'),
    fingerprint,
    signAround: async (path, signed) => void (await gpg('--output', signed, '--clear-sign', path)),
    signBeside: async (path, signature) => void (await gpg('--armor', '--output', signature, '--detach-sign', path)),
    close: async () => {
      await command('gpgconf', '--homedir', home, '--kill', 'all');
      await command('gpgconf', '--homedir', home, '--remove-socketdir').catch(() => undefined);
      await rm(home, { recursive: true, force: true });
    },
  };
};
