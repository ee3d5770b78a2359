/** `gobs store backup`, `verify` and `export`, with real processes: of a boss that runs, of the store that it left, and of a backup. Issue 3, deliverable 5. */
import { E } from '@endo/far';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openStore } from '../../src/persistence/open-store.ts';
import type { Verification } from '../../src/persistence/verify.ts';
import { storePowers } from '../persistence/store-powers.ts';
import { gobs, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { rowsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Ran, type Sandbox } from '../support/e2e/sandbox.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

vi.setConfig({ testTimeout: 180_000 });

let sandbox: Sandbox;
let state: string;
let file: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  state = sandbox.at('state');
  file = sandbox.at('a.backup');
});
afterEach(() => sandbox.end());

const inState = (...words: readonly string[]): Promise<Ran> => gobs(sandbox, ['store', ...words, '--state', state]);
const ofFile = (...words: readonly string[]): Promise<Ran> => gobs(sandbox, ['store', ...words]);

const oneLine = /^gobs: ([A-Z_]+): ([^\n]+)\n(?:hint: [^\n]+\n)?$/;

/** One line, at most one more with a hint; exit 1; no data. The result is the code. */
const refusalIn = ({ code, stdout, stderr }: Ran, words: unknown): string => {
  expect({ words, code, stdout, stderr }).toEqual({
    words,
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(oneLine),
  });
  return oneLine.exec(stderr)![1]!;
};
const saysUsage = ({ code, stdout, stderr }: Ran, words: unknown): void => {
  expect({ words, code, stdout }).toEqual({ words, code: 1, stdout: '' });
  expect(stderr, String(words)).toMatch(/^(gobs|error|gobs store)[^\n]*\n/);
};

const sound = async (...words: readonly string[]): Promise<Verification & { where: string }> => {
  const { code, stdout, stderr } = await gobs(sandbox, ['store', 'verify', ...words, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(': all is well\n') });
  const result = JSON.parse(stdout) as Verification & { where: string };
  expect(result).toMatchObject({ sound: true, findings: [], more: 0 });
  return result;
};

interface Exported {
  readonly type: string;
  readonly key?: string;
  readonly kind?: string;
  readonly portrait?: unknown;
}

const exported = async (...words: readonly string[]): Promise<readonly Exported[]> => {
  const { code, stdout, stderr } = await gobs(sandbox, ['store', 'export', '--json', ...words]);
  expect({ code, stderr: stderr.replace(/^gobs: no boss is running in .*\n/, '') }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Exported);
};

/** A boss with a machine and a secret, whose hob does nothing of itself. */
const bossWithMachine = async (): Promise<ServingBoss> => {
  const boss = await startBoss(sandbox);
  expect((await boss.gobs('machine', 'create', 'web1', '--provider', 'local')).code).toBe(0);
  await E(await boss.admin()).setSecret('token', 'a secret text');
  return boss;
};

/** So much that it takes many pages, put past a boss that is not there. */
const fill = async (rows: number, size: number): Promise<void> => {
  const store = await openStore({ ...storePowers, directory: state, randomId: () => 'the-store' });
  await store.write(
    Array.from({ length: rows }, (_, n) => ({ type: 'put', key: `b/fill/${n}`, value: 'x'.repeat(size) }) as const),
  );
  await store.close();
};

/** A backup of a boss that was stopped. */
const makeBackup = async (): Promise<Buffer> => {
  expect(await (await startBoss(sandbox)).stop()).toBe(0);
  expect((await inState('backup', file)).code).toBe(0);
  return readFileSync(file);
};

