/** Running our scripts on a host, and what it means when one does not end with 0. */
import { makeError } from '../../../errors/gobs-error.ts';
import { plainText } from '../../../protocol/plain-text.ts';
import type { RemoteOutcome, RemoteRun, RemoteShell } from '../remote-shell.ts';
import { parseOwner, type HostOwner } from './host-places.ts';
import { endings, prelude, quote } from './sh-words.ts';

export interface RemoteSteps {
  /**
   * What a script said on stdout. `what`: what could not be done then, for people. `room`: where it writes. Rejects as `RemoteShell.run` does,
   * HOST_TAKEN, HOST_DISK_FULL, HOST_RUNTIME_UNSUPPORTED, PROVIDER_FAILED.
   */
  run(what: string, script: string, options?: RemoteRun & { readonly room?: string }): Promise<string>;
}

const LONGEST = 400;

/** The last of what was said, on one line. */
const lastWords = ({ stderr, stdout, code, signal }: RemoteOutcome): string => {
  const said = [stderr, stdout].map((text) => text.trim()).find((text) => text !== '');
  if (said === undefined) return code === null ? `signal ${plainText(signal ?? 'unknown', 20)}` : `exit ${code}`;
  return plainText(said.slice(-LONGEST), LONGEST);
};

/** Of a program that cannot be loaded, the line that says why; much may come after it. */
const whyNotLoaded = (outcome: RemoteOutcome): string => {
  const lines = outcome.stderr.split('\n');
  const line = [/^\w*Error\b/, /not found|denied|cannot|error/i].map((telling) =>
    lines.find((text) => telling.test(text)),
  );
  return plainText(line.find((text) => text !== undefined) ?? lastWords(outcome), LONGEST);
};

const noRoom = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

export const takenError = (where: string, owner: HostOwner | null): Error => {
  const whose =
    owner === null
      ? 'a machine that cannot be told'
      : `machine ${plainText(owner.machineId, 70)} of boss ${plainText(owner.boss, 60)}`;
  return makeError('HOST_TAKEN', `${where}: its hob is that of ${whose}`, {
    hint: 'destroy that machine first, or, if its boss is no more, remove /opt/gobs, /var/lib/gobs/hob and gobs-hob.service by hand',
  });
};
harden(takenError);

export const diskFullError = (where: string, place: string, free: number | null, needed?: number): Error => {
  const needs = needed === undefined ? '' : `, ${needed} are needed`;
  const message = `${where}: no room in ${place}: ${free === null ? 'nobody knows how many' : free} bytes free${needs}`;
  return makeError('HOST_DISK_FULL', message, { hint: 'make room there, and try again' });
};
harden(diskFullError);

export const makeRemoteSteps = (shell: RemoteShell): RemoteSteps => {
  const { where } = shell;

  /** Null if the host does not say. */
  const freeBytes = async (place: string): Promise<number | null> => {
    const look = `${prelude()}d=${quote(place)}\nwhile [ ! -d "$d" ]; do d=\${d%/*}; [ -n "$d" ] || d=/; done\ndf -Pk "$d" | tail -n 1`;
    const { stdout } = await shell.run(look);
    const blocks = /\s(\d+)\s+\d+%/.exec(stdout)?.[1];
    return blocks === undefined ? null : Number(blocks) * 1024;
  };

  const explain = async (what: string, outcome: RemoteOutcome, room: string | undefined): Promise<Error> => {
    const words = lastWords(outcome);
    if (outcome.code === endings.taken) return takenError(where, parseOwner(outcome.stderr.trim()) ?? null);
    if (room !== undefined && noRoom.test(outcome.stderr)) return diskFullError(where, room, await freeBytes(room));
    if (outcome.code === endings.runtime) {
      return makeError(
        'HOST_RUNTIME_UNSUPPORTED',
        `${where}: the hob cannot be loaded there: ${whyNotLoaded(outcome)}`,
        {
          hint: 'install Node 24 or newer on the host, or name one that runs there with the option runtime',
        },
      );
    }
    if (outcome.code === endings.notTaken) {
      const message = `${where}: the new hob has not taken over, and the one that was there goes on: ${words}`;
      return makeError('PROVIDER_FAILED', message, { hint: 'see what it says in the log of its host' });
    }
    return makeError('PROVIDER_FAILED', `${where}: cannot ${what}: ${words}`);
  };

  const run: RemoteSteps['run'] = async (what, script, { room, ...options } = {}) => {
    const outcome = await shell.run(script, options);
    if (outcome.code === 0) return outcome.stdout;
    throw await explain(what, outcome, room);
  };
  return harden({ run });
};
harden(makeRemoteSteps);
