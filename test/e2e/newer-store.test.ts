/** An older program on a newer store refuses, with one clear error, before anything at all is written. Issue 3, deliverable 1. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import { decodeRow, encodeRow } from '../../src/vats/row.ts';
import { gobs, launchBoss, startBoss } from '../support/e2e/gobs.ts';
import { killHob, machineAt } from '../support/e2e/machine-files.ts';
import { putRow, rowsOf, valuesOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';

let sandbox: Sandbox;
let state: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  state = sandbox.at('state');
});
afterEach(() => sandbox.end());

/** As a newer program would have left it: with rows of a kind, or a version, that ours does not know. */
const pretend = async (directory: string, key: string, kinds: Readonly<Record<string, number>>): Promise<void> => {
  const rows = await rowsOf(directory);
  const row = decodeRow(key, rows[key]!);
  const versions = { ...(JSON.parse(row.body.slice(1)) as object), ...kinds };
  const text = encodeRow({ ...row, body: `#${JSON.stringify(versions)}` });
  const { store } = JSON.parse(rows['!format']!) as { store: string };
  await putRow(directory, key, makeRowChecksum(store).add(key, text));
};

/** Everything in the directory that is ours: each value as it is on disk, and each file but LevelDB's and what the boss says. */
const everythingIn = async (directory: string): Promise<object> => {
  const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
  // What a boss says; and who has the store, which a killed process leaves behind.
  const own = files.map(({ name }) => name).filter((name) => name !== 'boss.log' && name !== 'holder.json');
  return {
    rows: await valuesOf(directory),
    files: Object.fromEntries(own.map((name) => [name, readFileSync(`${directory}/${name}`, 'latin1')])),
  };
};

describe('a program that is older than the store', () => {
  test('is told so, in the foreground and by gobs up, and by the command that upgrades; nothing is written', async () => {
    const first = await startBoss(sandbox);
    expect((await first.gobs('machine', 'create', 'web1', '--provider', 'local')).code).toBe(0);
    expect((await first.gobs('machine', 'stop', 'web1')).code).toBe(0);
    expect(await first.stop()).toBe(0);
    await pretend(state, 'v/boss/k', { machine: 99 });
    const before = await everythingIn(state);
    expect(Object.keys((before as { rows: object }).rows)).toContain('!state');

    const boss = launchBoss(sandbox);
    expect((await boss.ended).code).toBe(1);
    const refusal =
      /gobs: NEWER_VERSION: vat boss has actors of kind machine version 99, this gobs knows \d+\nhint: nothing was changed; use the gobs that wrote it, or a newer one\n/;
    expect(boss.stderr.text).toMatch(refusal);
    expect(await everythingIn(state)).toEqual(before);

    for (const words of [['up'], ['store', 'upgrade'], ['store', 'upgrade', '--dry-run']]) {
      const { code, stdout, stderr } = await gobs(sandbox, [...words, '--state', state]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(refusal);
      expect(await everythingIn(state)).toEqual(before);
    }
  });

  test('is told of a kind that it does not know, in a vat that was made', async () => {
    const first = await startBoss(sandbox);
    expect(await first.stop()).toBe(0);
    await pretend(state, 'v/provider-local/k', { driver: 1 });
    const before = await everythingIn(state);
    const boss = launchBoss(sandbox);
    expect((await boss.ended).code).toBe(1);
    expect(boss.stderr.text).toMatch(
      /gobs: UNKNOWN_KIND: vat provider-local has actors of kind driver, this gobs knows map, cell/,
    );
    expect(await everythingIn(state)).toEqual(before);
  });

  test('is told so as a hob', async () => {
    const first = await startBoss(sandbox);
    expect((await first.gobs('machine', 'create', 'web1', '--provider', 'local')).code).toBe(0);
    const { directory, state: own } = machineAt(state, 'm1');
    killHob(directory);
    expect(await first.stop()).toBe(0);
    expect(existsSync(`${own}/store`)).toBe(true);
    await pretend(own, 'v/hob/k', { hob: 99 });
    const before = await everythingIn(own);
    const main = fileURLToPath(new URL('../../src/hob/main.ts', import.meta.url));
    const hob = await sandbox.run(process.execPath, [main, '--directory', directory]);
    expect(hob.code).toBe(1);
    expect(hob.stderr).toMatch(
      /gobs hob: NEWER_VERSION: vat hob has actors of kind hob version 99, this gobs knows 1\n/,
    );
    expect(await everythingIn(own)).toEqual(before);
  });
});