describe('a boss that runs', () => {
  test('is backed up, verified and exported; so is the backup, and the store that the boss leaves', async () => {
    const boss = await bossWithMachine();
    const taken = await inState('backup', 'a.backup');
    expect(taken).toMatchObject({ code: 0, stdout: '' });
    expect(taken.stderr).toMatch(
      /^gobs: wrote (\d+) rows to \S+\/a\.backup\ngobs: secrets in it are sealed with the key [0-9a-f]{16}; keep a copy/,
    );
    const rows = Number(/\d+/.exec(taken.stderr)![0]);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(sandbox.path).filter((name) => name.startsWith('a.'))).toEqual(['a.backup']);

    const running = await sound('--state', state);
    const backup = await sound(file);
    expect(backup).toMatchObject({ where: file, rows, store: running.store });
    const people = await inState('verify');
    expect(people).toMatchObject({ code: 0, stdout: '' });
    expect(people.stderr).toMatch(/^gobs: the boss \S.*: \d+ rows, \d+ actors referred to: all is well\n$/);

    const ofBoss = await exported('--state', state);
    const ofBackup = await exported(file);
    for (const records of [ofBoss, ofBackup]) {
      const machines = records.filter(({ kind }) => kind === 'machine');
      expect(machines).toEqual([expect.objectContaining({ portrait: expect.objectContaining({ name: 'web1' }) })]);
      expect(JSON.stringify(records)).toContain('"[sealed]"');
      expect(JSON.stringify(records)).not.toMatch(/sealed:1:|a secret text/);
    }

    expect(await boss.stop()).toBe(0);
    const before = await rowsOf(state);
    const closed = await sound('--state', state);
    expect(closed).toMatchObject({ where: state, store: running.store });
    expect((await exported('--state', state)).length).toBeGreaterThan(10);
    expect((await inState('backup', file, '--force')).stderr).toMatch(/^gobs: no boss is running in \S+; reading the/);
    expect((await sound(file)).rows).toBe(closed.rows);
    expect(await rowsOf(state)).toEqual(before);
    expect(existsSync(`${state}/holder.json`)).toBe(false);
  });

  test('goes on meanwhile, and the backup is of one moment all the same', async () => {
    const boss = await startBoss(sandbox);
    const admin = await boss.admin();
    // A map that takes many pages, so that its size comes long before its last entry.
    const text = 'x'.repeat(30_000);
    const names = Array.from({ length: 40 }, (_, n) => `many-${n}`);
    await Promise.all(names.map((name) => E(admin).setSecret(name, text)));
    const going = { turns: 0, on: true };
    const changing = (async () => {
      for (let n = 0; going.on; n += 1) {
        await Promise.all([`a-${n}`, `z-${n}`].map((name) => E(admin).setSecret(name, 'x')));
        await Promise.all([`a-${n}`, ...(n % 2 === 0 ? [`z-${n}`] : [])].map((name) => E(admin).removeSecret(name)));
        going.turns += 1;
      }
    })();
    try {
      for (let round = 0; round < 3; round += 1) {
        const before = going.turns;
        expect((await inState('backup', file, '--force')).code).toBe(0);
        expect(going.turns).toBeGreaterThan(before);
        await sound(file);
        await sound('--state', state);
      }
    } finally {
      going.on = false;
      await changing;
    }
  });
});

