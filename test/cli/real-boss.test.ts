/** The command line with a real boss, real hobs and a home of its own: every process here is started by `gobs` itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let home: string;
let started: string[];
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'gobs-real-')));
  started = [];
});
afterEach(async () => {
  for (const state of started) {
    const { code } = await gobs(`down --all --state ${state}`);
    if (code !== 0) killEverything(state);
  }
  rmSync(home, { recursive: true, force: true });
});

/** For a test that failed half-way. */
const killEverything = (state: string) => {
  const machines = join(state, 'machines');
  const files = existsSync(machines) ? readdirSync(machines).map((name) => join(machines, name, 'hob.pid')) : [];
  for (const file of [join(state, 'boss.json'), ...files]) {
    if (!existsSync(file)) continue;
    const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
    // Only what is certainly ours: a number can be another's by now.
    const words = existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
    if (words.includes(state)) process.kill(pid, 'SIGKILL');
  }
};

const start = (words: string) =>
  spawn(process.execPath, [main, ...words.split(' ')], {
    cwd: home,
    env: { HOME: home, XDG_RUNTIME_DIR: home, PATH: process.env.PATH },
    stdio: 'pipe',
  });

const gobs = async (words: string, stdin = '') => {
  const child = start(words);
  child.stdin.end(stdin);
  const ended = once(child, 'exit') as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
};

/** `gobs up` in the default place. */
const up = async (stdin = '') => {
  started = [join(home, '.local/state/gobs')];
  return gobs('up', stdin);
};

const bossFile = (state: string) =>
  JSON.parse(readFileSync(join(state, 'boss.json'), 'utf8')) as { pid: number; listen: string };

describe('gobs up', () => {
  test('starts a boss, makes a machine from the REPL, and a second one attaches to the same boss', async () => {
    const first = await up(
      "const web1 = await E(boss).createMachine('web1', { provider: 'local' })\n(await E(web1).status()).name\n",
    );
    expect(first).toMatchObject({
      code: 0,
      stdout: 'web1\n',
      stderr: expect.stringContaining('gobs: started a boss in '),
    });
    expect(first.stderr).toContain('gobs down ends the boss, gobs down --all the local hobs too');
    const { pid } = bossFile(started[0]!);
    const second = await gobs('up', "(await E(machine('web1')).status()).name\n");
    expect(second).toMatchObject({
      code: 0,
      stdout: 'web1\n',
      stderr: expect.stringContaining('gobs: a boss is running in '),
    });
    expect(bossFile(started[0]!).pid).toBe(pid);
  });

  test('completes, inspects and shares: what the REPL asks of the boss is there', async () => {
    const { code, stdout } = await up(
      "(await E(boss).__getMethodNames__()).includes('createMachine')\n.vats\n.actors boss\n.portrait boss\nconst web1 = await E(boss).createMachine('web1', { provider: 'local' })\nenliven(await locatorFor(E(web1).asObserver()))\n",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^true\nVAT +ACTORS +CACHED\n/);
    expect(stdout).toMatch(/\nvat:boss\/boss\/[0-9]+\/[a-z]+ +boss +1 /);
    expect(stdout).toMatch(/MachineObserver \{…\}\n$/);
  });
});

