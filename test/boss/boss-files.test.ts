import fs from 'node:fs';
import { homedir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { announceBoss, giveAdminLocator } from '../../src/boss/boss-files.ts';
import { stateDirectory } from '../../src/protocol/state-directory.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

let temporary: TemporaryDirectory;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
});
afterEach(() => temporary.remove());

describe('the files by which clients find a boss', () => {
  test('are written through nothing that somebody left there', async () => {
    const places = { env: {}, homeDirectory: homedir(), uid: 0, sha256: () => 'x' };
    const state = stateDirectory(temporary.path, places);
    const paths = [state.bossFile, state.adminLocator, state.socketLocator];
    const left = paths.map((path) => {
      fs.writeFileSync(`${path}.new`, '');
      fs.chmodSync(`${path}.new`, 0o666);
      return fs.openSync(`${path}.new`, 'r');
    });
    const peer = { locatorFor: async () => 'gobs://x.unix/s/secret', locatorWith: () => 'gobs://x.unix/s/?path=p' };
    await announceBoss(state, { pid: 1, peer: 'p', listen: 'l', socket: 's' }, fs);
    await giveAdminLocator({ state, peer: peer as never, boss: {} as never }, fs);
    for (const path of paths) expect((fs.statSync(path).mode & 0o777).toString(8)).toBe('600');
    for (const one of left) expect(fs.readFileSync(one, 'utf8')).toBe('');
    for (const one of left) fs.closeSync(one);
  });
});