describe('a backup', () => {
  test('takes the place of nothing unless it is told to, and what is there stays when it fails', async () => {
    const boss = await startBoss(sandbox);
    writeFileSync(file, 'precious', { mode: 0o644 });
    const refused = await inState('backup', file);
    expect(refusalIn(refused, 'there')).toBe('BACKUP_UNUSABLE');
    expect(refused.stderr).toMatch(/--force/);
    expect(readFileSync(file, 'utf8')).toBe('precious');

    writeFileSync(`${file}.new`, 'of one that was killed', { mode: 0o666 });
    expect((await inState('backup', file, '--force')).code).toBe(0);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    await sound(file);
    expect(existsSync(`${file}.new`)).toBe(false);
    expect(await boss.stop()).toBe(0);
  });

  test('that cannot be written is refused with what is wrong with the place', async () => {
    const boss = await startBoss(sandbox);
    const regular = await sandbox.write('regular', 'file\n');
    mkdirSync(sandbox.at('directory'));
    const places = [
      `${regular}/below`,
      sandbox.at('nowhere/a'),
      sandbox.at('directory'),
      '/proc/a.backup',
      '/dev/null',
    ];
    const before = readdirSync(sandbox.path);
    const ran = await Promise.all(
      places.flatMap((place) => [inState('backup', place), inState('backup', place, '--force')]),
    );
    ran.forEach((each, at) => expect(refusalIn(each, places[at >> 1])).toBe('BACKUP_UNUSABLE'));
    ran.forEach(({ stderr }, at) => expect(stderr).toContain(`gobs: BACKUP_UNUSABLE: ${places[at >> 1]}: `));
    for (const name of ['', '-']) expect(refusalIn(await inState('backup', '--', name), name)).toBe('BAD_USAGE');
    expect(readdirSync(sandbox.path)).toEqual(before);
    expect(readFileSync(regular, 'utf8')).toBe('file\n');
    expect(await boss.stop()).toBe(0);
  });

  test('that finds no room leaves the one from before', async (context) => {
    const disk = await mountSmallDisk({ size: '1m' });
    if ('reason' in disk) return context.skip(disk.reason);
    try {
      const whole = await makeBackup();
      const place = `${disk.path}/a.backup`;
      writeFileSync(place, whole);
      await fill(20, 100_000);
      const refused = await inState('backup', place, '--force');
      expect(refused.stderr.replace(/^gobs: no boss is running.*\n/, '')).toBe(
        `gobs: BACKUP_UNUSABLE: ${place}: no room on that file system\n`,
      );
      expect(refused.code).toBe(1);
      expect(readdirSync(disk.path)).toEqual(['a.backup']);
      expect(readFileSync(place)).toEqual(whole);
    } finally {
      await disk.unmount();
    }
  });

  test.each([false, true])('that is interrupted leaves nothing but what was there (%o)', async (there) => {
    expect(await (await startBoss(sandbox)).stop()).toBe(0);
    await fill(300, 100_000);
    const boss = await startBoss(sandbox);
    if (there) writeFileSync(file, 'from before');
    const begun = Promise.withResolvers<void>();
    const watcher = watch(sandbox.path, (_, name) => (name === 'a.backup.new' ? begun.resolve() : undefined));
    const words = ['store', 'backup', file, '--state', state, ...(there ? ['--force'] : [])];
    const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
    const running = sandbox.start(process.execPath, [main, ...words]);
    await begun.promise;
    watcher.close();
    // It cannot end before it is interrupted: most of the rows are not sent yet.
    process.kill(boss.process.pid, 'SIGSTOP');
    process.kill(running.pid, 'SIGINT');
    const { code } = await running.ended;
    process.kill(boss.process.pid, 'SIGCONT');
    expect({ code, stdout: running.stdout.text, stderr: running.stderr.text }).toEqual({
      code: 1,
      stdout: '',
      stderr: `gobs: BACKUP_UNUSABLE: ${file}: interrupted; no backup was written\n`,
    });
    expect(readdirSync(sandbox.path).filter((name) => name.startsWith('a.'))).toEqual(there ? ['a.backup'] : []);
    if (there) expect(readFileSync(file, 'utf8')).toBe('from before');
    expect((await inState('backup', file, '--force')).code).toBe(0);
    expect(await boss.stop()).toBe(0);
  });

  test('that was damaged is said to be', async () => {
    const whole = await makeBackup();
    writeFileSync(file, whole.subarray(0, -200));
    const people = await ofFile('verify', file);
    expect(people.code).toBe(1);
    expect(people.stdout).toMatch(/^BACKUP_DAMAGED: [^\n]*: the file ends within a line\n$/);
    const damages: Readonly<Record<string, Buffer>> = {
      cut: whole.subarray(0, -200),
      added: Buffer.concat([whole, Buffer.from('x')]),
      'cut in its first line': whole.subarray(0, 20),
      flipped: Buffer.from(whole.map((byte, at) => (at === whole.length >> 1 ? byte ^ 1 : byte))),
    };
    for (const [how, bytes] of Object.entries(damages)) {
      writeFileSync(file, bytes);
      const verified = await ofFile('verify', file, '--json');
      expect(verified.code, how).toBe(1);
      if (verified.stdout === '') expect(refusalIn(verified, how)).toBe('BACKUP_DAMAGED');
      else expect(verified.stdout, how).toMatch(/^\{"sound":false,.*"code":"(BACKUP|ROW)_DAMAGED","key":.*\n$/);
      const shown = await ofFile('export', file, '--json');
      expect(shown.code, how).toBe(1);
      expect(shown.stderr, how).toMatch(
        /^gobs: (BACKUP_DAMAGED: [^\n]*\nhint: [^\n]*|\d+ rows cannot be read[^\n]*)\n$/,
      );
    }
  });

  test('is told from what is none', async () => {
    const none: Readonly<Record<string, string | Buffer>> = {
      empty: '',
      text: 'machines: {}\n',
      json: '{"machines":{}}\n',
      binary: Buffer.from([0, 1, 2, 0xff, 0xfe, 10, 0]),
      'one long line': 'x'.repeat(200_000),
    };
    for (const [how, content] of Object.entries(none)) {
      writeFileSync(file, content);
      expect(refusalIn(await ofFile('verify', file), how)).toBe('BACKUP_DAMAGED');
    }
    expect(refusalIn(await ofFile('verify', '--json', file), 'json')).toBe('BACKUP_DAMAGED');
    expect(refusalIn(await ofFile('export', '--json', file), 'export')).toBe('BACKUP_DAMAGED');
    mkdirSync(sandbox.at('directory'));
    for (const path of ['directory', 'nowhere', 'a.backup/below']) {
      expect(refusalIn(await ofFile('verify', path), path)).toBe('BACKUP_UNUSABLE');
    }
    expect(refusalIn(await ofFile('export', '--json', 'nowhere'), 'export')).toBe('BACKUP_UNUSABLE');
    writeFileSync(file, '{"gobs-backup":2,"anything":true}\n');
    expect(refusalIn(await ofFile('verify', file), 'newer')).toBe('NEWER_FORMAT');
  });
});

describe('what makes no sense', () => {
  test('is refused: words, files that say where a boss is, places without a store', async () => {
    await makeBackup();
    const empty = mkdtempSync(sandbox.at('empty-'));
    const usage = [
      ['backup'],
      ['backup', file, file],
      ['backup', '--json', sandbox.at('b')],
      ['verify', file, file],
      ['verify', '--force'],
      ['export'],
      ['export', file],
      ['bogus'],
    ];
    const ran = await Promise.all(usage.map((words) => ofFile(...words)));
    ran.forEach((each, at) => saysUsage(each, usage[at]));

    const cases: readonly (readonly [words: readonly string[], code: string])[] = [
      [['verify', file, '--state', state], 'BAD_USAGE'],
      [['export', '--json', file, '--socket', '/nowhere'], 'BAD_USAGE'],
      [['verify', ''], 'BAD_USAGE'],
      [['verify', '-'], 'BAD_USAGE'],
      [['export', '--json', '-'], 'BAD_USAGE'],
      [['restore', '-'], 'BAD_USAGE'],
      ...['verify', 'export --json', `backup ${sandbox.at('b')}`].map((words): [string[], string] => [
        [...words.split(' '), '--state', empty],
        'STORE_UNUSABLE',
      ]),
      ...[`backup ${sandbox.at('b')}`].flatMap((words): [string[], string][] => [
        [[...words.split(' '), '--state', sandbox.at('nowhere')], 'STORE_UNUSABLE'],
        [[...words.split(' '), '--state', file], 'STORE_UNUSABLE'],
        [[...words.split(' '), '--socket', sandbox.at('no.sock')], 'BOSS_NOT_RUNNING'],
        [[...words.split(' '), '--connect-file', sandbox.at('no.locator')], 'BAD_USAGE'],
      ]),
    ];
    const answers = await Promise.all(cases.map(([words]) => ofFile(...words)));
    const codes = answers.map((answer, at) => {
      const stderr = answer.stderr.replace(/^gobs: no boss is running in [^\n]*\n/, '');
      return [cases[at]![0], refusalIn({ ...answer, stderr }, cases[at]![0])];
    });
    expect(codes).toEqual(cases.map(([words, code]) => [words, code]));
    expect(readdirSync(empty)).toEqual([]);
    expect(existsSync(sandbox.at('nowhere'))).toBe(false);
    expect(existsSync(sandbox.at('b'))).toBe(false);
  });

  test('is refused: a store that somebody has who cannot be asked', async () => {
    const boss = await startBoss(sandbox);
    for (const name of ['boss.sock', 'boss.sock.locator', 'admin.locator', 'boss.json']) {
      rmSync(`${state}/${name}`, { force: true });
    }
    for (const words of [['verify'], ['export', '--json'], ['backup', file]]) {
      const { code, stdout, stderr } = await inState(...words);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(RegExp(`gobs: STORE_IN_USE: .*${boss.process.pid}`));
    }
    expect(existsSync(file)).toBe(false);
    await boss.kill();
    await sound('--state', state);
  });
});
