/**
 * Scripts that make and remove what belongs to the machine on a host. What must be whole appears by a rename; each can be run again after any end
 * of an earlier run, its own too.
 */
import { makingPath, ownerNote, pathsOn, unitName, type HostOwner, type HostPlaces } from './host-places.ts';
import { processWords } from './process-words.ts';
import { takingOverWords } from './take-over-script.ts';
import { endings, prelude, quote } from './sh-words.ts';

const refuseOthers = (owner: HostOwner): string => `
if [ -e "$directory" ] && [ "$(cat "$directory/machine" 2>/dev/null)" != ${quote(ownerNote(owner))} ]; then
  cat "$directory/machine" >&2
  exit ${endings.taken}
fi
`;

/**
 * Makes the host this machine's, with the enrolment locator on stdin; a hob that has not used one yet finds the new one. Ends with
 * `endings.taken`, and the owner on stderr, if it is another's.
 */
export const claimScript = (places: HostPlaces, owner: HostOwner): string => {
  const { directory, parent } = pathsOn(places);
  const [making, note] = [quote(makingPath(directory, owner)), quote(ownerNote(owner))];
  return `${prelude()}
directory=${quote(directory)}
${refuseOthers(owner)}
# A connection that is lost ends what is read, as its end would.
IFS= read -r locator && [ -n "$locator" ] || { echo 'the locator did not arrive whole' >&2; exit ${endings.altered}; }
if [ -e "$directory" ]; then
  if [ -e "$directory/enrolment" ]; then
    printf '%s\\n' "$locator" >"$directory/enrolment.new"
    durable "$directory/enrolment.new"
    mv -f "$directory/enrolment.new" "$directory/enrolment"
    durable "$directory"
  fi
  exit 0
fi
(umask 022; mkdir -p ${quote(parent)})
making=${making}
rm -rf "$making"
mkdir "$making" "$making/state"
printf '%s\\n' "$locator" >"$making/enrolment"
printf '%s\\n' ${note} >"$making/machine"
durable "$making/enrolment" "$making/machine" "$making"
mv -T "$making" "$directory" 2>/dev/null || { [ -e "$directory" ] || exit 1; ${refuseOthers(owner)} }
durable ${quote(parent)}
`;
};
harden(claimScript);

const endTakeOver = (programs: string): string => `programs=${quote(programs)}
${takingOverWords}for pid in $(taking_over); do kill -KILL "$pid" 2>/dev/null || :; done`;

/** Ends what runs, without a word about what is there. */
export const endScript = (places: HostPlaces, owner: HostOwner, systemctl: string | undefined): string => `${prelude()}
directory=${quote(places.directory)}
${refuseOthers(owner)}
${endTakeOver(places.programs)}
${systemctl === undefined ? '' : `! ${systemctl} cat ${unitName} >/dev/null 2>&1 || ${systemctl} stop ${unitName}`}
${processWords}
end_ours
`;
harden(endScript);

/** To be asked again after each wait: whoever started a removal may be gone, and another may have done it, and given the host away. */
const notOthers = (owner: HostOwner): string => `not_others() {${refuseOthers(owner)}}`;

/** What runs in a directory of that name that was made since is another machine's. */
const onlyThisOne = `here=
if cd "$directory" 2>/dev/null || cd "$directory.removing" 2>/dev/null; then here=.; fi
is_here() { [ "$1" -ef "$here" ] || [ "$1" -ef "$directory.removing" ]; }
`;

/**
 * Removes all that is ours, if the host is this machine's, or was: first nothing can start the hob any more, then it ends, then the directory goes
 * out of the way, then the programs, and whose host it was is known to the last. Prints `remains=…` for what could not be removed.
 */
export const removeScript = (places: HostPlaces, owner: HostOwner, systemctl: string | undefined): string => {
  const { directory, removing, parent, programs, hobs, runtimes, current, supervise, unit } = pathsOn(places);
  const making = makingPath(directory, owner);
  const takeOver = ['take-over', 'outcome', 'previous'].map((name) => `${programs}/${name}`);
  const files = [hobs, runtimes, current, supervise, ...takeOver];
  const ours = [unit, ...files, removing, making];
  return `${prelude()}
set +e
directory=${quote(directory)}
${notOthers(owner)}
not_others
${processWords}${onlyThisOne}
${endTakeOver(programs)}
${systemctl === undefined ? '' : `[ ! -e ${quote(unit)} ] || ${systemctl} disable --now ${unitName} 2>&1`}
not_others
rm -f ${quote(unit)} ${quote(unit)}.part.*
${systemctl === undefined ? '' : `${systemctl} daemon-reload 2>&1; ${systemctl} reset-failed ${unitName} >/dev/null 2>&1`}
end_ours
if [ -e "$directory" ]; then
  rm -rf ${quote(removing)}
  not_others
  mv -T "$directory" ${quote(removing)}
fi
end_ours
not_others
rm -rf ${files.map(quote).join(' ')} ${quote(programs)}/*.part.* ${quote(programs)}/*.new
rmdir ${quote(programs)} 2>/dev/null
rm -rf ${quote(making)}
rm -rf ${quote(removing)}
rmdir ${quote(parent)} 2>/dev/null
for place in "$directory" ${ours.map(quote).join(' ')}; do
  if [ -e "$place" ] || [ -L "$place" ]; then printf 'remains=%s\\n' "$place"; fi
done
[ ! -e ${quote(programs)} ] || printf 'remains=%s, which holds something else too\\n' ${quote(programs)}
for pid in $(ours); do printf 'remains=process %s\\n' "$pid"; done
exit 0
`;
};
harden(removeScript);
