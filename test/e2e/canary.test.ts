/**
 * Secrets are put in by every way there is, and then looked for everywhere they must not be: files as they are, rows as they are decoded, logs,
 * what commands print, errors, the REPL's history, command lines and environments. Issue 3, deliverable 6.
 */
import { E } from '@endo/far';
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Boss } from '../../src/protocol/remotes.ts';
import { makeCanary, makeSearch } from '../support/e2e/canary.ts';
import { hasTerminals } from '../support/e2e/checkout.ts';
import { gobs, launchBoss, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { machineAt } from '../support/e2e/machine-files.ts';
import { peerKeyIn } from '../support/e2e/peer-key.ts';
import { processesIn } from '../support/e2e/processes-in.ts';
import { putRow, rowsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Ran, type Running, type Sandbox } from '../support/e2e/sandbox.ts';

vi.setConfig({ testTimeout: 300_000 });

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let sandbox: Sandbox;
let state: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  state = sandbox.at('state');
});
afterEach(() => sandbox.end());

/** All that was printed, by what was run. */
const makeRecord = () => {
  const said: { readonly what: string; readonly text: string }[] = [];
  const note = (what: string, text: string) => void said.push({ what, text });
  const ran = async (what: string, running: Promise<Ran>): Promise<Ran> => {
    const result = await running;
    note(what, result.stdout + result.stderr);
    return result;
  };
  return { said, note, ran };
};
type Record = ReturnType<typeof makeRecord>;

/** A command that waits for standard input, and what the system shows of it meanwhile. */
const setWatched = async (name: string, text: string, inProcesses: (pids: readonly number[]) => readonly string[]) => {
  const running = sandbox.start(process.execPath, [main, 'secret', 'set', name, '--state', state]);
  running.type(text);
  const shown = inProcesses([running.pid]);
  running.endInput();
  expect((await running.ended).code).toBe(0);
  return { shown, printed: running.stdout.text + running.stderr.text };
};

const onTerminal = (...words: readonly string[]): Running =>
  sandbox.start(
    'script',
    ['--quiet', '--return', '--flush', '--command', [process.execPath, main, ...words].join(' '), '/dev/null'],
    { env: { TERM: 'xterm', COLUMNS: '300' } },
  );

const typeUnseen = async (name: string, text: string): Promise<string> => {
  const running = onTerminal('secret', 'set', name, '--state', state);
  await running.stdout.said('(not shown): ');
  running.type(`${text}\r`);
  expect((await running.ended).code).toBe(0);
  return running.stdout.text;
};

/** In the REPL, on one line and on two. */
const typeInRepl = async (text: string, other: string): Promise<string> => {
  const running = onTerminal('repl', '--state', state);
  await running.stdout.said('gobs> ');
  running.type(`await E(boss).setSecret('repl', '${text}'), 'first' + 'done'\r`);
  await running.stdout.said("'firstdone'");
  running.type(`await E(boss).setSecret('repl-two',\r'${other}'), 'second' + 'done'\r`);
  await running.stdout.said("'seconddone'");
  running.type('.vats\r.actors\r.trace\r.graph\r.portrait vat:boss/boss/11/admin\r.exit\r');
  await running.ended;
  // What is typed is seen where it is typed, and there alone.
  const seen = running.stdout.text.split('\n');
  const typed = (line: string) => /setSecret|'second' \+/.test(line);
  return seen.filter((line) => !typed(line)).join('\n');
};

const reading = [
  ...['machine list', 'machine show web1', 'provider list', 'secret list', 'drift', 'drift --cached'],
  ...['converge web1', 'plan fleet.yaml', 'apply fleet.yaml', 'trace', 'trace web1'],
];

const readAll = async (boss: ServingBoss, { ran }: Record): Promise<void> => {
  const fleet = 'machines:\n  web1:\n    provider: local\n    resources:\n      - { id: a, type: noop }\n';
  const file = await sandbox.write('fleet.yaml', fleet);
  for (const command of reading) {
    const words = command.replace('fleet.yaml', file).split(' ');
    for (const json of [[], ['--json']]) {
      const { code, stderr } = await ran(command, boss.gobs(...words, ...json));
      expect([0, 2], `${command}: ${stderr}`).toContain(code);
    }
  }
};

/** The copies that people make of a store, of the boss or of what it left: a file in the sandbox; the result is what was printed. */
const copyStore = async (name: string, { ran }: Record): Promise<string> => {
  const at = ['--state', state];
  const backup = sandbox.at(name);
  const commands = [
    ['backup', backup, ...at],
    ['verify', '--json', ...at],
    ['verify', '--json', backup],
    ['export', '--json', ...at],
    ['export', '--json', backup],
  ];
  let printed = '';
  for (const words of commands) {
    const { code, stdout, stderr } = await ran(`store ${words.join(' ')}`, gobs(sandbox, ['store', ...words]));
    expect(code, stderr).toBe(0);
    printed += stdout;
  }
  expect(readFileSync(backup, 'utf8')).toContain('sealed:1:');
  return printed;
};

