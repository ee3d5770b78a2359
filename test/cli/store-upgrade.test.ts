import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import type { StorePowers } from '../../src/cli/powers.ts';
import type { StoreUpgrade } from '../../src/protocol/store-upgrade.ts';
import { makeHarness } from './run-in-process.ts';

let harness: Awaited<ReturnType<typeof makeHarness>>;
beforeEach(async () => {
  harness = await makeHarness();
});
afterEach(() => harness.end());

type Asked = Parameters<StorePowers['upgrade']>[0];

/** What the command says of a result, and what it asked for. */
const noRestore: StorePowers['restore'] = () => Promise.reject(Error('nothing is restored here'));

const run = async (words: string, result: Partial<StoreUpgrade> | Error) => {
  const asked: Asked[] = [];
  const upgrade: StorePowers['upgrade'] = async (options) => {
    asked.push(options);
    options.onProgress?.(1_000);
    if (result instanceof Error) throw result;
    return { dryRun: options.dryRun, upgraded: [], retired: [], failed: 0, failures: [], ...result };
  };
  const ran = await harness.gobs(`store upgrade ${words}`, { powers: { store: { upgrade, restore: noRestore } } });
  return { ...ran, asked };
};

const upgraded = [
  {
    vat: 'boss',
    from: { kind: 'host', version: 1 },
    to: { kind: 'machine', version: 3 },
    rows: 12,
    spawned: { cell: 12, map: 1 },
  },
  { vat: 'boss', from: { kind: 'cell', version: 1 }, to: { kind: 'cell', version: 2 }, rows: 1, spawned: {} },
];
const retired = [{ vat: 'boss', kind: 'old', version: 2, rows: 3 }];
const failures = [
  { vat: 'boss', key: 'v/boss/a/host/7', code: 'UPGRADE_FAILED', message: 'row v/boss/a/host/7: boom\u001b[2J' },
];

describe('gobs store upgrade', () => {
  test('shows what was upgraded, and asks for the store of the state directory', async () => {
    const { code, stdout, stderr, asked } = await run('', { upgraded, retired });
    expect(asked).toMatchObject([{ state: harness.state, dryRun: false }]);
    expect(stdout).toBe(
      [
        'VAT   FROM    TO              ROWS  SPAWNED',
        'boss  host 1  machine 3       12    12 cell, 1 map',
        'boss  cell 1  cell 2          1     -',
        'boss  old 2   retired: stays  3     -',
        '',
      ].join('\n'),
    );
    expect(stderr).toBe('gobs: 13 rows upgraded\n');
    expect(code).toBe(0);
  });

  test('says of a dry run that nothing was written, with exit code 2 if there is something to do', async () => {
    const { code, stderr, asked } = await run('--dry-run', { upgraded: upgraded.slice(1) });
    expect(asked).toMatchObject([{ dryRun: true }]);
    expect([code, stderr]).toEqual([2, 'gobs: 1 row would be upgraded; nothing was written\n']);
    expect(await run('--dry-run', { retired })).toMatchObject({
      code: 0,
      stderr: 'gobs: there is nothing to upgrade\n',
    });
  });

  test('says which rows failed, and exits with 1, or 3 if others went well', async () => {
    const failed = await run('', { failed: 3, failures });
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toBe(
      'gobs: UPGRADE_FAILED: row v/boss/a/host/7: boom\\u{1b}[2J\n' +
        'gobs: … and 2 more\n' +
        'gobs: 0 rows upgraded; 3 rows cannot be read or upgraded and stay as before\n',
    );
    expect((await run('', { upgraded, failed: 1, failures })).code).toBe(3);
    const dry = await run('--dry-run', { upgraded, failed: 1, failures });
    expect(dry.code).toBe(3);
    expect(dry.stderr).toContain(
      '13 rows would be upgraded; 1 row cannot be read or upgraded and would stay as before; nothing was written',
    );
  });

  test('prints all of it as JSON', async () => {
    const { stdout, code } = await run('--json', { upgraded, retired });
    expect(JSON.parse(stdout)).toEqual({ dryRun: false, upgraded, retired, failed: 0, failures: [] });
    expect(code).toBe(0);
  });

  test('says who has the store', async () => {
    const { code, stdout, stderr } = await run('', makeError('STORE_IN_USE', 'process 7 has it', { hint: 'stop it' }));
    expect([code, stdout, stderr]).toEqual([1, '', 'gobs: STORE_IN_USE: process 7 has it\nhint: stop it\n']);
  });

  test('shows its progress on a terminal', async () => {
    const upgrade: StorePowers['upgrade'] = async ({ onProgress, dryRun }) => {
      onProgress?.(1_000);
      onProgress?.(1_001);
      return { dryRun, upgraded: [], retired: [], failed: 0, failures: [] };
    };
    const { stderr } = await harness.gobs('store upgrade', {
      tty: true,
      powers: { store: { upgrade, restore: noRestore } },
    });
    expect(stderr).toContain('1000 rows upgraded');
    expect(stderr).not.toContain('1001');
  });
});
