/** A real backup, and the commands that read one or a store, run in this process with real powers. */
import { E } from '@endo/far';
import { Level } from 'level';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { bossKinds } from '../../src/boss/kinds.ts';
import { restoreBackup } from '../../src/boss/restore-backup.ts';
import { upgradeStore } from '../../src/boss/upgrade-store.ts';
import type { CliPowers } from '../../src/cli/powers.ts';
import { errorCodes } from '../../src/errors/codes.ts';
import { findingCodes } from '../../src/persistence/verify-findings.ts';
import { openClosedStore } from '../../src/persistence/closed-store.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { statePaths } from '../../src/persistence/state-directory.ts';
import { stateDirectory } from '../../src/protocol/state-directory.ts';
import { chooseKeySource } from '../../src/sealing/key-source.ts';
import { openSealOf } from '../../src/sealing/open-sealing.ts';
import { versionsOf } from '../../src/vats/known-kinds.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import { expect } from 'vitest';
import { makeHarness, type Ran } from '../cli/run-in-process.ts';
import { storePowers } from '../persistence/store-powers.ts';
import { startBoss } from './e2e/gobs.ts';
import type { Sandbox } from './e2e/sandbox.ts';

const uid = process.getuid!();
const sealing = { fs, uid, randomBytes };

const rows: CliPowers['rows'] = {
  openClosed: (directory, options) => openClosedStore({ ...storePowers, ...options, uid, directory }),
  openSeal: async (row, settings, byDefault) =>
    openSealOf(await chooseKeySource(settings, byDefault, {}, sealing), row, sealing),
  knownKinds: async () => Object.fromEntries(versionsOf(bossKinds)),
};

const store: CliPowers['store'] = {
  restore: ({ state, ...options }) =>
    restoreBackup(
      { ...options, state: stateDirectory(state, { env: {}, homeDirectory: state, uid, sha256: () => '' }) },
      { ...storePowers, ...sealing, environment: {} },
    ),
  upgrade: (options) =>
    upgradeStore(options, {
      ...storePowers,
      openStore,
      uid,
      randomId: () => randomUUID(),
      setImmediate: (callback) => void setImmediate(callback),
    }),
};

export interface CraftedWorld {
  /** A sound backup, signed. */
  readonly backup: string;
  readonly sealingKey: string;
  /** The path of a new file. */
  write(content: string | Uint8Array): Promise<string>;
  /** A new state directory with a closed store, which has these rows beside its own, or instead: as they lie on disk, keys as bytes or text. */
  storeWith(rows: Iterable<readonly [string | Uint8Array, string | Uint8Array]>): Promise<string>;
  /** `gobs store WORD…` */
  store(...words: readonly string[]): Promise<Ran>;
  at(name: string): string;
  end(): void;
}

/** With a machine, a secret, a locator and a trace in it. */
export const makeCraftedWorld = async (sandbox: Sandbox): Promise<CraftedWorld> => {
  const boss = await startBoss(sandbox);
  await boss.gobs('machine', 'create', 'web1', '--provider', 'local');
  await E(await boss.admin()).setSecret('token', 'a secret text');
  const path = sandbox.at('sound.backup');
  await boss.gobs('store', 'backup', path);
  await boss.stop();
  const harness = await makeHarness();
  let count = 0;
  const next = (what: string): string => sandbox.at(`${what}-${(count += 1)}`);
  return {
    backup: await readFile(path, 'utf8'),
    sealingKey: `${boss.state}/sealing-key`,
    write: async (content) => {
      const file = next('file');
      await writeFile(file, content);
      return file;
    },
    storeWith: async (others) => {
      const state = next('state');
      await mkdir(state, { mode: 0o700 });
      await cp(statePaths(boss.state).database, statePaths(state).database, { recursive: true });
      const db = new Level<string | Uint8Array, string | Uint8Array>(statePaths(state).database);
      const operations = Array.from(others, ([key, value]) => ({
        type: 'put' as const,
        key: Buffer.from(key as string),
        value: Buffer.from(value as string),
      }));
      await db.batch<Buffer, Buffer>(operations, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
      await db.close();
      return state;
    },
    store: (...words) => harness.run(['store', ...words].join(' '), { powers: { rows, store } }),
    at: sandbox.at,
    end: harness.end,
  };
};

/** The rows of a backup, as they lie on disk. */
export const rowsIn = (backup: string): readonly StoreEntry[] =>
  backup
    .trimEnd()
    .split('\n')
    .slice(1, -1)
    .map((line) => JSON.parse(line) as StoreEntry);

const codes = new Set([...Object.keys(errorCodes), ...Object.keys(findingCodes)]);
const raw =
  /UNEXPECTED|RangeError|TypeError|call stack|Cannot |undefined|\[object|native code|is not a function|not iterable/;

/** Lines of findings, or of what a command says: each with a code that is known, short, and nothing in it but what is seen. */
export const requireLines = (text: string): void => {
  for (const line of text.split('\n').slice(0, -1)) {
    expect(line.length).toBeLessThan(10_000);
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(line).not.toMatch(raw);
    const code = /^(?:gobs: )?([A-Z]+(?:_[A-Z]+)+): /.exec(line)?.[1];
    expect(code === undefined || codes.has(code), line).toBe(true);
  }
};
