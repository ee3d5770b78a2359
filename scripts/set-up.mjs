/**
 * Makes `node_modules` what package-lock.json says, if it is not already, and then the hob that is put on hosts (scripts/bundle-hob.mjs), if what
 * it is made of is newer than it; `npm start` runs this first. Plain JavaScript for any Node from 20 on, because the pinned Node 24 is one of the
 * things that it installs.
 *
 * npm lists what it installed in `node_modules/.package-lock.json`, and writes that last: where it is missing, nothing was
 * installed, or not to the end.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pinnedNode = join(root, 'node_modules/.bin/node');

const say = (line) => process.stderr.write(`gobs: ${line}\n`);

/** Packages by place, or undefined if there is no such list. */
const readPackages = (lockFile) => {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
  } catch {
    return undefined;
  }
};

const isInstalled = () => {
  const wanted = readPackages('package-lock.json');
  const found = readPackages('node_modules/.package-lock.json');
  if (wanted === undefined || found === undefined || !existsSync(pinnedNode)) return false;
  return Object.entries(wanted).every(([place, { version, integrity, optional }]) => {
    if (place === '') return true;
    // what is optional and absent is for another platform
    if (found[place] === undefined) return optional === true;
    return found[place].version === version && found[place].integrity === integrity;
  });
};

/**
 * With the npm that runs this script, if one does. Its words go to stderr: stdout is for whoever comes next. Its warnings would be
 * about packages that want a newer Node than the one that installs them; they get it.
 */
const runNpmCi = () => {
  const npm = process.env.npm_execpath;
  const [command, ...before] = npm === undefined ? ['npm'] : [process.execPath, npm];
  return spawnSync(command, [...before, 'ci', '--include=dev', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
};

const changedAt = (path) => {
  try {
    return statSync(join(root, path)).mtimeMs;
  } catch {
    return undefined;
  }
};

const bundler = 'scripts/bundle-hob.mjs';

const isBundleOld = () => {
  const made = changedAt('dist/hob/gobs-hob.mjs');
  if (made === undefined) return true;
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((path) => join('src', path));
  return [bundler, 'package-lock.json', ...sources].some((path) => (changedAt(path) ?? 0) > made);
};

/** Only who puts a hob on another host needs it, so whatever is wrong with it keeps nobody from starting. */
const bundleHob = () => {
  if (!existsSync(join(root, bundler)) || !isBundleOld()) return;
  const { status } = spawnSync(pinnedNode, [join(root, bundler)], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) say('the hob for other hosts could not be made; what was said is above');
};

const installPackages = () => {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    say(`setting up needs Node 20 or newer, and this is ${process.version}`);
    return 1;
  }
  if (isInstalled()) return 0;
  const there = existsSync(join(root, 'node_modules'));
  say(`${there ? 'node_modules is not what package-lock.json says' : 'nothing is installed yet'}, so: npm ci`);
  const { status, signal, error } = runNpmCi();
  if (status !== 0) {
    say(`npm ci failed (${error?.message ?? signal ?? `exit ${status}`}); what it said is above`);
    return status || 1;
  }
  if (existsSync(pinnedNode)) return 0;
  say('npm ci left out Node 24: are install scripts switched off (npm config get ignore-scripts)?');
  return 1;
};

process.exitCode = installPackages();
if (process.exitCode === 0) bundleHob();
