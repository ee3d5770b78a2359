/**
 * Functions of a shell that find and end what runs for a machine's directory: the hob, and the loop that keeps it where there is no
 * systemd. Both have a command line that ends with `--directory <directory>`, and work in that directory (protocol/machine-directory.ts);
 * so what runs in a container of that host, for a directory of the same name in there, is not taken for ours.
 */
import { directoryFlag } from '../../../protocol/machine-directory.ts';

/** Tries before what does not end is killed, a fifth of a second each; and how many until it is given up after that. */
const PATIENCE = { end: 600, kill: 50 } as const;

/**
 * Needs `$directory`. Defines `ours` (prints process ids; `ours supervise`: only the loop's) and `end_ours` (ends them all; fails if one cannot be
 * ended). The directory may have been moved away, to be removed.
 */
export const processWords = `line='
'
is_here() { [ "$1" -ef "$directory" ] || [ "$1" -ef "$directory.removing" ]; }
ours() {
  for file in $(grep -lsF -e ${directoryFlag} /proc/[0-9]*/cmdline || :); do
    words=$(tr '\\0' '\\n' 2>/dev/null <"$file") || continue
    case "$words" in
      */supervise"\${line}${directoryFlag}\${line}$directory") kind=supervise ;;
      *"\${line}${directoryFlag}\${line}$directory") kind=hob ;;
      *) continue ;;
    esac
    is_here "\${file%/cmdline}/cwd" || continue
    pid=\${file#/proc/}
    if [ "\${1:-$kind}" = "$kind" ]; then printf '%s\\n' "\${pid%/cmdline}"; fi
  done
}
pause() { sleep 0.2 2>/dev/null || sleep 1; }
# The loop tells its hob, and ends after it; so each is told once, and a hob only if no loop does.
signal_ours() {
  tries=$2 told=' '
  while [ -n "$(ours)" ]; do
    [ "$tries" -gt 0 ] || return 1
    pids=$(ours supervise)
    for pid in \${pids:-$(ours hob)}; do
      case "$told" in *" $pid "*) ;; *) told="$told$pid " && kill "-$1" "$pid" 2>/dev/null || : ;; esac
    done
    tries=$((tries - 1))
    pause
  done
}
end_ours() { signal_ours TERM ${PATIENCE.end} || signal_ours KILL ${PATIENCE.kill}; }
`;
harden(processWords);
