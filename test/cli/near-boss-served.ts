/** The near boss behind a real peer on a real Unix socket, in a state directory as a boss leaves it. */
import { randomBytes } from 'node:crypto';
import syncFs, { mkdtempSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKeyPair } from '../../src/captp/key-pair.ts';
import { secretHash, secretText } from '../../src/captp/locator.ts';
import { makeUnixNetlayer } from '../../src/captp/netlayers/unix.ts';
import { makePeer } from '../../src/captp/peer.ts';
import { protocolVersions } from '../../src/protocol/version.ts';
import { makeNearBoss } from './near-boss.ts';

export const setTimer = (callback: () => void, milliseconds: number) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};

export const serveNearBoss = async () => {
  const near = makeNearBoss();
  const state = mkdtempSync(join(tmpdir(), 'gobs-served-'));
  const secret = secretText(randomBytes(32));
  const peer = makePeer({
    keyPair: makeKeyPair(randomBytes(32)),
    netlayers: [makeUnixNetlayer({ net, fs: syncFs, umask: (mask) => process.umask(mask) })],
    powers: { now: () => Date.now(), setTimer, soon: (callback) => void setImmediate(callback), randomBytes },
    versions: protocolVersions,
    software: 'near boss',
    epoch: 0,
    enlivenOther: async (presented) => (presented.secretHash === secretHash(secret) ? near.boss : undefined),
  });
  await peer.listen('unix', { path: join(state, 'boss.sock') });
  await fs.writeFile(join(state, 'admin.locator'), `${peer.locatorWith(secret)}\n`, { mode: 0o600 });
  return {
    ...near,
    peer,
    state,
    end: async () => {
      await peer.close();
      rmSync(state, { recursive: true, force: true });
    },
  };
};