/** What can go wrong with a secret. */
const provokeErrors = async (boss: ServingBoss, admin: Boss, text: string, { ran, note }: Record): Promise<void> => {
  const set = (words: readonly string[], stdin: string) =>
    ran(
      `secret set ${words.join(' ').slice(0, 20)}`,
      gobs(sandbox, ['secret', 'set', ...words, '--state', state], { stdin }),
    );
  expect((await set(['Wrong'], text)).code).toBe(1);
  expect((await set(['long'], `${text}${'x'.repeat(70_000)}`)).code).toBe(1);
  expect((await set(['longer'], `${text}${'x'.repeat(2_000_000)}`)).code).toBe(1);
  expect((await set(['too', 'many'], text)).code).toBe(1);
  const anything = admin as unknown as { setSecret(...given: unknown[]): Promise<void> };
  for (const given of [[text], [text, 'token'], ['token', text, text], ['token', [text]], ['token', 7n, text], []]) {
    await E(anything)
      .setSecret(...given)
      .then(
        () => expect.fail('it was set'),
        (error: unknown) => note('setSecret', (error as Error).message),
      );
  }
  const statements = `E(boss).setSecret('Wrong', '${text}')\nE(boss).setSecret('${text}')\n`;
  const repl = await ran('repl', gobs(sandbox, ['repl', '--state', state], { stdin: statements }));
  expect(repl.stderr).toMatch(/BAD_NAME.*\n.*BAD_ARGUMENTS/s);
};

/** As LevelDB has them, and as the ledger checks them. */
const rowsAsText = async (directory: string): Promise<string> =>
  Object.entries(await rowsOf(directory))
    .map(([key, value]) => `${key} ${value}`)
    .join('\n');

describe('a secret that was put in', () => {
  test('by any way is found nowhere afterwards', async () => {
    const record = makeRecord();
    const given = Object.fromEntries(
      ['pipe', 'terminal', 'repl', 'repltwo', 'script', 'captp', 'again', 'wrong'].map((way) => [way, makeCanary(way)]),
    );
    const search = makeSearch(given);
    const shown: string[] = [];
    const boss = await startBoss(sandbox);
    const admin = await boss.admin();
    expect((await boss.gobs('machine', 'create', 'web1', '--provider', 'local')).code).toBe(0);

    const piped = await setWatched('pipe', `${given['pipe']}\n`, search.inProcesses);
    shown.push(...piped.shown);
    record.note('secret set', piped.printed);
    if (hasTerminals()) {
      record.note('secret set on a terminal', await typeUnseen('terminal', given['terminal']!));
      record.note('the REPL on a terminal', await typeInRepl(given['repl']!, given['repltwo']!));
      expect(readFileSync(`${state}/repl-history`, 'utf8')).toContain('is not kept');
    }
    const statement = `await E(boss).setSecret('script', '${given['script']}')\n`;
    await record.ran('repl', gobs(sandbox, ['repl', '--state', state], { stdin: statement }));
    await E(admin).setSecret('captp', given['captp']!);
    await E(admin).setSecret('captp', given['again']!);
    await E(admin).removeSecret('captp');
    await E(admin).setSecret('captp', given['captp']!);
    await provokeErrors(boss, admin, given['wrong']!, record);
    await readAll(boss, record);
    for (const words of [['graph'], ['graph', 'web1', '--format', 'dot']]) {
      expect((await record.ran('graph', boss.gobs(...words))).code).toBe(0);
    }
    expect(await copyStore('running.backup', record)).toContain('"[sealed]"');
    const names = (await E(admin).secrets()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['captp', 'pipe', 'script']));
    expect(names).toHaveLength(hasTerminals() ? 6 : 3);

    const running = await processesIn(sandbox.path);
    expect(running).toHaveLength(2);
    shown.push(...search.inProcesses(running));
    expect(shown).toEqual([]);
    // With what LevelDB writes when it is opened again, and from its log to a table.
    expect((await boss.gobs('down', '--all')).code).toBe(0);
    const again = await startBoss(sandbox);
    expect(await again.stop()).toBe(0);
    await copyStore('closed.backup', record);

    record.note('the boss', boss.process.stdout.text + boss.process.stderr.text);
    record.note('the boss again', again.process.stdout.text + again.process.stderr.text);
    for (const directory of [state, machineAt(state, 'm1').state]) record.note(directory, await rowsAsText(directory));
    expect(record.said.length).toBeGreaterThan(30);
    expect(record.said.filter(({ text }) => search.in(text).length > 0)).toEqual([]);
    expect(search.inFiles(sandbox.path)).toEqual([]);
  });

  test('as a passphrase is in no file, log, command line or environment', async () => {
    const passphrase = makeCanary('passphrase');
    const search = makeSearch({ passphrase });
    const up = () =>
      gobs(sandbox, ['up', '--state', state, '--passphrase-file', '-'], { stdin: `${passphrase}\n1 + 41\n` });
    const first = await up();
    expect(first).toMatchObject({ code: 0, stdout: '42\n' });
    expect(search.inProcesses(await processesIn(sandbox.path))).toEqual([]);
    expect((await gobs(sandbox, ['down', '--state', state])).code).toBe(0);
    const wrong = launchBoss(sandbox, { words: ['--passphrase-file', '-'] });
    wrong.type(`${passphrase}!\n`);
    expect((await wrong.ended).code).toBe(1);
    expect(wrong.stderr.text).toContain('SEALING_KEY_WRONG');
    expect(search.in(first.stderr + wrong.stderr.text + (await rowsAsText(state)))).toEqual([]);
    expect(search.inFiles(sandbox.path)).toEqual([]);
  });
});

