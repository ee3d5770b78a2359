/** Scripts that put programs on a host: files that arrive whole or not at all, a hob that can be loaded there, and what starts it. */
import { pathsOn, unitName, type HostPlaces } from './host-places.ts';
import { machinePaths } from '../../../protocol/machine-directory.ts';
import { processWords } from './process-words.ts';
import { endings, prelude, quote } from './sh-words.ts';

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

export interface Delivery {
  readonly path: string;
  /** Hex, of the file as it is to be. */
  readonly sha256: string;
  /** Octal. */
  readonly mode: string;
  /** It comes compressed. */
  readonly gzip: boolean;
}

/** Prints `whole` if the file is there as it is to be. */
export const hasScript = ({ path, sha256 }: Delivery): string => `${prelude()}
path=${quote(path)}
if [ -f "$path" ]; then
  sum=$(sha256sum <"$path")
  [ "\${sum%% *}" != ${sha256} ] || echo whole
fi
`;
harden(hasScript);

/**
 * Takes a file from stdin. Ends with `endings.altered` if what came is not what was sent: its end is missing, mostly. Parts of earlier
 * attempts go; one that is still under way then fails, and has put nothing in its place.
 */
export const deliverScript = ({ path, sha256, mode, gzip }: Delivery): string => `${prelude()}
umask 022
path=${quote(path)}
mkdir -p ${quote(directoryOf(path))}
rm -f "$path".part.*
part=$path.part.$$
trap 'rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM
${gzip ? 'gzip -dc' : 'cat'} >"$part"
sum=$(sha256sum <"$part")
[ "\${sum%% *}" = ${sha256} ] || { echo "$path did not arrive as it was sent" >&2; exit ${endings.altered}; }
chmod ${mode} "$part"
durable "$part"
mv -f "$part" "$path"
durable ${quote(directoryOf(path))}
`;
harden(deliverScript);

const relink = (target: string, link: string): string => `rm -f ${quote(`${link}.new`)}
ln -s ${quote(target)} ${quote(`${link}.new`)}
mv -fT ${quote(`${link}.new`)} ${quote(link)}
`;

/**
 * Gives a hob the runtime that it is started with, and sees that both can be loaded: prints the hob's version. Ends with `endings.runtime`, and what
 * the host said, if not.
 */
export const finishReleaseScript = (places: HostPlaces, release: string, runtime: string): string => {
  const hob = `${pathsOn(places).hobs}/${release}`;
  return `${prelude()}
umask 022
cd ${quote(hob)}
${relink(runtime, `${hob}/node`)}
bare() { env -i "PATH=$PATH" HOME=/ "$@" </dev/null; }
bare ./node --version >/dev/null || exit ${endings.runtime}
bare ./node ./gobs-hob.mjs --version || exit ${endings.runtime}
durable .
`;
};
harden(finishReleaseScript);

/** What is started from now on. What a take-over would give back goes if it is not there any more. */
export const pointScript = (places: HostPlaces, release: string): string => {
  const { current, programs } = pathsOn(places);
  return `${prelude()}
[ -f ${quote(`${programs}/hobs/${release}/gobs-hob.mjs`)} ]
${relink(`hobs/${release}`, current)}[ -e ${quote(`${programs}/previous`)} ] || rm -f ${quote(`${programs}/previous`)}
durable ${quote(programs)}
`;
};
harden(pointScript);

/** After its file was put there. Idempotent. */
export const enableScript = (systemctl: string): string => `${prelude()}
${systemctl} daemon-reload
${systemctl} enable --quiet ${unitName}
`;
harden(enableScript);

/** Its own words and nothing of its secrets: a hob logs none. */
const LAST_LINES = 5;

/** A hob that was given up in a take-over may not have got its state back yet. */
const healed = (places: HostPlaces): string => {
  const { state } = machinePaths(places.directory);
  return `if [ ! -e ${quote(state)} ] && [ -e ${quote(`${state}.before`)} ]; then mv -T ${quote(`${state}.before`)} ${quote(state)}; fi
`;
};

/** Of systemd: waits until the hob says that it works. */
export const startUnitScript = (places: HostPlaces, systemctl: string): string => `${prelude()}
${healed(places)}${systemctl} reset-failed ${unitName} 2>/dev/null || :
# A unit whose condition does not hold is not started, and that is no failure to systemd.
{ ${systemctl} start ${unitName} 2>&1 && ${systemctl} is-active --quiet ${unitName}; } || {
  ${systemctl.replace('systemctl', 'journalctl')} --no-pager -o cat -n ${LAST_LINES} -u ${unitName} >&2 || :
  exit 1
}
`;
harden(startUnitScript);

/** Tries, a fifth of a second each, until a hob has to have taken its store. */
const START_TRIES = 600;

/** Of our own loop: waits until a hob has the lock. */
export const startOwnScript = (places: HostPlaces): string => {
  const { log, hobPid } = machinePaths(places.directory);
  const { supervise } = pathsOn(places);
  return `${prelude()}
directory=${quote(places.directory)}
${processWords}
${healed(places)}cd "$directory"
if [ -z "$(ours supervise)" ]; then
  setsid sh ${quote(supervise)} --directory "$directory" </dev/null >>${quote(log)} 2>&1 &
fi
tries=${START_TRIES}
while :; do
  pid=$(sed -n 's/^{"pid":\\([0-9]*\\),.*/\\1/p' ${quote(hobPid)} 2>/dev/null) || pid=
  for found in $(ours hob); do [ "$found" != "$pid" ] || exit 0; done
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || break
  pause
done
tail -n ${LAST_LINES} ${quote(log)} >&2
exit 1
`;
};
harden(startOwnScript);
