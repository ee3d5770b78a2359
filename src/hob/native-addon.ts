/**
 * The native part of LevelDB, for a hob that is one file. Node loads native code only from a file, so the bundle carries that part for
 * each kind of host (scripts/bundle-hob.mjs), and writes the one for this host beside itself when it is started for the first time.
 *
 * What lies there is loaded only if it is, by its hash, one of those that the bundle carries; else it is written again. So a write that was
 * cut off, and a disk that lost what it had, mend themselves with the next start.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { inflateSync } from 'node:zlib';

/** For one architecture and C library. */
export interface CarriedAddon {
  /** `x64-glibc`, `x64-musl`, `arm64-glibc`. */
  readonly host: string;
  /** Hex, of the file. */
  readonly sha256: string;
  /** The file, compressed (zlib), in base64. Called only to write it. */
  readonly packed: () => string;
}

export interface AddonPowers {
  readonly fs: Pick<
    typeof import('node:fs'),
    'closeSync' | 'fsyncSync' | 'openSync' | 'readFileSync' | 'renameSync' | 'rmSync' | 'writeSync'
  >;
  /** `process.arch`. */
  readonly architecture: string;
  /** Which C library this process has. Costs some milliseconds. */
  readonly libc: () => 'glibc' | 'musl';
  /** So that two that start at once do not write to one file. */
  readonly pid: number;
}

const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

const syncDirectory = (fs: AddonPowers['fs'], path: string): void => {
  const descriptor = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
};

const writeWhole = ({ fs, pid }: AddonPowers, path: string, content: Uint8Array): void => {
  const part = `${path}.${pid}.part`;
  try {
    const descriptor = fs.openSync(part, 'w', 0o755);
    try {
      for (let at = 0; at < content.length;) at += fs.writeSync(descriptor, content, at);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(part, path);
    syncDirectory(fs, dirname(path));
  } catch (error) {
    fs.rmSync(part, { force: true });
    throw error;
  }
};

const hashThere = (fs: AddonPowers['fs'], path: string): string | undefined => {
  try {
    return hashOf(fs.readFileSync(path));
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * `path` holds the part for this host when it returns. Throws, in words for people, if none is carried for this host, or it cannot be
 * written.
 */
export const unpackAddon = (path: string, carried: readonly CarriedAddon[], powers: AddonPowers): void => {
  const { fs, architecture } = powers;
  const fitting = carried.filter(({ host }) => host.startsWith(`${architecture}-`));
  const found = hashThere(fs, path);
  if (fitting.some(({ sha256 }) => sha256 === found)) return;
  const host = `${architecture}-${powers.libc()}`;
  const wanted = fitting.find((one) => one.host === host);
  if (wanted === undefined) {
    throw Error(`this hob has no LevelDB for ${host}; it has it for ${carried.map((one) => one.host).join(', ')}`);
  }
  const content = inflateSync(Buffer.from(wanted.packed(), 'base64'));
  if (hashOf(content) !== wanted.sha256) throw Error(`this hob's LevelDB for ${host} is damaged: copy its file again`);
  try {
    writeWhole(powers, path, content);
  } catch (error) {
    throw Error(`${path}: the hob cannot put its LevelDB beside itself: ${(error as Error).message}`, { cause: error });
  }
};
harden(unpackAddon);
