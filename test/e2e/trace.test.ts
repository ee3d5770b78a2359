/** What happened, with real processes: joined across boss and hob by the ids of messages, over restarts, followed. Issue 3, 7. */
import { E } from '@endo/far';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JoinedRecord } from '../../src/protocol/trace.ts';
import { gobs, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Running, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';

vi.setConfig({ testTimeout: 120_000 });

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const canary = 'canary-4e1b';

let sandbox: Sandbox;
let boss: ServingBoss;
beforeEach(async () => {
  sandbox = await makeSandbox();
  boss = await startBoss(sandbox);
});
afterEach(() => sandbox.end());

const makeMachine = async () => {
  const admin = await boss.admin();
  const resources = [{ id: 'motd', type: 'file', path: '/etc/motd', content: canary }];
  const machine = await E(admin).createMachine('web1', harden({ provider: 'local', resources }));
  await statusOnce(machine, isWell);
  return machine;
};

const recordsOf = async (...words: readonly string[]): Promise<readonly JoinedRecord[]> => {
  const { code, stdout, stderr } = await boss.gobs('trace', ...words, '--limit', '300', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as readonly JoinedRecord[];
};

const isAt = (where: string, method: string) => (record: JoinedRecord) =>
  record.where === where && record.method === method;

test('what boss and hob say to each other has the same id on both sides, over restarts of both', async () => {
  const machine = await makeMachine();
  await E(machine).converge();
  const records = await recordsOf('web1');

  const asked = records.findLast(isAt('boss', 'converge'))!;
  const done = records.findLast(isAt('web1', 'converge'))!;
  expect(asked.effects.map(({ id }) => id)).toContain(done.id);
  expect(done).toMatchObject({ cause: asked.id, from: expect.stringMatching(/^peer:/) });
  expect(records.indexOf(done)).toBeGreaterThan(records.indexOf(asked));

  // The hob's own: what it applied, it reported.
  const reported = records.findLast(isAt('boss', 'report'))!;
  const sender = records.find(({ id }) => id === reported.cause)!;
  expect(sender.where).toBe('web1');
  expect(sender.effects.map(({ id }) => id)).toContain(reported.id);
  expect(reported.from.slice(5, 13)).toBe(reported.id.slice(0, 8));
  expect(JSON.stringify(records)).not.toContain(canary);

  const text = await boss.gobs('trace', 'web1');
  expect(text.stdout).toMatch(new RegExp(`  web1  ${done.id}  hob/hob/[0-9]+/hob.converge  from peer:[a-z2-7]{8}…`));

  await boss.kill();
  boss = await startBoss(sandbox);
  await statusOnce(await E(await boss.admin()).machine('web1'), isWell);
  const after = await recordsOf('web1');
  const ids = after.map(({ where, id }) => `${where} ${id}`);
  expect(ids).toEqual(expect.arrayContaining([`boss ${asked.id}`, `web1 ${done.id}`, `boss ${reported.id}`]));
  expect(new Set(ids).size).toBe(ids.length);
});

test('after a restore no turn has an id that the lost store has given', async () => {
  const backup = sandbox.at('a.backup');
  const { state } = boss;
  expect(await boss.gobs('store', 'backup', backup)).toMatchObject({ code: 0 });
  // The restored one counts its openings from the backup's, as this one does.
  await boss.stop();
  boss = await startBoss(sandbox);
  await boss.gobs('provider', 'list');
  const lost = new Set((await recordsOf()).map(({ id }) => id));
  await boss.stop();
  expect(await gobs(sandbox, ['store', 'restore', backup, '--replace', '--state', state])).toMatchObject({ code: 0 });
  const restored = Date.now();
  boss = await startBoss(sandbox);
  await boss.gobs('provider', 'list');
  const since = (await recordsOf()).filter(({ at }) => at >= restored);
  expect(since.length).toBeGreaterThan(3);
  expect(since.filter(({ id }) => lost.has(id))).toEqual([]);
});

test('a machine that there is not is one line, and a graph is drawn', async () => {
  await makeMachine();
  expect(await boss.gobs('trace', 'nope')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^gobs: NO_SUCH_MACHINE: nope[^\n]*\nhint: [^\n]*\n$/),
  });
  const graph = await boss.gobs('graph', 'web1', '--format', 'dot', '--depth', '1');
  expect(graph.stdout).toMatch(/^digraph gobs \{\n[^]*n0 \[label="boss\/machine\/[0-9]+"\];\n[^]*\n\}\n$/);
  const { stdout } = await gobs(sandbox, ['repl', '--state', boss.state], { stdin: '.trace web1\n.graph web1\n' });
  expect(stdout).toMatch(/^[^\n]* {2}boss {2}[^\n]*createMachine/m);
  expect(stdout).toMatch(/^flowchart LR$/m);
});

test('following shows both sides as things happen, and ends with 0 at Ctrl-C', async () => {
  const machine = await makeMachine();
  const words = [main, 'trace', 'web1', '--follow', '--json', '--state', boss.state];
  const following: Running = sandbox.start(process.execPath, words);
  await following.stdout.said('"where":"web1"');
  const before = following.stdout.text.length;
  await E(machine).converge();
  await following.stdout.said(/"method":"converge"[^\n]*"where":"boss"/);
  await following.stdout.said(/"method":"converge"[^\n]*"where":"web1"/);
  process.kill(following.pid, 'SIGINT');
  expect(await following.ended).toEqual({ code: 0, signal: null });
  expect(following.stderr.text).toBe('');
  const lines = following.stdout.text.slice(before).trimEnd().split('\n').filter(Boolean);
  const records = lines.map((line) => JSON.parse(line) as JoinedRecord);
  // Looking is not in it: nothing follows itself.
  expect(records.filter(({ method }) => method === 'trace')).toEqual([]);
  expect(records.length).toBeLessThan(30);
});
