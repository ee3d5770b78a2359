/**
 * `gobs cp`: one file to a machine, or from one. Where it goes it is written beside its place, and gets its name when it is whole; what is given up on the
 * way leaves nothing, there as here. Nothing but a piece of it is ever in memory.
 */
import { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { E } from '@endo/far';
import { makeError } from '../../errors/gobs-error.ts';
import { copiedMode, copyPieceBytes, isFoundFile, type FoundFile } from '../../protocol/copies.ts';
import { counted } from '../../protocol/counted.ts';
import type { MachineAdmin, MachineCopier } from '../../protocol/remotes.ts';
import { machinesAt } from '../chosen-machines.ts';
import { withConnection, type Connection } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { reasonOf } from '../find-boss.ts';
import type { CliPowers } from '../powers.ts';
import type { Action, Surroundings } from './action.ts';

interface Remote {
  readonly name: string;
  readonly path: string;
}

/** Undefined for a path here. What is here and looks like that is written `./web1:/path`. */
const remoteOf = (text: string): Remote | undefined => {
  const [, name, path] = /^([a-z][a-z0-9-]{0,62}):(\/.*)$/su.exec(text) ?? [];
  return name === undefined || path === undefined ? undefined : { name, path };
};

/** What was shared may be the copier itself: it has no status. */
const copierAt = async (name: string, connection: Connection): Promise<MachineCopier> => {
  if (connection.methods.has('upload')) return connection.machine as unknown as MachineCopier;
  const [found] = await machinesAt({ names: [name] }, connection);
  if (connection.boss !== undefined || connection.methods.has('asCopier')) {
    return E(found!.machine as MachineAdmin).asCopier();
  }
  throw makeError('BAD_USAGE', `${name}: what was shared does not let files be copied`);
};

const fileError = (path: string, error: unknown): unknown =>
  (error as { syscall?: unknown }).syscall === undefined
    ? error
    : makeError('FILE_UNUSABLE', `${path}: ${reasonOf(error)}`, { cause: error });

/** Where a file goes: into what was named, if that is a directory. `/` at its end says that it is one. */
const placeOf = async ({ path }: Remote, local: string, copier: MachineCopier): Promise<string> => {
  const bare = path.replace(/\/+$/, '');
  const isDirectory = bare === '' || (await E(copier).look(bare))?.type === 'directory';
  if (isDirectory) return `${bare}/${basename(local)}`;
  if (bare === path) return path;
  throw makeError('BAD_USAGE', `${path}: there is no such directory`);
};

interface Job {
  readonly copier: MachineCopier;
  readonly remote: Remote;
  /** Absolute. */
  readonly local: string;
  /** Rejected when somebody interrupts. */
  readonly interrupted: Promise<never>;
  /** Rejected when the session ends. */
  readonly asking: Promise<never>;
}

const showProgress = ({ output }: Surroundings, { name, path }: Remote, size: number) => {
  let shown = -1;
  return (bytes: number): void => {
    const percent = size === 0 ? 100 : Math.floor((100 * bytes) / size);
    if (percent !== shown) output.progress(`${name}:${path}: ${percent} % of ${counted(size, 'byte')}`);
    shown = percent;
  };
};

const send = async (job: Job, surroundings: Surroundings): Promise<void> => {
  const { copier, remote, local, interrupted, asking } = job;
  const { fs, userName: by } = surroundings.powers;
  // Before it is opened: a pipe would wait for somebody.
  if (!(await fs.stat(local)).isFile()) throw makeError('BAD_USAGE', `${local}: only files are copied`);
  const file = await fs.open(local, 'r');
  try {
    const { mode, size } = await file.stat();
    const path = await placeOf(remote, local, copier);
    const upload = await E(copier).upload(path, mode & copiedMode, { by }, asking);
    const show = showProgress(surroundings, remote, size);
    const buffer = Buffer.alloc(copyPieceBytes);
    for (let done = 0; ;) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) break;
      await Promise.race([E(upload).write(buffer.toString('base64', 0, bytesRead)), interrupted]);
      done += bytesRead;
      show(done);
    }
    await Promise.race([E(upload).finish(), interrupted]);
  } finally {
    await file.close();
  }
};

/** Rejects PROTOCOL_ERROR for a hob that says what it did not say before. */
const receive = async (
  job: Job,
  file: FileHandle,
  { handle, about }: { readonly handle: Awaited<ReturnType<MachineCopier['download']>>; readonly about: FoundFile },
  show: (bytes: number) => void,
): Promise<void> => {
  for (let done = 0; ;) {
    const piece: unknown = await Promise.race([E(handle).read(), job.interrupted]);
    if (piece === '') return;
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'base64') : Buffer.alloc(0);
    done += bytes.length;
    if (bytes.length === 0 || done > about.size) {
      throw makeError(
        'PROTOCOL_ERROR',
        `${job.remote.name}: its hob answered with something that is no piece of that file`,
      );
    }
    await file.writeFile(bytes);
    show(done);
  }
};

const fetchFile = async (job: Job, surroundings: Surroundings): Promise<void> => {
  const { copier, remote, asking } = job;
  const { fs, userName: by, randomId } = surroundings.powers;
  const isDirectory = await fs.stat(job.local).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const local = isDirectory ? join(job.local, basename(remote.path)) : job.local;
  const handle = await E(copier).download(remote.path, { by }, asking);
  const about: unknown = await E(handle).about();
  if (!isFoundFile(about)) throw makeError('PROTOCOL_ERROR', `${remote.name}: its hob does not say what that file is`);
  const beside = join(dirname(local), `.gobs-tmp-${randomId()}`);
  // The hob says which, and the umask here what is too much.
  const file = await fs.open(beside, 'wx', about.mode & copiedMode);
  try {
    try {
      await receive(job, file, { handle, about }, showProgress(surroundings, remote, about.size));
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(beside, local);
  } catch (error) {
    await fs.rm(beside, { force: true });
    throw error;
  }
};

const interruption = ({
  onInterrupt,
}: CliPowers): { readonly interrupted: Promise<never>; readonly leave: () => void } => {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const leave = onInterrupt(() =>
    reject(makeError('WAIT_INTERRUPTED', 'the copy was given up; nothing is left of it')),
  );
  return { interrupted: promise, leave };
};

export const copyFile: Action<'cp'> = ({ at, from, to }, surroundings) => {
  const { powers, output } = surroundings;
  const [source, target] = [remoteOf(from), remoteOf(to)];
  const remote = source ?? target;
  if (remote === undefined || (source !== undefined && target !== undefined)) {
    throw makeError('BAD_USAGE', 'one of the two must be on a machine: NAME:/path, and the other here', {
      hint: 'a file here of such a name is ./NAME:/path',
    });
  }
  return withConnection(at, powers, output, async (connection) => {
    const copier = await copierAt(remote.name, connection);
    const { interrupted, leave } = interruption(powers);
    const local = resolve(powers.workingDirectory, source === undefined ? from : to);
    const { promise: asking } = Promise.withResolvers<never>();
    try {
      const copy = source === undefined ? send : fetchFile;
      await copy({ copier, remote, local, interrupted, asking }, surroundings);
      return exitCodes.done;
    } catch (error) {
      throw fileError(local, error);
    } finally {
      leave();
      output.progress('');
    }
  });
};
harden(copyFile);
