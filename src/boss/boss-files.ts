/** The files by which clients of this host find the boss; see protocol/state-directory.ts. Written when it serves. */
import { dirname } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import type { Peer } from '../captp/peer.ts';
import type { Boss } from '../protocol/remotes.ts';
import { whyUntrusted, type BossFile, type StateDirectory } from '../protocol/state-directory.ts';

type Fs = typeof import('node:fs');

interface Published {
  readonly state: StateDirectory;
  readonly peer: Peer;
  readonly boss: Boss;
}

const readIfThere = async (fs: Fs, path: string): Promise<string | undefined> => {
  try {
    return (await fs.promises.readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Whole or not at all, and for nobody else's eyes. */
const writePrivate = async (fs: Fs, path: string, text: string): Promise<void> => {
  // One that somebody left there may be a link, or open to others, whatever mode we ask for.
  await fs.promises.rm(`${path}.new`, { force: true });
  await fs.promises.writeFile(`${path}.new`, text, { mode: 0o600, flag: 'wx' });
  await fs.promises.rename(`${path}.new`, path);
};

/** The one of an earlier start is good for ever, unless the socket or the store is another. */
const adminLocatorOf = async ({ state, peer, boss }: Published, fs: Fs): Promise<string> => {
  const address = { path: state.socket };
  const kept = await readIfThere(fs, state.adminLocator);
  if (kept !== undefined) {
    const bare = peer.locatorWith('', { scheme: 'unix', address });
    const query = bare.slice(bare.indexOf('?'));
    const leads =
      kept.endsWith(query) &&
      (await peer.enliven(kept).then(
        (found) => found === boss,
        () => false,
      ));
    if (leads) return kept;
  }
  return peer.locatorFor(boss, { scheme: 'unix', address });
};

/**
 * Says which process the boss is. Before anybody can connect: whoever finds the boss serving and wants to end it must not read the number of
 * the one before.
 */
export const announceBoss = ({ bossFile }: StateDirectory, file: BossFile, fs: Fs): Promise<void> =>
  writePrivate(fs, bossFile, `${JSON.stringify(file)}\n`);
harden(announceBoss);

/** For clients of this host. When the boss listens on its socket. */
export const giveAdminLocator = async (published: Published, fs: Fs): Promise<void> => {
  const locator = await adminLocatorOf(published, fs);
  await writePrivate(fs, published.state.adminLocator, `${locator}\n`);
  await writePrivate(fs, published.state.socketLocator, `${locator}\n`);
};
harden(giveAdminLocator);

/** A socket whose own place has too long a path is in a directory that others might have made. Throws STORE_UNUSABLE. */
export const prepareSocketDirectory = async ({ root, socket }: StateDirectory, uid: number, fs: Fs): Promise<void> => {
  const directory = dirname(socket);
  if (directory === root) return;
  await fs.promises.mkdir(directory, { recursive: true, mode: 0o700 });
  const why = whyUntrusted(await fs.promises.lstat(directory), uid);
  if (why !== undefined) throw makeError('STORE_UNUSABLE', `${directory}, the place for sockets, ${why}`);
};
harden(prepareSocketDirectory);
