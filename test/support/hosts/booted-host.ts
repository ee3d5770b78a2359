/** A host that boots: a container with systemd as its first process, and all that Debian starts with it. */
import { command } from './commands.ts';
import { hostCgroups } from './cgroups.ts';
import { untilSshAnswers } from './answering.ts';
import { startLabProcess, type LabProcess } from './lab-process.ts';
import type { OverlayRoot } from './overlay-root.ts';
import type { LabPlace } from './places.ts';
import { childrenOf, kill } from './processes.ts';
import type { PoweredBody } from './ssh-host.ts';

/** How systemd-nspawn ends when the system in it wants to boot again. */
const WANTS_REBOOT = 133;

const intoCgroups = 'until [ "$1" = -- ]; do echo $$ > "$1/cgroup.procs"; shift; done; shift; exec "$@"';

const nspawn = (place: LabPlace, name: string, root: string): readonly string[] => [
  ...['systemd-nspawn', '--quiet', '--boot', '--register=no', '--keep-unit', '--console=pipe', '--resolv-conf=off'],
  ...['--timezone=off', '--link-journal=no', '--kill-signal=SIGRTMIN+3', `--network-bridge=${place.bridge}`],
  ...[`--directory=${root}`, `--machine=${place.prefix}${name}`, `--hostname=${name}`],
];

export interface BootedBody extends PoweredBody {
  /** As `systemctl reboot` does; resolves when sshd answers again. */
  reboot(): Promise<void>;
}

export const makeBootedBody = (place: LabPlace, name: string, address: string, root: OverlayRoot): BootedBody => {
  let running: LabProcess | undefined;
  const pid = () => (running === undefined || running.hasEnded() ? undefined : childrenOf(running.child.pid!)[0]);
  const start = () => {
    const cgroups = hostCgroups(place, name);
    running = startLabProcess('TERM', [
      'sh',
      '-c',
      intoCgroups,
      'sh',
      ...cgroups,
      '--',
      ...nspawn(place, name, root.root),
    ]);
  };
  const untilItAnswers = () =>
    untilSshAnswers(address, 22, () => (running!.hasEnded() ? `it ended: ${running!.words()}` : undefined));
  const inside = (...words: string[]) => command('nsenter', '-t', String(pid()), '-a', '--', ...words);
  return {
    address,
    root,
    pid,
    words: () => running?.words() ?? '',
    reloadSshd: async () => {
      await inside('systemctl', 'restart', 'ssh');
    },
    powerOn: async () => {
      start();
      await untilItAnswers();
    },
    reboot: async () => {
      await inside('systemctl', 'reboot');
      const code = await running!.ended;
      if (code !== WANTS_REBOOT) throw Error(`${name} ended with ${code} and did not reboot: ${running!.words()}`);
      start();
      await untilItAnswers();
    },
    cutPower: async () => {
      const first = pid();
      if (first !== undefined) await kill(first);
      await running?.ended;
      running = undefined;
    },
  };
};
