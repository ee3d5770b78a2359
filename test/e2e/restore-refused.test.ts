/** What `gobs store restore` refuses, with real processes; and a state directory that somebody put back by hand. */
import { E } from '@endo/far';
import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { gobs, startBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { forgeBackup } from '../support/forge-backup.ts';
import { isWell, loggedOnce, statusOnce } from '../support/e2e/status-once.ts';

vi.setConfig({ testTimeout: 180_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

test('a restore wants a sound backup, its sealing key, and a place; what it refuses changes nothing', async () => {
  const boss = await startBoss(sandbox);
  const { state } = boss;
  const backup = sandbox.at('backup');
  expect(await boss.gobs('store', 'backup', backup)).toMatchObject({ code: 0 });
  const restore = (to: string, words: readonly string[] = [], file = backup) =>
    gobs(sandbox, ['store', 'restore', file, ...words, '--state', to]);
  const elsewhere = sandbox.at('elsewhere');
  const refused = async (ran: ReturnType<typeof restore>, words: string): Promise<void> => {
    const { code, stderr } = await ran;
    expect([code, stderr]).toEqual([1, expect.stringContaining(words) as string]);
  };

  await refused(restore(state), 'STORE_EXISTS');
  await refused(restore(state, ['--replace']), `STORE_IN_USE: ${state}: process ${boss.process.pid}`);
  expect(await boss.gobs('provider', 'list')).toMatchObject({ code: 0 });
  await refused(restore(elsewhere), 'SEALING_KEY_UNUSABLE');
  await refused(restore(elsewhere, [], sandbox.at('nothing')), 'BACKUP_UNUSABLE');
  const text = await readFile(backup, 'utf8');
  const damaged = await sandbox.write('damaged', text.replace('provider-local', 'provider-lacol'));
  await refused(restore(elsewhere, [], damaged), 'BACKUP_DAMAGED');
  await writeFile(sandbox.at('key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  await refused(restore(elsewhere, ['--sealing-key', sandbox.at('key')]), 'SEALING_KEY_WRONG');
  await expect(readFile(`${elsewhere}/store/CURRENT`)).rejects.toThrow('ENOENT');

  const right = ['--sealing-key', `${state}/sealing-key`];
  expect(await restore(elsewhere, right)).toMatchObject({ code: 0 });
  await boss.stop();
  const { code, stderr } = await restore(state, ['--replace']);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/the store that was there is in .*replaced-/) as string]);
  await startBoss(sandbox);
});

test('a backup that somebody changed who has no key is not restored, however well it fits together', async () => {
  const boss = await startBoss(sandbox);
  const { state } = boss;
  const key = ['--sealing-key', `${state}/sealing-key`];
  const backup = sandbox.at('backup');
  const elsewhere = sandbox.at('elsewhere');
  expect(await boss.gobs('store', 'backup', backup)).toMatchObject({ code: 0 });
  const verified = (file: string, words: readonly string[] = []) => gobs(sandbox, ['store', 'verify', file, ...words]);
  const signed = await verified(backup, key);
  expect(signed).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^gobs: \S+: [^\n]*: all is well\n$/) as string,
  });

  const text = await readFile(backup, 'utf8');
  const hash = createHash('sha256').update('a locator of somebody else').digest('hex');
  const forged = forgeBackup(text, (rows) => {
    const locator = rows.findIndex(([at]) => /^s\/[0-9a-f]{64}$/.test(at));
    return rows.with(locator, [`s/${hash}`, rows[locator]![1].replace(/^\S+/, hash)]);
  });
  expect(forged).toContain(hash);
  const unsigned = forged.replace(/,"mac":"[0-9a-f]{64}"/, '');
  expect(unsigned).not.toBe(forged);
  const keyless = forgeBackup(text, (rows) => rows.filter(([at]) => !at.startsWith('k/')));
  const files = { forged, unsigned, keyless };
  for (const [name, content] of Object.entries(files)) {
    const file = await sandbox.write(name, content);
    const said = name === 'forged' ? 'who wrote it cannot be told' : 'it is not signed';
    expect(await verified(file)).toMatchObject({ code: 0, stderr: expect.stringContaining(said) as string });
    expect(await gobs(sandbox, ['store', 'restore', file, '--state', elsewhere, ...key])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `BACKUP_ALTERED: ${file}: it ${name === 'forged' ? 'was altered' : 'is not'}`,
      ) as string,
    });
    await expect(readdir(elsewhere)).rejects.toThrow('ENOENT');
  }
  expect(await verified(sandbox.at('forged'), key)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('BACKUP_ALTERED') as string,
  });

  // Of a store that no boss has: whoever backs it up has its key.
  await boss.stop();
  const closed = sandbox.at('closed');
  await rename(`${state}/sealing-key`, sandbox.at('key'));
  const without = await gobs(sandbox, ['store', 'backup', closed, '--state', state]);
  expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('SEALING_KEY_UNUSABLE') as string });
  await expect(readFile(closed)).rejects.toThrow('ENOENT');
  const withKey = ['--state', state, '--sealing-key', sandbox.at('key')];
  expect(await gobs(sandbox, ['store', 'backup', closed, ...withKey])).toMatchObject({ code: 0 });
  const to = ['--state', elsewhere, '--sealing-key', sandbox.at('key')];
  expect(await gobs(sandbox, ['store', 'restore', closed, ...to])).toMatchObject({ code: 0 });
});

test('a state directory that was copied back is noticed by a hob, and told by the list until somebody knows', async () => {
  let boss = await startBoss(sandbox);
  const { state } = boss;
  await statusOnce(await E(await boss.admin()).createMachine('web1', { provider: 'local' }), isWell);
  await boss.stop();
  await cp(`${state}/store`, sandbox.at('copy'), { recursive: true });
  for (let n = 0; n < 2; n += 1) {
    boss = await startBoss(sandbox);
    await statusOnce(await E(await boss.admin()).machine('web1'), isWell);
    await boss.stop();
  }
  await rm(`${state}/store`, { recursive: true });
  await rm(`${state}/commits`);
  await rename(sandbox.at('copy'), `${state}/store`);

  boss = await startBoss(sandbox);
  const machine = await E(await boss.admin()).machine('web1');
  await statusOnce(machine, ({ seenEpoch, online }) => seenEpoch === 3 && online);
  await loggedOnce(machine, /has seen this boss at opening 3, and this is opening 2/);
  const listed = await boss.gobs('machine', 'list');
  expect(listed.stderr).toContain("the hobs of web1 have seen this boss's store when it had been opened more often");
  expect(boss.process.stderr.text).toContain('the store is older than it was');
  expect(await E(machine).status()).toMatchObject({ held: false, state: 'ready' });
  expect(await boss.gobs('machine', 'confirm', 'web1')).toMatchObject({ code: 0 });
  expect((await boss.gobs('machine', 'list')).stderr).toBe('');
});
