/**
 * A host without an init: sshd is the first process in its own network, mount, process, hostname and IPC namespaces. It starts in a few
 * milliseconds; there is no systemd in it.
 */
import process from 'node:process';
import { command, script } from './commands.ts';
import { asOnHost, type HostBody } from './host.ts';
import { startLabProcess, type LabProcess } from './lab-process.ts';
import type { OverlayRoot } from './overlay-root.ts';
import type { LabPlace } from './places.ts';
import { childrenOf, kill } from './processes.ts';

const network = `
ip netns add "$1"
ip link add "$1" type veth peer name host0 netns "$1"
ip link set "$1" master "$2" up
ip -n "$1" address add "$3/24" dev host0
ip -n "$1" link set lo up
ip -n "$1" link set host0 up
ip -n "$1" route add default via "$4"
`;

/** Of the machine that runs the tests it reaches no disk, no clock, and of the kernel's settings only those of its own network. */
const boot = `
hostname "$1"
cd "$2"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs run
mkdir run/sshd run/lock
mount -t tmpfs -o mode=755 tmpfs dev
while read name minor; do mknod -m 666 dev/$name c 1 $minor; done <<END
null 3
zero 5
full 7
random 8
urandom 9
END
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
exec ${asOnHost.join(' ')} chroot . /usr/sbin/sshd -D -e
`;

const LISTENING = 'Server listening on 0.0.0.0';

export interface PoweredBody extends HostBody {
  powerOn(): Promise<void>;
  cutPower(): Promise<void>;
}

const namespaces = '--mount --uts --ipc --pid --fork --kill-child=KILL --propagation private'.split(' ');

export const makeSshBody = (place: LabPlace, name: string, address: string, root: OverlayRoot): PoweredBody => {
  const namespace = `${place.prefix}${name}`;
  let running: LabProcess | undefined;
  const pid = () => (running === undefined || running.hasEnded() ? undefined : childrenOf(running.child.pid!)[0]);
  return {
    address,
    root,
    pid,
    words: () => running?.words() ?? '',
    reloadSshd: async () => {
      const ready = running!.says(LISTENING);
      process.kill(pid()!, 'SIGHUP');
      await ready;
    },
    powerOn: async () => {
      await script(network, namespace, place.bridge, address, `${place.network}.1`);
      const words = [
        'ip',
        'netns',
        'exec',
        namespace,
        'unshare',
        ...namespaces,
        'sh',
        '-euc',
        boot,
        'sh',
        name,
        root.root,
      ];
      running = startLabProcess('KILL', words);
      await running.says(LISTENING);
    },
    cutPower: async () => {
      const first = pid();
      if (first !== undefined) await kill(first);
      await running?.ended;
      running = undefined;
      await command('ip', 'link', 'del', namespace);
      await command('ip', 'netns', 'del', namespace);
    },
  };
};
