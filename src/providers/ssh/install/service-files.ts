/** What keeps a hob running on its host: a unit of systemd, or a loop of a shell. */
import { directoryFlag, machinePaths, rootFlag } from '../../../protocol/machine-directory.ts';
import { pathsOn, type HostPlaces } from './host-places.ts';
import { processWords } from './process-words.ts';
import { quote, systemPath } from './sh-words.ts';

/** What is started. Its end is how it is found (protocol/machine-directory.ts). Places have plain names (survey.ts), so a unit needs no quoting. */
const commandOf = (places: HostPlaces): readonly string[] => {
  const { current, directory } = pathsOn(places);
  return [`${current}/node`, `${current}/gobs-hob.mjs`, rootFlag, '/', directoryFlag, directory];
};

/**
 * Of the host's systemd. The hob keeps a whole host as root: it installs packages, whose scripts may do anything, makes users, writes
 * everywhere, and so do the commands that it runs, which inherit what it is confined to. So it gets no file system of its own (no Protect…,
 * Private…: what it mounts and writes is to be seen by all), none of what hinders programs of other kinds or with rights of their owner
 * (NoNewPrivileges, RestrictSUIDSGID, SystemCallArchitectures), and no MemoryDenyWriteExecute, for JavaScript is compiled as it runs.
 * What is left is below.
 */
const confinement = `# It does not load modules by hand, set the kernel's log, read the memory of the host or end it: systemd does that when it is asked to.
CapabilityBoundingSet=~CAP_SYS_BOOT CAP_SYS_RAWIO CAP_SYSLOG CAP_SYS_PACCT CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_PERFMON
# What it holds in memory (its key) is written to no disk when it crashes.
LimitCORE=0
# Nothing that was set for all services changes what Node loads, or whom it trusts.
UnsetEnvironment=NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_REPL_EXTERNAL_MODULE LD_PRELOAD LD_LIBRARY_PATH
# Keys in the kernel that it, or what it runs, puts there are seen by no other service.
KeyringMode=private
# No program that it starts gets real-time priority.
RestrictRealtime=yes
# A host that runs out of memory loses what fills it, before what can mend it.
OOMScoreAdjust=-500
`;

/** Of a user's systemd: there is nothing that the hob might do as somebody else. */
const userConfinement = `NoNewPrivileges=yes
LimitCORE=0
UnsetEnvironment=NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_REPL_EXTERNAL_MODULE LD_PRELOAD LD_LIBRARY_PATH
`;

export const unitText = (places: HostPlaces): string => {
  const isSystem = places.service === 'system';
  return `[Unit]
Description=gobs hob: keeps this host as its boss wants it
# The boss may be on this host's own network, or come there later: the hob waits for neither.
After=network.target
# A machine that is being removed starts no hob.
ConditionPathIsDirectory=${machinePaths(places.directory).state}
# A hob that ends is started again, however often: nobody else would do it while the boss cannot reach the host.
StartLimitIntervalSec=0

[Service]
Type=notify
# It is told by systemd-notify, a process of its own.
NotifyAccess=all
ExecStart=${commandOf(places).join(' ')}
WorkingDirectory=${places.directory}
Environment=PATH=${systemPath}
UMask=0022
Restart=always
RestartSec=5
# It opens its store and says so; whether its boss can be reached is no matter.
TimeoutStartSec=120
WatchdogSec=600
# What it has begun (a package, say) is let finish; only the hob itself is told, and it tells its own.
KillMode=mixed
TimeoutStopSec=300
${isSystem ? confinement : userConfinement}
[Install]
WantedBy=${isSystem ? 'multi-user.target' : 'default.target'}
`;
};
harden(unitText);

/** Bytes of its log at which the hob begins another, and keeps one. */
const LONGEST_LOG = 4 * 1024 * 1024;

/**
 * Run as `sh supervise --directory <directory>`, in a session of its own: starts the hob, and again when it has ended, until it is told to
 * end, or the machine is being removed. Where another hob has the machine it is not needed, and goes.
 */
export const superviseText = (places: HostPlaces): string => {
  const { log, state } = machinePaths(places.directory);
  return `#!/bin/sh
set -u
umask 077
PATH=${quote(systemPath)} LC_ALL=C
export PATH LC_ALL
directory=${quote(places.directory)}
cd "$directory" || exit 1
${processWords}child= ended=
trap 'ended=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT
trap '' HUP
while [ -z "$ended" ] && [ -d ${quote(state)} ]; do
  if [ "$(wc -c 2>/dev/null <${quote(log)} || echo 0)" -gt ${LONGEST_LOG} ]; then mv -f ${quote(log)} ${quote(`${log}.1`)}; fi
  (umask 022; exec ${commandOf(places).map(quote).join(' ')}) </dev/null >>${quote(log)} 2>&1 &
  child=$!
  # A signal ends the waiting, not what is waited for.
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  child=
  if [ -n "$ended" ] || [ -n "$(ours hob)" ]; then break; fi
  sleep 5 &
  child=$!
  wait "$child"
  child=
done
`;
};
harden(superviseText);