describe('what processes make for themselves', () => {
  test('the keys of boss and hob, and their sealing keys, are where they belong and nowhere else', async () => {
    const boss = await startBoss(sandbox);
    expect((await boss.gobs('machine', 'create', 'web1', '--provider', 'local')).code).toBe(0);
    const record = makeRecord();
    await readAll(boss, record);
    await copyStore('running.backup', record);
    const hob = machineAt(state, 'm1');
    const seedOf = (pem: string) => Buffer.from(pem.split('\n')[1]!, 'base64').subarray(-32).toString('base64');
    const [bossKey, hobKey] = [await peerKeyIn(state), await peerKeyIn(hob.state)];
    const secrets = {
      'key of the boss': bossKey.privateKeyPem,
      'seed of the boss': seedOf(bossKey.privateKeyPem),
      'key of the hob': hobKey.privateKeyPem,
      'seed of the hob': seedOf(hobKey.privateKeyPem),
      'sealing key': readFileSync(`${state}/sealing-key`, 'utf8').trim(),
      "hob's sealing key": readFileSync(hob.sealingKey, 'utf8').trim(),
      'admin locator': /\/s\/([^?]*)/.exec(readFileSync(`${state}/admin.locator`, 'utf8'))![1]!,
    };
    const search = makeSearch(secrets);
    expect(search.inProcesses(await processesIn(sandbox.path))).toEqual([]);
    expect((await boss.gobs('down', '--all')).code).toBe(0);
    record.note('the boss', boss.process.stdout.text + boss.process.stderr.text);
    for (const directory of [state, hob.state]) record.note(directory, await rowsAsText(directory));
    expect(record.said.filter(({ text }) => search.in(text).length > 0)).toEqual([]);
    const own: Readonly<{ [name: string]: readonly string[] }> = {
      'state/sealing-key': ['sealing key'],
      'state/machines/m1/state/sealing-key': ["hob's sealing key"],
      'state/admin.locator': ['admin locator'],
      'state/boss.sock.locator': ['admin locator'],
    };
    expect(search.inFiles(sandbox.path, (path) => own[path] ?? [])).toEqual([]);
    // They are there, so it looks for what can be found.
    expect(search.inFiles(sandbox.path)).toHaveLength(4);
  });
});

describe('the search', () => {
  test('finds what is planted: in a file in any form, a row, a printed line, a command line, an environment', async () => {
    const planted = makeCanary('planted');
    const search = makeSearch({ planted });
    const boss = await startBoss(sandbox);
    await boss.stop();
    expect(search.inFiles(sandbox.path)).toEqual([]);
    const forms = [
      ...(['utf8', 'hex', 'base64', 'base64url', 'utf16le'] as const).map((as) =>
        as === 'utf16le' ? Buffer.from(planted, as) : Buffer.from(planted).toString(as),
      ),
      Buffer.from(`a${planted}b`).toString('base64'),
      JSON.stringify({ deep: JSON.stringify([planted]) }),
    ];
    for (const form of forms) {
      writeFileSync(sandbox.at('leak'), form);
      expect(search.inFiles(sandbox.path), String(form)).toEqual(['leak: planted']);
      expect(search.in(form), String(form)).toEqual(['planted']);
    }
    writeFileSync(sandbox.at('leak'), '');
    await putRow(state, 'x/planted', `${'x'.repeat(100)}${planted}`);
    expect(search.inFiles(sandbox.path)).toEqual([expect.stringMatching(/^state\/store\/\d+\.log: planted$/)]);
    const leaks = [
      { words: [planted], env: {} },
      { words: [], env: { LEAK: planted } },
    ];
    for (const { words, env } of leaks) {
      const leaking = sandbox.start('sh', ['-c', 'echo started; read end', 'sh', ...words], { env });
      await leaking.stdout.said('started');
      expect(search.inProcesses([leaking.pid])).toHaveLength(1);
      leaking.endInput();
      await leaking.ended;
    }
  });
});
