/** Who may come in as a hob, and who may not: real hobs, and peers that are none, at the door of a real boss. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { E } from '@endo/far';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatLocator, parseLocator } from '../../src/captp/locator.ts';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';
import { machinePaths } from '../../src/protocol/machine-directory.ts';
import type { Boss } from '../../src/protocol/remotes.ts';
import {
  bookMachine,
  hobIn,
  holdWaitingBoss,
  makeHobDirectory,
  startDoomedHob,
  startHob,
} from '../support/e2e/booked-machine.ts';
import { gobs } from '../support/e2e/gobs.ts';
import type { BossInHand } from '../support/e2e/hold-boss.ts';
import { commitsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Running, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { makeTestPeer } from '../support/e2e/test-peer.ts';

const HOUR = 60 * 60_000;

let sandbox: Sandbox;
let held: BossInHand;
let boss: Boss;
beforeEach(async () => {
  sandbox = await makeSandbox();
  held = await holdWaitingBoss(sandbox);
  boss = await held.admin();
});
afterEach(() => sandbox.end());

const book = (name: string) => bookMachine(boss, held.state, name);
const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'let in',
    (error: unknown) => codeOf(error),
  );

/** A hob with a directory of its own comes with a locator. */
const comeWith = async (name: string, locator: string) => {
  const directory = await makeHobDirectory(sandbox, name, locator);
  return { directory, hob: startHob(sandbox, directory) };
};
const logged = (code: string): RegExp => RegExp(`"code":"${code}"`);
const fromHere = expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string;

describe('an enrolment locator', () => {
  test('that was used enrols nobody else, and trying is recorded', async () => {
    const { machine, locator } = await book('web1');
    const first = await comeWith('first', locator);
    await statusOnce(machine, isWell);
    expect(await E(boss).refusals()).toEqual([]);

    const thief = await comeWith('thief', locator);
    await thief.hob.stderr.said(logged('ENROLMENT_SPENT'));
    expect(await E(boss).refusals()).toMatchObject([
      { machine: 'web1', code: 'ENROLMENT_SPENT', peerId: await hobIn(thief.directory), address: fromHere },
    ]);
    await thief.hob.kill('SIGTERM');
    expect(existsSync(machinePaths(thief.directory).enrolment)).toBe(true);
    expect(isWell(await E(machine).status())).toBe(true);
    const keys = (await E(machine).log()).filter(({ what }) => what.startsWith('enrolled the hob with key'));
    expect(keys.map(({ what }) => what.split(' ')[5])).toEqual([`${(await hobIn(first.directory)).slice(0, 8)}…`]);
  });

  test('that has expired by the clock of the boss enrols nobody, and trying is recorded', async () => {
    const [early, late] = [await book('early'), await book('late')];
    await held.advance(HOUR - 60_000);
    await comeWith('early', early.locator);
    await statusOnce(early.machine, isWell);

    await held.advance(60_000);
    const { hob, directory } = await comeWith('late', late.locator);
    await hob.stderr.said(logged('ENROLMENT_EXPIRED'));
    expect(await E(boss).refusals()).toMatchObject([
      { machine: 'late', code: 'ENROLMENT_EXPIRED', peerId: await hobIn(directory), address: fromHere },
    ]);
    expect(await E(late.machine).status()).toMatchObject({ online: false, lastSeen: null });
  });

  test('that is guessed enrols nobody, writes nothing, and costs the session after a few', async () => {
    const { machine, locator } = await book('web1');
    const { secret, ...place } = parseLocator(locator);
    const nearly = `${secret.slice(0, -2)}${secret.at(-2) === 'A' ? 'B' : 'A'}${secret.at(-1)}`;
    const commits = commitsOf(held.state);
    for (const durable of [true, false]) {
      const peer = makeTestPeer(sandbox, { durable });
      const guesses = [nearly, ...Array.from({ length: 8 }, () => randomBytes(32).toString('base64url'))];
      for (const guess of guesses) {
        expect(await outcome(peer.enliven(formatLocator({ ...place, secret: guess })))).toBe('LOCATOR_UNKNOWN');
      }
      const last: unknown = await peer
        .enliven(formatLocator({ ...place, secret: nearly }))
        .catch((error: unknown) => error);
      expect(describeError(last)).toMatchObject({
        code: 'SESSION_CLOSED',
        message: expect.stringContaining('LIMIT_EXCEEDED') as string,
      });
    }
    expect(commitsOf(held.state)).toBe(commits);
    expect(await E(boss).refusals()).toEqual([]);
    expect(await E(machine).status()).toMatchObject({ state: 'booting', online: false });
  });

  test('is for no client of the command line, which is told so, and spends nothing by trying', async () => {
    const { machine, locator } = await book('web1');
    const file = await sandbox.write('found.locator', `${locator}\n`);
    const shown = await gobs(sandbox, ['machine', 'show', '--connect-file', file]);
    expect(shown).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('ENROLMENT_REFUSED') as string,
    });
    expect(await E(boss).refusals()).toMatchObject([{ machine: 'web1', code: 'ENROLMENT_REFUSED', address: fromHere }]);
    await comeWith('first', locator);
    await statusOnce(machine, isWell);
  });

  test('that two hobs race for lets exactly one in, and the loss is recorded', async () => {
    const { machine, locator } = await book('web1');
    const hobs = await Promise.all([comeWith('one', locator), comeWith('other', locator)]);
    await statusOnce(machine, isWell);
    const ends = await Promise.all(
      hobs.map(async ({ hob, directory }) => ({
        said: await hob.stderr.said(/"code":"ENROLMENT_\w+"|"msg":"enrolled"/),
        key: await hobIn(directory),
      })),
    );
    expect(ends.map(({ said }) => said).sort()).toEqual(['"code":"ENROLMENT_SPENT"', '"msg":"enrolled"']);
    const [loser] = ends.filter(({ said }) => said !== '"msg":"enrolled"');
    expect(await E(boss).refusals()).toMatchObject([
      { machine: 'web1', code: 'ENROLMENT_SPENT', peerId: loser!.key, address: fromHere },
    ]);
  });

  test('that is presented in one moment from two open sessions lets exactly one in', async () => {
    for (const name of ['web1', 'web2', 'web3']) {
      const { locator } = await book(name);
      const { secret: _own, ...place } = parseLocator(locator);
      const guess = formatLocator({ ...place, secret: randomBytes(32).toString('base64url') });
      const peers = [makeTestPeer(sandbox), makeTestPeer(sandbox)];
      for (const peer of peers) expect(await outcome(peer.enliven(guess))).toBe('LOCATOR_UNKNOWN');
      const outcomes = await Promise.all(peers.map((peer) => outcome(peer.enliven(locator))));
      expect(outcomes.toSorted()).toEqual(['ENROLMENT_SPENT', 'let in']);
      const { id: loser } = peers[outcomes.indexOf('ENROLMENT_SPENT')]!;
      expect((await E(boss).refusals()).at(-1)).toMatchObject({
        machine: name,
        code: 'ENROLMENT_SPENT',
        peerId: loser,
      });
    }
    expect(await E(boss).refusals()).toHaveLength(3);
  });
});

