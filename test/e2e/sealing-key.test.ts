/** Where a boss has its sealing key from, with real processes; and that a wrong one changes nothing. Issue 3, deliverable 6. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { gobs, launchBoss, startBoss } from '../support/e2e/gobs.ts';
import { machineAt } from '../support/e2e/machine-files.ts';
import { peerKeyIn } from '../support/e2e/peer-key.ts';
import { processesIn } from '../support/e2e/processes-in.ts';
import { commitsOf, rowsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { forgeBackup } from '../support/forge-backup.ts';

vi.setConfig({ testTimeout: 180_000 });

let sandbox: Sandbox;
let state: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  state = sandbox.at('state');
});
afterEach(() => sandbox.end());

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** What a boss that does not start says, and that its store is as it was. */
const refusedWith = async (words: readonly string[], env: Record<string, string> = {}): Promise<string> => {
  const before = [await rowsOf(state), commitsOf(state)];
  const boss = launchBoss(sandbox, { words, env });
  expect((await boss.ended).code).toBe(1);
  expect([await rowsOf(state), commitsOf(state)]).toEqual(before);
  expect(boss.stdout.text).toBe('');
  return boss.stderr.text.trim();
};

describe('the sealing key', () => {
  test('is made at the first start, for its owner alone; moved elsewhere it is named by a flag or a variable', async () => {
    const first = await startBoss(sandbox);
    const { peer } = JSON.parse(first.process.stdout.text) as { peer: string };
    expect((await first.gobs('machine', 'create', 'web1', '--provider', 'local')).code).toBe(0);
    expect(modeOf(`${state}/sealing-key`)).toBe('600');
    expect(modeOf(machineAt(state, 'm1').sealingKey)).toBe('600');
    expect(await first.stop()).toBe(0);
    expect((await peerKeyIn(state)).peerId).toBe(peer);
    expect(readdirSync(state)).not.toContain('key.pem');
    // The hob's is another: nobody can open both with one.
    expect(readFileSync(machineAt(state, 'm1').sealingKey, 'utf8')).not.toBe(
      readFileSync(`${state}/sealing-key`, 'utf8'),
    );

    const elsewhere = sandbox.at('elsewhere');
    renameSync(`${state}/sealing-key`, elsewhere);
    expect(await refusedWith([])).toMatch(
      /^gobs: SEALING_KEY_UNUSABLE: .*sealing-key is not there, and the store was sealed with key [0-9a-f]{16}\nhint: .*--sealing-key FILE/,
    );
    expect(existsSync(`${state}/sealing-key`)).toBe(false);
    for (const given of [{ words: ['--sealing-key', elsewhere] }, { env: { GOBS_SEALING_KEY: elsewhere } }]) {
      const boss = await startBoss(sandbox, given);
      expect(JSON.parse(boss.process.stdout.text)).toMatchObject({ peer });
      expect(await boss.stop()).toBe(0);
    }
    mkdirSync(sandbox.at('credentials'));
    renameSync(elsewhere, sandbox.at('credentials/gobs-sealing-key'));
    const boss = await startBoss(sandbox, { env: { CREDENTIALS_DIRECTORY: sandbox.at('credentials') } });
    expect(JSON.parse(boss.process.stdout.text)).toMatchObject({ peer });
    expect(await boss.stop()).toBe(0);
  });

  test('that is another one, or open to others, is refused before anything is written', async () => {
    const first = await startBoss(sandbox);
    await first.stop();
    const other = sandbox.at('other');
    writeFileSync(other, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    expect(await refusedWith(['--sealing-key', other])).toMatch(
      /^gobs: SEALING_KEY_WRONG: the store was sealed with key [0-9a-f]{16}, and .*other is key [0-9a-f]{16}\nhint: give the key/,
    );
    const open = sandbox.at('open');
    writeFileSync(open, readFileSync(`${state}/sealing-key`), { mode: 0o644 });
    expect(await refusedWith([], { GOBS_SEALING_KEY: open })).toMatch(
      /^gobs: SEALING_KEY_UNUSABLE: .*open is open to others \(mode 0644\)\nhint: .*chmod 600/,
    );
    expect(await refusedWith(['--sealing-key', other, '--passphrase-file', open])).toMatch(/^gobs: BAD_USAGE: /);
    expect(await refusedWith([], { GOBS_SEALING_KEY: open, GOBS_PASSPHRASE_FILE: open })).toMatch(/BAD_USAGE/);
    // The flag beats both.
    const again = await startBoss(sandbox, {
      words: ['--sealing-key', `${state}/sealing-key`],
      env: { GOBS_SEALING_KEY: other, GOBS_PASSPHRASE_FILE: other },
    });
    expect(await again.stop()).toBe(0);
  });
});

describe('a passphrase', () => {
  const passphrase = 'staple battery horse';

  test('goes from standard input to the boss of gobs up by a pipe, and what follows it is for the REPL', async () => {
    const up = (line: string, rest: string) =>
      gobs(sandbox, ['up', '--state', state, '--passphrase-file', '-'], { stdin: `${line}\n${rest}` });
    const first = await up(passphrase, '1 + 41\n');
    expect(first).toMatchObject({ code: 0, stdout: '42\n' });
    expect(existsSync(`${state}/sealing-key`)).toBe(false);
    const all = await processesIn(sandbox.path);
    expect(all).toHaveLength(1);
    for (const pid of all) {
      for (const file of ['cmdline', 'environ']) {
        expect(readFileSync(`/proc/${pid}/${file}`, 'utf8')).not.toContain(passphrase);
      }
    }
    expect((await gobs(sandbox, ['down', '--state', state])).code).toBe(0);

    const wrong = await up('staple battery mule', '1 + 41\n');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/SEALING_KEY_WRONG/);
    expect(wrong.stderr + readFileSync(`${state}/boss.log`, 'utf8')).not.toMatch(/mule/);
    expect(await up(passphrase, '')).toMatchObject({ code: 0 });
    expect((await gobs(sandbox, ['down', '--state', state])).code).toBe(0);

    expect(await refusedWith([])).toMatch(
      /SEALING_KEY_WRONG: the store was sealed with a passphrase .*\nhint: .*--passphrase-file/,
    );
    const file = await sandbox.write('passphrase', `${passphrase}\n`);
    expect(await refusedWith(['--passphrase-file', file])).toMatch(/SEALING_KEY_UNUSABLE: .*is open to others/);
    writeFileSync(sandbox.at('own'), passphrase, { mode: 0o600 });
    const boss = await startBoss(sandbox, { env: { GOBS_PASSPHRASE_FILE: sandbox.at('own') } });
    expect(await boss.stop()).toBe(0);
  });

  /** The right one, in files of various sorts. */
  const passphraseFiles = () => {
    const write = (name: string, text: string, mode = 0o600): string => {
      writeFileSync(sandbox.at(name), text, { mode });
      return sandbox.at(name);
    };
    return {
      right: write('right', `${passphrase}\nand a second line\n`),
      wrong: write('wrong', 'staple battery mule\n'),
      empty: write('empty', '\n'),
      open: write('open', `${passphrase}\n`, 0o644),
    };
  };

  test('signs backups, of a boss that runs and of the store that it left, and tells which are its own', async () => {
    const { right, wrong, empty, open } = passphraseFiles();
    const store = (...words: readonly string[]) => gobs(sandbox, ['store', ...words]);
    const refused = async (code: string, ...words: readonly string[]): Promise<void> => {
      const ran = await store(...words);
      const last = ran.stderr.replace(/^gobs: no boss is running [^\n]*\n/, '');
      expect([ran.code, ran.stdout, last], words.join(' ')).toEqual([
        1,
        '',
        expect.stringMatching(`^gobs: ${code}: [^\n]+\n(hint: [^\n]+\n)?$`),
      ]);
      expect(last).not.toMatch(/staple|mule/);
    };
    const [running, closed] = [sandbox.at('running.backup'), sandbox.at('closed.backup')];
    const boss = await startBoss(sandbox, { words: ['--passphrase-file', right] });
    const taken = await store('backup', running, '--state', state);
    expect([taken.code, taken.stderr]).toEqual([0, expect.stringContaining('sealed with a passphrase (key ')]);
    expect(await boss.stop()).toBe(0);

    await refused('SEALING_KEY_WRONG', 'backup', closed, '--state', state);
    await refused('SEALING_KEY_WRONG', 'backup', closed, '--state', state, '--passphrase-file', wrong);
    await refused('SEALING_KEY_UNUSABLE', 'backup', closed, '--state', state, '--passphrase-file', empty);
    await refused('SEALING_KEY_UNUSABLE', 'backup', closed, '--state', state, '--passphrase-file', open);
    await refused('SEALING_KEY_UNUSABLE', 'backup', closed, '--state', state, '--passphrase-file', sandbox.at('none'));
    expect(readdirSync(sandbox.path).filter((name) => name.startsWith('closed'))).toEqual([]);
    expect(await store('backup', closed, '--state', state, '--passphrase-file', right)).toMatchObject({ code: 0 });

    const unsaid = await store('verify', closed);
    expect([unsaid.code, unsaid.stderr]).toEqual([
      0,
      expect.stringContaining('cannot be told without the sealing key'),
    ]);
    for (const file of [running, closed]) {
      const { code, stderr } = await store('verify', file, '--passphrase-file', right);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^gobs: [^\n]*: all is well\n$/)]);
    }
    const piped = ['store', 'verify', closed, '--passphrase-file', '-'];
    expect(await gobs(sandbox, piped, { stdin: `${passphrase}\n` })).toMatchObject({ code: 0 });
    expect(await gobs(sandbox, piped, { stdin: 'staple battery mule\n' })).toMatchObject({ code: 1, stdout: '' });

    const elsewhere = sandbox.at('elsewhere');
    await refused('SEALING_KEY_WRONG', 'verify', closed, '--passphrase-file', wrong);
    await refused('SEALING_KEY_WRONG', 'restore', closed, '--state', elsewhere, '--passphrase-file', wrong);
    const key = sandbox.at('key');
    writeFileSync(key, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    await refused('SEALING_KEY_WRONG', 'verify', closed, '--sealing-key', key);
    expect(existsSync(elsewhere)).toBe(false);
    expect(await store('restore', running, '--state', elsewhere, '--passphrase-file', right)).toMatchObject({
      code: 0,
    });
    const again = await startBoss(sandbox, { state: elsewhere, words: ['--passphrase-file', right] });
    expect(await again.stop()).toBe(0);
  });

  test('of a backup that asks for more work than is reasonable is not tried', async () => {
    const { right } = passphraseFiles();
    const boss = await startBoss(sandbox, { words: ['--passphrase-file', right] });
    const file = sandbox.at('a.backup');
    expect(await boss.gobs('store', 'backup', file)).toMatchObject({ code: 0 });
    expect(await boss.stop()).toBe(0);
    const costly = forgeBackup(readFileSync(file, 'utf8'), (rows) =>
      rows.map(([key, text]) => [
        key,
        key === 'k/!' ? text.replace('"N":131072', '"N":262144').replace('"p":1', '"p":16') : text,
      ]),
    );
    const forged = await sandbox.write('forged', costly);
    for (const words of [['verify'], ['restore', '--state', sandbox.at('elsewhere')]]) {
      const ran = await gobs(sandbox, ['store', ...words, forged, '--passphrase-file', right]);
      expect([ran.code, ran.stderr]).toEqual([
        1,
        expect.stringContaining('STORE_DAMAGED: row k/! does not say which key the store is sealed with'),
      ]);
    }
  });
});
