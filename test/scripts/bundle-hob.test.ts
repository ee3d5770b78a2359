/** The hob as one file: made anew here, and run where there is nothing else, with a real boss over TLS. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { E } from '@endo/far';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { machinePaths } from '../../src/protocol/machine-directory.ts';
import type { WantedState } from '../../src/protocol/shapes.ts';
import { makeHobBundle } from '../support/hob-bundle.ts';
import { bookMachine, holdWaitingBoss, makeHobDirectory } from '../support/e2e/booked-machine.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const bundle = join(repository, 'dist/hob/gobs-hob.mjs');

beforeAll(makeHobBundle);

let sandbox: Sandbox;
/** A directory with the one file in it. */
let place: string;
let hob: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  place = sandbox.at('0.0.0-abc');
  hob = join(place, 'gobs-hob.mjs');
  await mkdir(place);
  await cp(bundle, hob);
});
afterEach(() => sandbox.end());

const version = () => sandbox.run(process.execPath, [hob, '--version']);

describe('the bundled hob', () => {
  test('says its version, and puts the native part that fits this host beside itself', async () => {
    const { version: ours } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await version()).toEqual({ code: 0, stdout: `${ours}\n`, stderr: '' });
    expect(await readdir(place)).toEqual(['gobs-hob.mjs', 'level.node']);
  });

  test('writes the native part again if it is not as it was', async () => {
    await version();
    const whole = await readFile(join(place, 'level.node'));
    await writeFile(join(place, 'level.node'), whole.subarray(0, 1_000));
    expect(await version()).toMatchObject({ code: 0 });
    expect((await readFile(join(place, 'level.node'))).equals(whole)).toBe(true);
    expect(await readdir(place)).toHaveLength(2);
  });

  test('enrols, keeps another root than the one in its directory, and has taken over once its boss has its report', async () => {
    const held = await holdWaitingBoss(sandbox);
    const { machine, locator } = await bookMachine(await held.admin(), held.state, 'web1');
    const directory = await makeHobDirectory(sandbox, 'one', locator);
    const paths = machinePaths(directory);
    await rm(paths.root, { recursive: true });
    await writeFile(paths.takingOver, '0.0.0-abc\n');
    const root = sandbox.at('elsewhere');
    await mkdir(root);
    const resources = [{ id: 'motd', type: 'file', path: '/motd', content: 'hello' }];
    await E(machine).setDesired({ policy: 'correct', resources } as unknown as WantedState);

    const running = sandbox.start(process.execPath, [
      hob,
      '--root',
      root,
      '--interval',
      '3600',
      '--directory',
      directory,
    ]);
    await running.stderr.said(/"msg":"this hob has taken over"/);
    await statusOnce(machine, isWell);
    expect(await readFile(join(root, 'motd'), 'utf8')).toBe('hello');
    expect(await readdir(directory)).not.toContain('taking-over');
    expect(await readFile(paths.takenOver, 'utf8')).toBe('0.0.0-abc\n');
    expect(await running.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  test('has its licences beside it', async () => {
    const text = await readFile(join(repository, 'dist/hob/gobs-hob.licences.txt'), 'utf8');
    for (const name of ['ses', '@endo/captp', 'classic-level', 'pino']) {
      expect(text).toMatch(RegExp(`^${name} [0-9.]+ \\(`, 'm'));
    }
    expect(text).not.toMatch(/\)\n\n\n/);
  });
});
