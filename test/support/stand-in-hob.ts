/**
 * A process that does with a machine's directory what a hob must do (src/protocol/machine-directory.ts), and nothing else. It stands in
 * for the hob where a provider is tested. Run as `node stand-in-hob.ts [options] --directory <machine>`:
 *   --wait-for FIFO  before anything else, waits until somebody opens that named pipe to write
 *   --pause FIFO     once it has the lock, waits until somebody has opened that named pipe to write, and closed it
 *   --deaf           does not end on SIGTERM
 *   --fail TEXT      says so and ends at once
 * It "enrols" by moving the locator to `state/received`. So that no test can leave one behind, it ends after five minutes.
 */
import '../../src/lockdown.ts';
import * as fs from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Level } from 'level';
import { closeInheritedDescriptors } from '../../src/protocol/inherited-descriptors.ts';
import { formatHobPid, machinePaths } from '../../src/protocol/machine-directory.ts';

const { values: options } = parseArgs({
  options: {
    'wait-for': { type: 'string' },
    pause: { type: 'string' },
    deaf: { type: 'boolean' },
    fail: { type: 'string' },
    directory: { type: 'string' },
  },
});
const paths = machinePaths(options.directory!);

const end = (message: string): never => {
  console.error(message);
  process.exit(1);
};

const takeLock = async () => {
  if (!fs.existsSync(paths.root) || !fs.existsSync(paths.state)) end(`STORE_UNUSABLE: ${paths.directory} is not whole`);
  const store = new Level(paths.store);
  await store.open().catch(() => end(`STORE_IN_USE: ${paths.store}`));
  return store;
};

const writePid = () => {
  fs.writeFileSync(`${paths.hobPid}.new`, formatHobPid(fs.readFileSync('/proc/self/stat', 'utf8')), { mode: 0o600 });
  fs.renameSync(`${paths.hobPid}.new`, paths.hobPid);
};

const enrol = () => {
  if (!fs.existsSync(paths.enrolment)) return;
  fs.copyFileSync(paths.enrolment, `${paths.state}/received`);
  fs.unlinkSync(paths.enrolment);
};

closeInheritedDescriptors(fs);
if (options.fail !== undefined) end(options.fail);
if (options['wait-for'] !== undefined) fs.closeSync(fs.openSync(options['wait-for'], 'r'));
const store = await takeLock();
if (options.pause !== undefined) fs.readFileSync(options.pause);
process.on('SIGTERM', () => {
  if (options.deaf !== true) void store.close().then(() => process.exit(0));
});
// Before the note of who has the lock, so that whoever waits for that note finds the rest done.
enrol();
writePid();
setTimeout(() => process.exit(1), 5 * 60_000);
