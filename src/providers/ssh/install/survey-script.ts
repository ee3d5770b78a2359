/**
 * The one script that looks at a host, and changes nothing. It prints `key=value` lines, each value on one line; survey.ts reads them. Everything
 * in them is what the host says of itself.
 */
import { unitName } from './host-places.ts';
import { processWords } from './process-words.ts';
import { quote, systemPath } from './sh-words.ts';

export interface SurveyScriptOptions {
  /** Put before the places of root and of systemd: for tests. */
  readonly prefix?: string;
  readonly path?: string;
}

/** Without these nothing can be put there. */
const tools = [
  'df',
  'grep',
  'gzip',
  'id',
  'ln',
  'mv',
  'readlink',
  'setsid',
  'sha256sum',
  'sync',
  'tail',
  'tr',
  'uname',
];

const begin = (prefix: string, path: string): string => `set -u
PATH=${quote(path)} LC_ALL=C
export PATH LC_ALL
say() { printf '%s=%s\\n' "$1" "$(printf '%s' "$2" | tr '\\n' ' ')"; }
has() { command -v "$1" >/dev/null 2>&1; }
for tool in ${tools.join(' ')}; do has "$tool" || say missing "$tool"; done
above() { d=$1; while [ ! -d "$d" ]; do d=\${d%/*}; [ -n "$d" ] || d=/; done; printf '%s' "$d"; }
real() { d=$(above "$1"); rest=\${1#"$d"}; printf '%s' "$(cd -P "$d" && pwd -P)/\${rest#/}" | sed 's,//*,/,g; s,/$,,'; }
prefix=${quote(prefix)}
`;

const whoAndWhere = `say system "$(uname -s)"
say machine "$(uname -m)"
uid=$(id -u)
say uid "$uid"
if [ "$uid" = 0 ]; then
  programs=$prefix/opt/gobs directory=$prefix/var/lib/gobs/hob units=$prefix/etc/systemd/system
else
  home=\${HOME:-/nonexistent}
  [ -d "$home" ] && [ -w "$home" ] || say homeless "$home"
  programs=$home/.local/lib/gobs directory=$home/.local/state/gobs/hob units=$home/.config/systemd/user
fi
programs=$(real "$programs") directory=$(real "$directory") units=$(real "$units")
service=own
ctl=:
if [ -z "$prefix" ] && [ -d /run/systemd/system ] && has systemctl && has systemd-notify; then
  if [ "$uid" = 0 ]; then
    service=system ctl=systemctl
  elif [ -e "/var/lib/systemd/linger/$(id -un)" ]; then
    XDG_RUNTIME_DIR=/run/user/$uid
    export XDG_RUNTIME_DIR
    if systemctl --user show-environment >/dev/null 2>&1; then service=user ctl='systemctl --user'; fi
  fi
fi
say programs "$programs"
say directory "$directory"
say units "$units"
say service "$service"
say programsfree "$(df -Pk "$(above "$programs")" 2>/dev/null | tail -n 1)"
say statefree "$(df -Pk "$(above "$directory")" 2>/dev/null | tail -n 1)"
`;

const runtime = `libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=
if [ -z "$libc" ]; then for file in /lib/ld-musl-*; do [ ! -e "$file" ] || libc=musl; done; fi
say libc "$libc"
for name in node nodejs; do
  node=$(command -v "$name") || continue
  version=$("$node" --version 2>/dev/null) || continue
  say node "$version $node"
  break
done
`;

const whatIsThere = `note() { [ ! -f "$2/machine" ] || say "$1" "$(head -c 2000 "$2/machine")"; }
if [ -e "$directory" ]; then
  say whole yes
  note owner "$directory"
  [ ! -e "$directory/enrolment" ] || say enrolment yes
  [ ! -d "$directory/state" ] && [ ! -d "$directory/state.before" ] || say state yes
  for name in taking-over taken-over giving-up; do
    [ ! -e "$directory/$name" ] || say trying "$(head -c 200 "$directory/$name")"
  done
fi
[ ! -e "$directory.removing" ] || { say removing yes; note leaving "$directory.removing"; }
for place in "$directory".making.*; do [ ! -d "$place" ] || { say making "$place"; note maker "$place"; }; done
for place in "$programs"/hobs/*; do [ ! -e "$place" ] || say release "\${place##*/}"; done
for place in "$programs"/runtimes/*; do [ ! -e "$place" ] || say runtime "\${place##*/}"; done
if [ -L "$programs/current" ]; then
  link=$(readlink "$programs/current")
  say current "\${link##*/}"
  [ ! -f "$programs/current/gobs-hob.mjs" ] || [ ! -x "$programs/current/node" ] || say runnable yes
fi
[ ! -e "$programs/supervise" ] || say supervise yes
[ ! -e "$units/${unitName}" ] || say unit yes
active=$($ctl is-active ${unitName} 2>/dev/null) || :
say active "$active"
`;

const lastly = `for pid in $(ours); do say pid "$pid"; done
say end yes
`;

export const surveyScript = ({ prefix = '', path = systemPath }: SurveyScriptOptions = {}): string =>
  [begin(prefix, path), whoAndWhere, runtime, whatIsThere, processWords, lastly].join('');
harden(surveyScript);