/** Rejects when a hob is turned away. */
const refusalIn = async ({ stderr }: Running): Promise<never> => {
  throw Error(await stderr.said(/"code":"ENROLMENT_\w+"/));
};

describe('a hob that is killed while it is being enrolled', () => {
  /** What is known on both sides when it has died at a point. */
  const killAt = async (name: string, point: number) => {
    const { machine, locator } = await book(name);
    const directory = await makeHobDirectory(sandbox, name, locator);
    const doomed = startDoomedHob(sandbox, directory, point);
    const met = await Promise.race([
      doomed.ended.then(() => true),
      statusOnce(machine, isWell)
        .then(() => doomed.kill('SIGTERM'))
        .then(({ signal }) => signal === 'SIGKILL'),
    ]);
    const points = doomed.stdout.text.trim().split('\n').length;
    const entered = (await E(machine).log()).some(({ what }) => what.startsWith('enrolled the hob'));
    const stored = !existsSync(machinePaths(directory).enrolment);
    return { machine, directory, met, points, entered, stored };
  };

  test('at any write is let in again with its own key, also if the boss had let it in and its answer was lost', async () => {
    const { points: recorded } = await killAt('alone', 0);
    const seen: string[] = [];
    for (let point = 1; point <= recorded; point += 1) {
      const name = `web${point}`;
      const { machine, directory, met, entered, stored } = await killAt(name, point);
      expect(met, `point ${point} of ${recorded} was met`).toBe(true);
      seen.push(`${entered ? 'let in' : 'outside'}, ${stored ? 'knows it' : 'does not know it'}`);
      const key = await hobIn(directory).catch(() => undefined);
      const hob = startHob(sandbox, directory);
      await Promise.race([statusOnce(machine, isWell), refusalIn(hob)]);
      expect(key ?? (await hobIn(directory))).toBe(await hobIn(directory));
      expect((await E(machine).log()).filter(({ what }) => what.startsWith('enrolled the hob'))).toHaveLength(1);
      expect(existsSync(machinePaths(directory).enrolment)).toBe(false);
      await hob.kill('SIGKILL');
    }
    expect(new Set(seen)).toContain('let in, does not know it');
    expect(await E(boss).refusals()).toEqual([]);
  }, 120_000);
});
