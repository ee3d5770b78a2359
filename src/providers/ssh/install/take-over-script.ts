/**
 * How one hob takes over from another on a host (docs/explanation/hosts.md). The work is done by a script that lies on the host and goes on when
 * whoever started it is gone:
 *
 *   stop ─▶ state/ copied to state.before ─▶ `taking-over` ─▶ `previous`, `current` ─▶ start ─┬─ `taken-over`: what the old one needed goes
 *                                                                                             └─ too late: stop, `giving-up`, `current` as before, state.before is state/ again, start
 *
 * Everything is told by what is there, so the script can be run again after any end of an earlier run:
 *
 *   `taking-over` and `current` name the same       it is being tried: wait for it
 *   they name different ones                        the trial had not begun: begin
 *   `taking-over` names another than is wanted now  that one is given up first
 *   `giving-up`                                     it had been given up: that is done to its end
 *   `taken-over`                                    it had taken over: what is not needed any more goes
 */
import { machinePaths } from '../../../protocol/machine-directory.ts';
import { pathsOn, unitName, type HostPlaces } from './host-places.ts';
import { processWords } from './process-words.ts';
import { endings, prelude, quote } from './sh-words.ts';

export interface TakeOverOptions {
  readonly places: HostPlaces;
  /** Which is to take over. */
  readonly release: string;
  /** Undefined where there is none. */
  readonly systemctl: string | undefined;
  /** Seconds that it has to reach its boss. */
  readonly patience: number;
}

const serviceWords = (systemctl: string | undefined, supervise: string, log: string): string =>
  systemctl === undefined
    ? `begin() {
  [ -z "$(ours supervise)" ] || return 0
  (cd "$directory" && exec setsid sh ${quote(supervise)} --directory "$directory" </dev/null >>${quote(log)} 2>&1) &
  # Until it can be seen, somebody else might start another.
  tries=50
  while [ -z "$(ours supervise)" ] && [ "$tries" -gt 0 ]; do pause; tries=$((tries - 1)); done
}
finish() { end_ours; }`
    : `begin() { ${systemctl} reset-failed ${unitName} 2>/dev/null || :; ${systemctl} start --no-block ${unitName}; }
finish() { ${systemctl} stop ${unitName}; end_ours; }`;

/** The script that lies on the host. Its last line is told by `outcome`: 0, or why not. */
export const takeOverText = ({ places, release, systemctl, patience }: TakeOverOptions): string => {
  const { directory, programs, current, supervise } = pathsOn(places);
  const { log, state, takingOver, takenOver } = machinePaths(directory);
  return `${prelude()}
directory=${quote(directory)} programs=${quote(programs)} release=${quote(release)}
state=${quote(state)} trying=${quote(takingOver)} taken=${quote(takenOver)} current=${quote(current)}
giving=${quote(`${directory}/giving-up`)}
${processWords}
${serviceWords(systemctl, supervise, log)}
say() { printf '%s\\n' "$1" >"$programs/outcome"; exit 0; }
name() { link=$(readlink "$1") || link=; printf '%s' "\${link##*/}"; }
# What stops it half-way (no room for the copy, say) leaves the host with the hob that it had.
trap '[ $? = 0 ] || { rm -rf "$state.before.part"; begin; say "there it could not be done to its end"; }' EXIT
relink() { rm -f "$2.new"; ln -s "hobs/$1" "$2.new"; mv -fT "$2.new" "$2"; durable "$programs"; }
tried() { cat "$trying" 2>/dev/null || :; }

give_back() {
  if [ -L "$programs/previous" ]; then relink "$(name "$programs/previous")" "$current"; fi
  if [ -e "$state.before" ]; then
    if [ -e "$state" ]; then rm -rf "$state.failed"; mv -T "$state" "$state.failed"; fi
    mv -T "$state.before" "$state"
    durable "$directory"
  fi
  rm -rf "$state.failed"
  rm -f "$programs/previous"
  rm -f "$giving"
}
give_up() {
  finish
  if [ -e "$taken" ]; then return 1; fi
  mv -f "$trying" "$giving"
  durable "$directory"
  give_back
  begin
}
settle() {
  rm -f "$trying" "$programs/previous"
  rm -rf "$state.before" "$state.failed"
  for hob in "$programs"/hobs/*; do [ "\${hob##*/}" = "$(name "$current")" ] || rm -rf "$hob"; done
  for runtime in "$programs"/runtimes/*; do
    [ ! -e "$runtime" ] || [ "$runtime/node" -ef "$current/node" ] || rm -rf "$runtime"
  done
  rm -f "$taken"
}

if [ -e "$giving" ]; then
  finish
  give_back
fi
if [ -e "$taken" ] && [ "$(cat "$taken")" = "$(name "$current")" ]; then settle; fi
if [ -e "$trying" ] && [ "$(tried)" = "$(name "$current")" ] && [ "$(tried)" != "$release" ]; then give_up || settle; fi
if [ ! -e "$trying" ] && [ "$(name "$current")" = "$release" ]; then settle; begin; say 0; fi

if [ "$(tried)" != "$release" ] || [ "$(name "$current")" != "$release" ]; then
  finish
  rm -rf "$state.before" "$state.before.part"
  cp -a "$state" "$state.before.part"
  durable
  mv -T "$state.before.part" "$state.before"
  rm -f "$taken"
  printf '%s\\n' "$release" >"$trying.new"
  durable "$trying.new"
  mv -f "$trying.new" "$trying"
  durable "$directory"
  relink "$(name "$current")" "$programs/previous"
  relink "$release" "$current"
fi
begin
left=$((${patience} * 5))
while [ ! -e "$taken" ] && [ "$left" -gt 0 ]; do pause; left=$((left - 1)); done
if [ -e "$taken" ]; then settle; say 0; fi
if give_up; then say "within ${patience} seconds it did not reach its boss and report"; fi
settle
begin
say 0
`;
};
harden(takeOverText);

/** Where that script lies. */
export const takeOverPath = (places: HostPlaces): string => `${places.programs}/take-over`;
harden(takeOverPath);

/** Needs \`$programs\`. Prints the process ids of that script. */
export const takingOverWords = `taking_over() {
  for file in $(grep -lsF -e "$programs/take-over" /proc/[0-9]*/cmdline || :); do
    [ "$(tr '\\0' ' ' 2>/dev/null <"$file")" = "sh $programs/take-over " ] || continue
    [ "\${file%/cmdline}/cwd" -ef "$programs" ] || continue
    pid=\${file#/proc/}
    printf '%s\\n' "\${pid%/cmdline}"
  done
}
`;
harden(takingOverWords);

/** Starts it, if it does not run, and waits until it has said how it ended: with \`endings.notTaken\`, and why on stderr, if it did not succeed. */
export const takeOverScript = (places: HostPlaces): string => `${prelude()}
programs=${quote(places.programs)}
${takingOverWords}
outcome=$programs/outcome
pid=$(taking_over)
if [ -z "$pid" ]; then
  rm -f "$outcome"
  cd "$programs"
  setsid sh "$programs/take-over" </dev/null >/dev/null 2>&1 &
  pid=$!
fi
while [ ! -s "$outcome" ] && kill -0 $pid 2>/dev/null; do sleep 0.2 2>/dev/null || sleep 1; done
said=$(cat "$outcome" 2>/dev/null) || said='it was ended'
[ "$said" = 0 ] || { printf '%s\\n' "$said" >&2; exit ${endings.notTaken}; }
`;
harden(takeOverScript);
