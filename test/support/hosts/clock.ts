/**
 * A clock of a host's own. The kernel has one for all, so the host's programs are told another time by a library that stands before libc's (libfaketime):
 * those of services whose names begin with `gobs-`, and of ssh sessions. What Debian itself runs has the true time (sshd may open no file when it asks for
 * it, and logind would not be reached any more), and so has `run`.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const offsets = '/etc/lab-clock';

/** Asked for at each look, so that what is set holds at once. Clocks that only count go on as before. */
const variables = (library: string): readonly string[] => [
  `LD_PRELOAD=${library}`,
  `FAKETIME_TIMESTAMP_FILE=${offsets}`,
  'FAKETIME_NO_CACHE=1',
  'FAKETIME_DONT_FAKE_MONOTONIC=1',
  'FAKETIME_DISABLE_SHM=1',
];

const findLibrary = async (root: string): Promise<string> => {
  for (const name of await readdir(join(root, 'usr/lib'))) {
    if (name.endsWith('-linux-gnu')) return `/usr/lib/${name}/faketime/libfaketimeMT.so.1`;
  }
  throw Error(`${root} has no libraries of this kind of machine`);
};

/** Before the host is on. */
export const giveOwnClock = async (root: string): Promise<void> => {
  const environment = variables(await findLibrary(root));
  const write = async (path: string, text: string) => {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  };
  await write(offsets, '+0\n');
  await write('etc/environment', `${environment.join('\n')}\n`);
  // Of every service whose name begins so. They may have been told to forget such variables; an empty word takes that back.
  const service = `[Service]\nUnsetEnvironment=\nEnvironment=${environment.join(' ')}\n`;
  await write('etc/systemd/system/gobs-.service.d/lab-clock.conf', service);
};

/** `now`: what its clock is to say, in milliseconds since 1970; it goes on from there. */
export const setClock = async (root: string, now: number): Promise<void> => {
  const offset = Math.round((now - Date.now()) / 1000);
  await writeFile(join(root, offsets), `${offset < 0 ? '' : '+'}${offset}\n`);
};
