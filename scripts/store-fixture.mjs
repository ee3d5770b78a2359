/**
 * Keeps a state directory as this version of gobs writes it: `npm run store-fixture -- VERSION` makes test/fixtures/stores/VERSION. A real boss,
 * with real hobs, makes machines in several states; the directory is packed when all of them have ended. What was true of the machines
 * is written beside it. See test/fixtures/stores/README.md for when.
 */
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const [, , version = ''] = process.argv;
if (!/^[\w.+-]+$/.test(version)) {
  process.stderr.write('usage: npm run store-fixture -- VERSION\n');
  process.exit(1);
}

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(repository, 'src/cli/main.ts');
const target = join(repository, 'test/fixtures/stores', version);
const place = mkdtempSync(join(tmpdir(), 'gobs-fixture-'));
const state = join(place, 'state');

const fleet = `machines:
  web1:
    provider: local
    policy: correct
    resources:
      - { id: logs, type: directory, path: /var/log/app, mode: "0750" }
      - { id: motd, type: file, path: /etc/motd, content: "hello\\n", mode: "0644" }
  db1:
    provider: local
    policy: report
    resources:
      - { id: motd, type: file, path: /etc/motd, content: "hello\\n", mode: "0644" }
`;

const env = { PATH: process.env.PATH, HOME: place };
const gobs = (...words) =>
  execFileSync(process.execPath, [main, ...words, '--state', state], { env, encoding: 'utf8' });
/** For what must fail. */
const gobsInVain = (...words) => {
  try {
    gobs(...words);
  } catch {
    return;
  }
  throw Error(`gobs ${words.join(' ')} was to fail`);
};
const endOf = (child) => new Promise((resolve) => child.once('exit', resolve));

const makeMachines = () => {
  writeFileSync(join(place, 'fleet.yaml'), fleet);
  gobs('apply', join(place, 'fleet.yaml'), '--yes');
  gobs('machine', 'stop', 'db1');
  gobs('machine', 'create', 'old1', '--provider', 'local');
  gobs('machine', 'destroy', 'old1', '--yes');
  // What is to be the directory of the next one is a file.
  writeFileSync(join(state, 'machines/m4'), '');
  gobsInVain('machine', 'create', 'bad1', '--provider', 'local');
  rmSync(join(state, 'machines/m4'));
  gobs('drift', 'web1');
};

/** What does not depend on who is connected. */
const lasting = ({ id, name, provider, state: at, generation, policy, drift }) => ({
  ...{ id, name, provider, state: at, generation, policy, drift },
});

const describeFleet = () => ({
  version,
  machines: JSON.parse(gobs('machine', 'list', '--json')).map(lasting),
  /** Of web1's observer. Its secret opens a boss that never was on a network. */
  locator: gobs('share', 'web1', '--as', 'observer').trim(),
});

/** Its hob goes on without a boss. Resolves when it has ended, so that its store is whole. */
const endHob = async (id) => {
  const { pid } = JSON.parse(readFileSync(join(state, 'machines', id, 'hob.pid'), 'utf8'));
  process.kill(pid, 'SIGTERM');
  while (existsSync(`/proc/${pid}`)) await delay(50);
};

const unneeded = ['LOG', 'LOG.old', 'LOCK', 'boss.log', 'hob.log', 'boss.sock*', 'holder.json', 'boss.json'];

const pack = () => {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const words = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    ...unneeded.map((name) => `--exclude=${name}`),
  ];
  execFileSync('tar', [...words, '-czf', join(target, 'state.tar.gz'), '-C', place, 'state']);
};

try {
  const words = ['boss', '--state', state, '--json', '--hob-interval', '1h'];
  const boss = spawn(process.execPath, [main, ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = endOf(boss);
  await new Promise((resolve) => boss.stdout.once('data', resolve));
  makeMachines();
  const fleetThen = describeFleet();
  boss.kill('SIGTERM');
  await ended;
  await endHob(fleetThen.machines.find(({ name }) => name === 'web1').id);
  pack();
  writeFileSync(join(target, 'fleet.json'), `${JSON.stringify(fleetThen, null, 2)}\n`);
} finally {
  rmSync(place, { recursive: true, force: true });
}
