/** What makes no sense, or cannot be: one clear line each, exit 1, and nothing is changed. Issue 2, done when 11. */
import { E } from '@endo/far';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { formatHeader } from '../../src/persistence/header-row.ts';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { enliven, gobs, launchBoss, startBoss, type BossUnderTestOptions } from '../support/e2e/gobs.ts';
import { killProcessesIn } from '../support/e2e/processes-in.ts';
import { commitsOf, putRow, rowsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Ran, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

vi.setConfig({ testTimeout: 180_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

const oneLine = /^gobs: ([A-Z_]+): ([^\n]+)\n(?:hint: [^\n]+\n)?$/;

/** One line, with this code and about this, at most one more with a hint; exit 1; no data. */
const expectRefused = ({ code, stdout, stderr }: Ran, refusal: string, about: string): void => {
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(oneLine) });
  const [, found, message] = oneLine.exec(stderr)!;
  expect({ found, message }).toEqual({ found: refusal, message: expect.stringContaining(about) });
};

/** A boss that was started and cannot serve; if it does all the same, it is killed. */
const refusedBoss = async (options: BossUnderTestOptions): Promise<Ran> => {
  const boss = launchBoss(sandbox, options);
  boss.stdout.said('\n').then(
    () => boss.kill('SIGKILL'),
    () => {},
  );
  const { code } = await boss.ended;
  return { code, stdout: boss.stdout.text, stderr: boss.stderr.text };
};

describe('asked of a boss', () => {
  /** It has web1, which is stopped; nothing goes on. */
  const quietBoss = async () => {
    const first = await startBoss(sandbox);
    const machine = await E(await first.admin()).createMachine('web1', { provider: 'local' });
    await statusOnce(machine, isWell);
    await E(machine).stop();
    await statusOnce(machine, ({ state }) => state === 'stopped');
    await first.stop();
    return { rows: await rowsOf(first.state), boss: await startBoss(sandbox) };
  };

  test('machines with names or providers that cannot be, and documents that cannot be read, change nothing', async () => {
    const { rows, boss } = await quietBoss();
    const documents: Readonly<Record<string, string>> = {
      'yaml.yaml': 'machines:\n  web2: { provider: local\n',
      'json.json': '{"machines": {"web2": {"provider": "local"}}',
      'twice.yaml': 'machines:\n  web2: { provider: local }\n  web2: { provider: local }\n',
      'type.yaml': 'machines:\n  web2: { provider: local, resources: [{ id: a, type: file, path: /a, mode: 0644 }] }\n',
      'policy.yaml': 'machines:\n  web2: { provider: local, policy: maybe }\n',
      'name.yaml': 'machines:\n  Web_2: { provider: local }\n',
      'provider.yaml': 'machines:\n  web2: { provider: local }\n  web3: { provider: nowhere }\n',
    };
    for (const [name, text] of Object.entries(documents)) await sandbox.write(name, text);
    const create = (name: string, provider = 'local') => ['machine', 'create', '--provider', provider, '--', name];
    const apply = (file: string) => ['apply', file];
    const cases: readonly (readonly [words: readonly string[], code: string, about: string])[] = [
      [create('web2', 'nowhere'), 'NO_SUCH_PROVIDER', 'nowhere'],
      [create('web1'), 'NAME_TAKEN', 'web1'],
      [create('Web_2'), 'BAD_NAME', 'Web_2'],
      [create('../web2'), 'BAD_NAME', '../web2'],
      [create('w'.repeat(5_000)), 'BAD_NAME', 'wwww'],
      [create(''), 'BAD_NAME', '""'],
      [apply('yaml.yaml'), 'BAD_DOCUMENT', 'yaml.yaml:'],
      [apply('json.json'), 'BAD_DOCUMENT', 'json.json:'],
      [apply('twice.yaml'), 'BAD_DOCUMENT', 'twice.yaml:3'],
      [apply('type.yaml'), 'BAD_DOCUMENT', 'type.yaml:2: machines.web2.resources[0].mode: '],
      [apply('policy.yaml'), 'BAD_DOCUMENT', 'policy.yaml:2: machines.web2.policy: '],
      [apply('name.yaml'), 'BAD_DOCUMENT', 'name.yaml:2: machines.Web_2: '],
      [apply('provider.yaml'), 'NO_SUCH_PROVIDER', 'machines.web3.provider: '],
    ];
    const commits = commitsOf(boss.state);
    const ran = await Promise.all(
      cases.map(([words]) => gobs(sandbox, [words[0]!, ...words.slice(1)], { env: { GOBS_STATE: boss.state } })),
    );
    cases.forEach(([, code, about], at) => expectRefused(ran[at]!, code, about));
    // Nothing was written, not even what is the same.
    expect(commitsOf(boss.state)).toBe(commits);
    expect(readdirSync(`${boss.state}/machines`)).toEqual(['m1']);
    await boss.stop();
    expect(await rowsOf(boss.state)).toEqual(rows);
  });
});

describe('a boss that cannot serve', () => {
  test('for its state directory is below a regular file makes nothing', async () => {
    const file = await sandbox.write('file', 'not a directory\n');
    const state = `${file}/below/state`;
    const before = readdirSync(sandbox.path, { recursive: true });
    expectRefused(await refusedBoss({ state }), 'STORE_UNUSABLE', state);
    expectRefused(await gobs(sandbox, ['up', '--state', state]), 'STORE_UNUSABLE', state);
    expectRefused(await gobs(sandbox, ['machine', 'list', '--state', state]), 'BOSS_NOT_RUNNING', state);
    expect(readdirSync(sandbox.path, { recursive: true })).toEqual(before);
    expect(readFileSync(file, 'utf8')).toBe('not a directory\n');
  });

  test('for the port is in use leaves its store as it was', async () => {
    const state = sandbox.at('state');
    expect(await (await startBoss(sandbox)).stop()).toBe(0);
    const before = await rowsOf(state);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    sandbox.atEnd(() => other.close());
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    expectRefused(await refusedBoss({ words: ['--listen', address] }), 'ADDRESS_UNUSABLE', address);
    expectRefused(await gobs(sandbox, ['up', '--state', state, '--listen', address]), 'ADDRESS_UNUSABLE', address);
    expect(await rowsOf(state)).toEqual(before);
  });

  test('for another has the store says which process that is', async () => {
    const boss = await startBoss(sandbox);
    const commits = commitsOf(boss.state);
    expectRefused(await refusedBoss({}), 'STORE_IN_USE', `process ${boss.process.pid} `);
    expect(commitsOf(boss.state)).toBe(commits);
    await E(await boss.admin()).machines();
  });

  test('for its store was moved away makes no other, and serves again when it is back', async () => {
    const boss = await startBoss(sandbox);
    const machine = await E(await boss.admin()).createMachine('web1', { provider: 'local' });
    await statusOnce(machine, isWell);
    expect(await boss.gobs('down', '--all')).toMatchObject({ code: 0 });
    renameSync(`${boss.state}/store`, sandbox.at('elsewhere'));
    rmSync(`${boss.state}/commits`);
    const before = readdirSync(boss.state);
    const left = 'left of what was there: boss.json, admin.locator, machines';
    expectRefused(await refusedBoss({}), 'STORE_LOST', left);
    expectRefused(await gobs(sandbox, ['up', '--state', boss.state]), 'STORE_LOST', left);
    expect(readdirSync(boss.state)).toEqual([...before, 'boss.log'].toSorted());
    renameSync(sandbox.at('elsewhere'), `${boss.state}/store`);
    const again = await startBoss(sandbox);
    expect(await E(await again.admin()).machines()).toMatchObject([{ name: 'web1' }]);
  });

  test('for the store is of a newer version changes nothing in it', async () => {
    const state = sandbox.at('state');
    expect(await (await startBoss(sandbox)).stop()).toBe(0);
    const { store } = JSON.parse((await rowsOf(state))['!format']!) as { store: string };
    await putRow(state, '!format', formatHeader(makeRowChecksum(store), '!format', { format: 2, store }));
    const before = await rowsOf(state);
    expectRefused(await refusedBoss({}), 'NEWER_FORMAT', state);
    expectRefused(await gobs(sandbox, ['up', '--state', state]), 'NEWER_FORMAT', state);
    expect(await rowsOf(state)).toEqual(before);
  });
});

test('a full disk refuses what would be written, in one line, and nothing that was there is lost', async (context) => {
  const disk = await mountSmallDisk({ size: '32m' });
  if ('reason' in disk) return context.skip(disk.reason);
  try {
    const state = `${disk.path}/state`;
    const boss = await startBoss(sandbox, { state });
    const admin = await boss.admin();
    const machine = await E(admin).createMachine('web1', { provider: 'local' });
    await statusOnce(machine, isWell);
    disk.fill();
    // LevelDB's log may have room left in its last page. What was acknowledged is kept.
    const locators: string[] = [];
    const failure = await (async () => {
      for (;;) locators.push(await E(admin).locatorFor(machine));
    })().catch((error: unknown) => codeOf(error));
    expect(failure).toBe('COMMIT_FAILED');
    const create = await boss.gobs('machine', 'create', 'web2', '--provider', 'local');
    expectRefused(create, 'COMMIT_FAILED', 'ENOSPC');
    expect(await E(admin).machines()).toMatchObject([{ name: 'web1' }]);
    expect(readdirSync(`${state}/machines`)).toEqual(['m1']);
    expectRefused(await refusedBoss({ state: `${disk.path}/another` }), 'STORE_UNUSABLE', 'ENOSPC');

    // With room again it goes on as it is, once a write has found the store opened anew; and after a restart.
    disk.makeRoom();
    const give = () => E(admin).locatorFor(machine);
    locators.push(await give().catch(give));
    disk.fill();
    await boss.kill();
    expectRefused(await refusedBoss({ state }), 'STORE_UNUSABLE', 'ENOSPC');
    disk.makeRoom();
    const again = await startBoss(sandbox, { state });
    const found = await E(await again.admin()).machine('web1');
    await statusOnce(found, isWell);
    expect(await E(await again.admin()).machines()).toMatchObject([{ name: 'web1' }]);
    await enliven(sandbox, locators.at(-1)!);
    expect(await again.gobs('down', '--all')).toMatchObject({ code: 0 });
  } finally {
    await killProcessesIn(disk.path);
    await disk.unmount();
  }
});

test.each(['set', 'unset'])(
  'a state directory with a path of 150 characters works, with XDG_RUNTIME_DIR %s',
  async (kind) => {
    const runtime = sandbox.at('run');
    mkdirSync(runtime, { mode: 0o700 });
    const env = kind === 'set' ? { XDG_RUNTIME_DIR: runtime } : {};
    const state = sandbox.at('s'.repeat(149 - sandbox.path.length));
    expect(state).toHaveLength(150);
    const boss = await startBoss(sandbox, { state, env });
    sandbox.atEnd(() => {
      for (const path of [boss.socket, `${boss.socket}.locator`]) rmSync(path, { force: true });
    });
    const place = kind === 'set' ? `${runtime}/gobs` : `/tmp/gobs-${process.getuid!()}`;
    expect(dirname(boss.socket)).toBe(place);
    expect(boss.socket.length).toBeLessThanOrEqual(107);
    const created = await boss.gobs('machine', 'create', 'web1', '--provider', 'local', '--json');
    expect(JSON.parse(created.stdout)).toMatchObject({ name: 'web1', state: 'ready', online: true });
    // A client finds it whatever its own environment says.
    expect(await gobs(sandbox, ['machine', 'list', '--state', state])).toMatchObject({ code: 0 });
    expect(await boss.gobs('down', '--all')).toMatchObject({ code: 0 });
    expect(existsSync(boss.socket)).toBe(false);
  },
);
