/**
 * A hob for other hosts that only does what a hob must do with its machine's directory (protocol/machine-directory.ts) where an installer is tested:
 * it is there at once. It takes no lock, for nothing here starts two; it "enrols" by moving the locator to `state/received`, and says that it has taken
 * over if `state/boss-is-there` is there.
 */
import { createHash } from 'node:crypto';
import type { HobRelease } from '../../src/providers/ssh/install/hob-release.ts';

const program = (version: string, more: string) => `// gobs hob ${version}
import fs from 'node:fs';
import { basename, dirname } from 'node:path';
if (process.argv[2] === '--version') {
  console.log('${version}');
  process.exit(0);
}
const directory = process.argv.at(-1);
const at = (name) => directory + '/' + name;
if (!fs.existsSync(at('state'))) process.exit(1);
process.on('SIGTERM', () => process.exit(0));
${more}
if (fs.existsSync(at('enrolment'))) fs.renameSync(at('enrolment'), at('state/received'));
fs.appendFileSync(at('state/starts'), '${version}\\n');
const release = basename(dirname(fs.realpathSync(process.argv[1])));
const named = fs.existsSync(at('taking-over')) ? fs.readFileSync(at('taking-over'), 'utf8').trim() : '';
const stat = fs.readFileSync('/proc/self/stat', 'utf8');
const startTime = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
fs.writeFileSync(at('hob.pid.new'), JSON.stringify({ pid: process.pid, startTime }) + '\\n');
fs.renameSync(at('hob.pid.new'), at('hob.pid'));
if (named === release && fs.existsSync(at('state/boss-is-there'))) fs.renameSync(at('taking-over'), at('taken-over'));
setTimeout(() => process.exit(1), 300_000);
`;

/** \`more\`: what it does beside that, before it says that it has started. */
export const standInRelease = (version = '1.0.0', more = ''): HobRelease => {
  const content = Buffer.from(program(version, more));
  const sha256 = createHash('sha256').update(content).digest('hex');
  return Object.freeze({ name: `${version}-${sha256.slice(0, 12)}`, version, sha256, content });
};