describe('a fleet document', () => {
  test('is planned, applied, drifts, is checked, and applied again changes nothing', async () => {
    await up();
    await gobs('init');
    const planned = await gobs('plan fleet.yaml');
    expect(planned.code).toBe(2);
    const applied = await gobs('apply fleet.yaml');
    expect(applied).toMatchObject({ code: 0, stdout: planned.stdout });
    const motd = join(started[0]!, 'machines/m1/root/etc/motd');
    expect(readFileSync(motd, 'utf8')).toBe('hello\n');
    const before = statSync(motd);
    expect((await gobs('apply fleet.yaml')).code).toBe(0);
    expect(statSync(motd)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(await gobs('drift')).toMatchObject({ code: 0, stdout: '' });
    writeFileSync(motd, 'changed by hand\n');
    expect(await gobs('drift web1')).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/\nweb1 +motd +drifted +content +\S/),
    });
    expect(readFileSync(motd, 'utf8')).toBe('changed by hand\n');
    expect((await gobs('machine destroy web1 --yes')).code).toBe(0);
    expect((await gobs('machine list --json')).stdout).toBe('[]\n');
  });

  test('that is malformed, or names what is not there, changes nothing', async () => {
    await up();
    writeFileSync(
      join(home, 'bad.yaml'),
      'machines:\n  web1: { provider: local, resources: [{ id: a, type: file, path: /a, mode: 420 }] }\n',
    );
    expect(await gobs('apply bad.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^gobs: BAD_DOCUMENT: bad\.yaml:2: machines\.web1\.resources\[0\]\.mode: [^\n]+\n$/,
      ),
    });
    for (const [words, code] of [
      ['machine create web1 --provider nowhere', 'NO_SUCH_PROVIDER'],
      ['machine create Web_1 --provider local', 'BAD_NAME'],
      ['machine show web1', 'NO_SUCH_MACHINE'],
      ['drift web1', 'NO_SUCH_MACHINE'],
    ] as const) {
      const refused = await gobs(words);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(new RegExp(`^gobs: ${code}: [^\\n]+\\n(hint: [^\\n]+\\n)?$`));
    }
    expect((await gobs('machine list --json')).stdout).toBe('[]\n');
  });
});

describe('what was shared', () => {
  test('reads from another home over TLS, and does no more', async () => {
    await up();
    await gobs('machine create web1 --provider local');
    writeFileSync(join(home, 'web1.locator'), (await gobs('share web1 --as observer')).stdout, { mode: 0o600 });
    const child = spawn(process.execPath, [main, 'machine', 'show', '--connect-file', 'web1.locator', '--json'], {
      cwd: home,
      env: { HOME: '/nonexistent' },
    });
    expect(JSON.parse(await text(child.stdout))).toMatchObject({ name: 'web1', state: 'ready' });
    expect(await gobs('drift --connect-file web1.locator')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--cached'),
    });
    expect(await gobs('repl --connect-file web1.locator', 'E(shared).stop()\n')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^NO_SUCH_METHOD/),
    });
  });
});

describe('gobs boss', () => {
  const run = async (words: string) => {
    const child = start(words);
    const ended = once(child, 'exit') as Promise<[number]>;
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    return {
      ready: JSON.parse(line) as { ready: boolean; peer: string; listen: string; socket: string },
      stop: async () => {
        child.kill('SIGTERM');
        return (await ended)[0];
      },
    };
  };

  test('prints one line when it serves, ends with 0 on SIGTERM, and listens at the same address again', async () => {
    const first = await run('boss --state lab --json');
    expect(first.ready).toEqual({
      ready: true,
      peer: expect.stringMatching(/^[a-z2-7]{52}$/),
      listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      socket: join(home, 'lab/boss.sock'),
    });
    expect((await gobs(`machine list --socket ${first.ready.socket} --json`)).stdout).toBe('[]\n');
    expect(await gobs('boss --state lab')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/gobs: STORE_IN_USE: [^\n]+\nhint: [^\n]+\n$/),
    });
    expect(await first.stop()).toBe(0);
    const second = await run('boss --state lab --json');
    expect(second.ready).toEqual(first.ready);
    expect(await second.stop()).toBe(0);
  });

  test('works where the path of its state directory is too long for a socket', async () => {
    const long = 's'.repeat(150);
    const boss = await run(`boss --state ${long} --json`);
    expect(boss.ready.socket.length).toBeLessThan(108);
    expect((await gobs(`machine list --state ${long} --json`)).stdout).toBe('[]\n');
    expect(await boss.stop()).toBe(0);
  });

  test('says that a port is in use, in the background too', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const oneLine = expect.stringMatching(/^gobs: ADDRESS_UNUSABLE: [^\n]+\n(hint: [^\n]+\n)?$/) as unknown as string;
    expect(await gobs(`boss --state lab --listen 127.0.0.1:${port} --json`)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: oneLine,
    });
    expect(await gobs(`up --state lab --listen 127.0.0.1:${port}`)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: oneLine,
    });
    other.close();
  });
});
