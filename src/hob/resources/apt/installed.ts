/**
 * Which packages the host has, as dpkg-query tells it: one line for each, with fields that we name ("-f", dpkg-query(1)). The three parts of a
 * package's state are those of dpkg(1), "INFORMATION ABOUT PACKAGES". It also reads what an interrupted dpkg left in its journal.
 */
import { makeError } from '../../../errors/gobs-error.ts';
import { plainText } from '../../../protocol/plain-text.ts';
import { commandsOf, sayingOf } from '../commanding.ts';
import type { Host } from '../contract.ts';

export interface Installed {
  readonly version: string;
  /** `installed`, or what an interrupted dpkg left: `unpacked`, `half-configured`, … */
  readonly status: string;
  /** `apt-mark hold`: no program is to change it. */
  readonly held: boolean;
}

const FORMAT = ['Package', 'Architecture', 'db:Status-Want', 'db:Status-Status', 'Version']
  .map((field) => `\${${field}}`)
  .join('\\t');

/** Not there, or only what it left in /etc. */
const ABSENT = harden(['not-installed', 'config-files']);

/** By name, and by name and architecture. Of one name for two architectures, the first that dpkg tells: its own. */
export const parseInstalled = (output: string): ReadonlyMap<string, Installed> => {
  const found = new Map<string, Installed>();
  for (const line of output.split('\n')) {
    const [name, architecture, want, status, version] = line.split('\t');
    if (name === undefined || version === undefined || ABSENT.includes(status!)) continue;
    const installed = harden({ version, status: status!, held: want === 'hold' });
    found.set(`${name}:${architecture!}`, installed);
    if (!found.has(name)) found.set(name, installed);
  }
  return found;
};
harden(parseInstalled);

const systemOf = async ({ files }: Host): Promise<string> => {
  const release = await files.read('/usr/lib/os-release', 16_384).catch(() => undefined);
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(new TextDecoder().decode(release ?? new Uint8Array()))?.[1];
  return plainText(name ?? 'a system without a name', 100);
};

/** Of these names. Throws CANNOT_LOOK, beginning with `thing`. */
export const lookInstalled = async (
  host: Host,
  thing: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Installed>> => {
  const outcome = await commandsOf(host, thing).run(['dpkg-query', '-W', '-f', `${FORMAT}\\n`, '--', ...names]);
  // 1: it does not know all of the names.
  if ((outcome.code === 0 || outcome.code === 1) && !outcome.cut) return parseInstalled(outcome.stdout);
  if (outcome.why?.startsWith('there is no program')) {
    throw makeError('CANNOT_LOOK', `${thing}: packages are kept by apt on Debian, and this is ${await systemOf(host)}`);
  }
  throw makeError('CANNOT_LOOK', `${thing}: ${sayingOf(outcome, 'dpkg-query')}`);
};
harden(lookInstalled);
