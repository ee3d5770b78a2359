/** What a host says of itself, read. See survey-script.ts. */
import { makeError } from '../../../errors/gobs-error.ts';
import { plainText } from '../../../protocol/plain-text.ts';
import { ownerNote, parseOwner, type HostOwner, type HostPlaces, type Service } from './host-places.ts';

export interface HostSurvey {
  /** As Node calls it (`x64`, `arm64`), or as the host does. */
  readonly architecture: string;
  readonly libc: 'glibc' | 'musl' | 'unknown';
  readonly uid: number;
  readonly places: HostPlaces;
  /** The host's own, whatever its version; null if it has none. */
  readonly node: { readonly path: string; readonly version: string } | null;
  /** Bytes, for whoever logs in, where each of the two is or would be; null if the host does not say. */
  readonly free: { readonly programs: number | null; readonly state: number | null };
  /** Whose hob is there; null: nobody's, or one that is being removed. */
  readonly owner: HostOwner | null;
  /** Of this machine. `absent` if the host is another's. */
  readonly state: 'absent' | 'stopped' | 'running' | 'broken';
  /** What `current` names, and the runtime of it, are there. */
  readonly isRunnable: boolean;
  /** The hob's key and what it knows: without it, it is nobody. */
  readonly hasState: boolean;
  /** It has not used its locator yet. */
  readonly isEnrolling: boolean;
  /** A removal was not done to its end. */
  readonly isRemoving: boolean;
  /** Names of hobs, the one that is started, and the one whose take-over was not brought to its end. */
  readonly releases: readonly string[];
  readonly current: string | null;
  readonly trying: string | null;
}

type Said = ReadonlyMap<string, readonly string[]>;

const read = (text: string): Said => {
  const said = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at < 0) continue;
    const key = line.slice(0, at);
    said.set(key, [...(said.get(key) ?? []), line.slice(at + 1).trim()]);
  }
  return said;
};

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  amd64: 'x64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

/** From a line of `df -Pk`; null for what is none. */
const freeBytes = (line: string): number | null => {
  const blocks = /\s(\d+)\s+\d+%/.exec(line)?.[1];
  return blocks === undefined ? null : Number(blocks) * 1024;
};

/** Throws HOST_NOT_MANAGEABLE. */
const requireManageable = (said: Said, where: string): void => {
  const refuse = (why: string, hint: string): never => {
    throw makeError('HOST_NOT_MANAGEABLE', `${where}: ${why}`, { hint });
  };
  const first = (key: string): string => plainText(said.get(key)?.[0] ?? '', 100);
  if (!said.has('end')) refuse('its shell does not run what looks at it', 'a POSIX shell is needed');
  if (first('system') !== 'Linux') {
    refuse(`it runs ${first('system') || 'something else'}, not Linux`, 'gobs keeps Linux hosts');
  }
  const missing = (said.get('missing') ?? []).map((name) => plainText(name, 40)).join(', ');
  if (missing !== '') refuse(`it lacks ${missing}`, 'install what is missing');
  if (said.has('homeless')) {
    refuse(
      `${first('homeless')} cannot be written to by who logs in`,
      'log in as root, or as a user with a home directory',
    );
  }
};

/** Throws HOST_NOT_MANAGEABLE: these are to be paths, and go into scripts. */
const placesIn = (said: Said, where: string): HostPlaces => {
  const path = (key: string): string => {
    const found = said.get(key)?.[0] ?? '';
    // systemd and command lines have no way to say any others.
    if (/^(\/[\w.+@-]+)+$/.test(found)) return found;
    throw makeError('HOST_NOT_MANAGEABLE', `${where}: a hob cannot be put in ${plainText(found, 200) || 'no place'}`, {
      hint: 'log in as root, or as a user whose home directory has a plain name',
    });
  };
  const service = said.get('service')?.[0] as Service;
  return harden({ programs: path('programs'), directory: path('directory'), units: path('units'), service });
};

const ownersIn = (said: Said, key: string): readonly HostOwner[] =>
  (said.get(key) ?? []).map(parseOwner).filter((owner) => owner !== undefined);

const stateIn = (said: Said, owner: HostOwner | null, us: HostOwner): HostSurvey['state'] => {
  const isUs = (other: HostOwner): boolean => ownerNote(other) === ownerNote(us);
  const isWhole = said.has('whole');
  if (isWhole && (owner === null || !isUs(owner))) return owner === null ? 'broken' : 'absent';
  if (!isWhole) return ['leaving', 'maker'].some((key) => ownersIn(said, key).some(isUs)) ? 'broken' : 'absent';
  const service = said.get('service')?.[0] === 'own' ? said.has('supervise') : said.has('unit');
  if (!['runnable', 'state'].every((key) => said.has(key)) || !service || said.has('removing')) return 'broken';
  const isActive = ['active', 'activating', 'reloading'].includes(said.get('active')?.[0] ?? '');
  return isActive || said.has('pid') ? 'running' : 'stopped';
};

/** `where`: the host, for messages. Throws HOST_NOT_MANAGEABLE. */
export const readSurvey = (text: string, us: HostOwner, where: string): HostSurvey => {
  const said = read(text);
  requireManageable(said, where);
  const first = (key: string): string => said.get(key)?.[0] ?? '';
  const [version = '', ...path] = first('node').split(' ');
  const owner = ownersIn(said, 'owner')[0] ?? null;
  const libc = first('libc');
  return harden({
    architecture: architectures[first('machine')] ?? (plainText(first('machine'), 40) || 'unknown'),
    libc: libc.startsWith('glibc') ? 'glibc' : libc === 'musl' ? 'musl' : 'unknown',
    uid: Number(first('uid')),
    places: placesIn(said, where),
    node: version === '' ? null : { path: path.join(' '), version: plainText(version, 40) },
    free: { programs: freeBytes(first('programsfree')), state: freeBytes(first('statefree')) },
    owner,
    state: stateIn(said, owner, us),
    isRunnable: said.has('runnable'),
    hasState: said.has('state'),
    isEnrolling: said.has('enrolment'),
    isRemoving: said.has('removing'),
    releases: (said.get('release') ?? []).map((name) => plainText(name, 100)),
    current: said.has('current') ? plainText(first('current'), 100) : null,
    trying: said.has('trying') ? plainText(first('trying'), 100) : null,
  });
};
harden(readSurvey);
