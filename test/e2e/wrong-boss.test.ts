/** What a hob and a boss refuse in each other before anything is said: another key, an older protocol. */
import { randomBytes } from 'node:crypto';
import { E } from '@endo/far';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeFrames } from '../../src/captp/framing.ts';
import { helloText } from '../../src/captp/hello.ts';
import { formatLocator, parseLocator } from '../../src/captp/locator.ts';
import { shortId } from '../../src/captp/peer-id.ts';
import { describeError } from '../../src/errors/gobs-error.ts';
import { protocolVersions } from '../../src/protocol/version.ts';
import { bookMachine, holdWaitingBoss, makeHobDirectory, startHob } from '../support/e2e/booked-machine.ts';
import { startBoss } from '../support/e2e/gobs.ts';
import { fileOnce, hobPid, machineAt } from '../support/e2e/machine-files.ts';
import { commitsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { makeTestPeer, newKey, tlsOf } from '../support/e2e/test-peer.ts';

const anywhere = harden({ host: '127.0.0.1', port: '0' });
const older = harden({ lowest: 0, highest: protocolVersions.lowest - 1 });
const newer = harden({ lowest: protocolVersions.highest + 1, highest: protocolVersions.highest + 1 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

describe('a boss with another key', () => {
  test('in the place of its own is refused by a hob, which waits for its own', async () => {
    const own = await startBoss(sandbox);
    const machine = await E(await own.admin()).createMachine('web1', { provider: 'local' });
    const { id } = await statusOnce(machine, isWell);
    const { directory, log } = machineAt(own.state, id);
    const hob = hobPid(directory);
    await own.stop();

    const other = await startBoss(sandbox, { state: sandbox.at('other'), words: ['--listen', own.listen] });
    const commits = commitsOf(other.state);
    await fileOnce(log, (text) => text?.includes(`"code":"PEER_MISMATCH"`) === true);
    expect(commitsOf(other.state)).toBe(commits);
    await other.stop();
    expect(other.process.stderr.text).not.toContain('a session begins');

    const again = await startBoss(sandbox);
    await statusOnce(await E(await again.admin()).machine('web1'), isWell);
    expect(hobPid(directory)).toBe(hob);
  });

  test('behind a locator is refused by a hob before it says what it has', async () => {
    const [own, other] = [await holdWaitingBoss(sandbox), await holdWaitingBoss(sandbox, 'other')];
    const { machine, locator } = await bookMachine(await own.admin(), own.state, 'web1');
    const [host = '', port = ''] = other.listen.split(':');
    const misled = formatLocator({ ...parseLocator(locator), address: { host, port } });
    const hob = startHob(sandbox, await makeHobDirectory(sandbox, 'misled', misled));
    await hob.stderr.said(/"code":"PEER_MISMATCH"/);
    await hob.kill('SIGTERM');
    await E(await other.admin()).refusals();
    expect(other.log.text).not.toMatch(/a session begins|a locator was presented/);

    startHob(sandbox, await makeHobDirectory(sandbox, 'led', locator));
    await statusOnce(machine, isWell);
  });
});

describe('an older protocol', () => {
  test.each([
    ['of a hob is refused by the boss, which says that the hob is to be upgraded', older, 'gobs hob 0.0.1'],
    ['of a boss is refused by the boss, which says that it is to be upgraded itself', newer, 'gobs boss 0.0.0'],
  ])('%s', async (_what, versions, toUpgrade) => {
    const held = await holdWaitingBoss(sandbox);
    const boss = await held.admin();
    const { machine, locator } = await bookMachine(boss, held.state, 'web1');
    const peer = makeTestPeer(sandbox, { versions, software: 'gobs hob 0.0.1' });
    const [whose] = toUpgrade.startsWith('gobs hob') ? [peer.id] : [held.peer];
    const hint = `upgrade ${toUpgrade} (peer ${shortId(whose)})`;
    const refusal: unknown = await peer.enliven(locator).catch((error: unknown) => error);
    expect(describeError(refusal)).toMatchObject({ code: 'PROTOCOL_MISMATCH', hint });
    await held.log.said(`"hint":"${hint}"`);
    expect(await E(machine).status()).toMatchObject({ state: 'booting', online: false });
  });

  /** Somebody who listens as an old boss, with a locator that leads there. */
  const secret = randomBytes(32).toString('base64url');

  test('of a boss that refuses the hob is shown by the hob, which says that the boss is to be upgraded', async () => {
    const peer = makeTestPeer(sandbox, { versions: older, software: 'gobs boss 0.0.1' });
    await peer.listen('tls', anywhere);
    const hob = startHob(sandbox, await makeHobDirectory(sandbox, 'hob', peer.locatorWith(secret)));
    await hob.stderr.said(`"code":"PROTOCOL_MISMATCH"`);
    await hob.stderr.said(`"hint":"upgrade gobs boss 0.0.1 (peer ${shortId(peer.id)})"`);
  });

  test('of a boss that does not look is refused by the hob', async () => {
    const key = newKey();
    const { peerId } = key;
    const old = { versions: older, peerId, epoch: 1, software: 'gobs boss 0.0.1', durable: true };
    const heard: string[] = [];
    const listener = await tlsOf(key).listen(anywhere, ({ stream }) => {
      stream.on('data', (chunk: Buffer) => heard.push(chunk.toString('utf8')));
      stream.on('error', () => {});
      stream.write(encodeFrames([helloText(old)]));
    });
    sandbox.atEnd(() => listener.close());
    const locator = formatLocator({ peerId, scheme: 'tls', secret, address: listener.address });
    const hob = startHob(sandbox, await makeHobDirectory(sandbox, 'hob', locator));
    await hob.stderr.said(`"hint":"upgrade gobs boss 0.0.1 (peer ${shortId(peerId)})"`);
    await hob.kill('SIGTERM');
    expect(heard.join('')).toContain('"code":"PROTOCOL_MISMATCH"');
    expect(heard.join('')).not.toContain(secret);
  });
});
