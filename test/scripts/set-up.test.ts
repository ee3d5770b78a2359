/** `scripts/set-up.mjs` in a small checkout of its own, where npm is a script that notes how it was called. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/set-up.mjs', import.meta.url));

const wanted = {
  '': { name: 'a-checkout' },
  'node_modules/here': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-b', optional: true },
};
const installed = { 'node_modules/here': wanted['node_modules/here'] };

let checkout: string;

const write = async (path: string, content: unknown) => {
  const file = join(checkout, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
};

const finishInstall = async (packages: unknown = installed) => {
  await write('node_modules/.bin/node', '');
  await write('node_modules/.package-lock.json', { packages });
};

/** What npm is to do, as the body of a script: nothing, unless told. */
const setNpm = (body = '') =>
  write(
    'npm.mjs',
    `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
     appendFileSync('calls', process.argv.slice(2).join(' '));
     console.log('npm speaks');
     ${body}`,
  );

const run = () =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const env = { ...process.env, npm_execpath: join(checkout, 'npm.mjs') };
    const child = execFile(
      process.execPath,
      [join(checkout, 'scripts/set-up.mjs')],
      { env },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

const npmCalls = () => readFile(join(checkout, 'calls'), 'utf8').catch(() => 'none');

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'gobs-set-up-'));
  await mkdir(join(checkout, 'scripts'));
  await cp(script, join(checkout, 'scripts/set-up.mjs'));
  await write('package-lock.json', { packages: wanted });
  await setNpm(`mkdirSync('node_modules/.bin', { recursive: true }); writeFileSync('node_modules/.bin/node', '');`);
});

afterEach(() => rm(checkout, { recursive: true }));

describe('setting up a checkout', () => {
  test('installs what the lock says, the tools too, if nothing is there', async () => {
    const { code, stderr } = await run();
    expect(await npmCalls()).toMatch(/^ci --include=dev/);
    expect(code).toBe(0);
    expect(stderr).toContain('gobs: nothing is installed yet, so: npm ci');
  });

  test('keeps stdout for whoever comes next', async () => {
    const { stdout, stderr } = await run();
    expect(stdout).toBe('');
    expect(stderr).toContain('npm speaks');
  });

  test('does nothing, and says nothing, if all is there that this platform needs', async () => {
    await finishInstall();
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await npmCalls()).toBe('none');
  });

  test.each([
    ['an install was not finished', async () => rm(join(checkout, 'node_modules/.package-lock.json'))],
    ['a package is missing', () => finishInstall({})],
    [
      'a package has another version',
      () => finishInstall({ 'node_modules/here': { version: '0.9.0', integrity: 'sha512-a' } }),
    ],
    [
      'a package has other content',
      () => finishInstall({ 'node_modules/here': { version: '1.0.0', integrity: 'sha512-x' } }),
    ],
    ['the pinned Node is missing', () => rm(join(checkout, 'node_modules/.bin/node'))],
  ])('installs again if %s', async (_what, spoil) => {
    await finishInstall();
    await spoil();
    const { code, stderr } = await run();
    expect(await npmCalls()).toMatch(/^ci /);
    expect(code).toBe(0);
    expect(stderr).toContain('node_modules is not what package-lock.json says');
  });

  test('fails as npm failed, and says so', async () => {
    await setNpm('process.exit(7);');
    const { code, stderr } = await run();
    expect(code).toBe(7);
    expect(stderr).toContain('npm ci failed (exit 7)');
  });

  test('fails if npm was content to leave out the pinned Node', async () => {
    await setNpm();
    const { code, stderr } = await run();
    expect(code).toBe(1);
    expect(stderr).toContain('ignore-scripts');
  });
});

describe('the hob for other hosts', () => {
  /** Notes that it was called, and makes the bundle. */
  const bundler = `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
    appendFileSync('bundled', 'x');
    mkdirSync('dist/hob', { recursive: true });
    writeFileSync('dist/hob/gobs-hob.mjs', '');`;
  const timesBundled = async () => (await readFile(join(checkout, 'bundled'), 'utf8').catch(() => '')).length;
  const age = (path: string, seconds: number) => utimes(join(checkout, path), seconds, seconds);
  beforeEach(async () => {
    await finishInstall();
    await rm(join(checkout, 'node_modules/.bin/node'));
    await symlink(process.execPath, join(checkout, 'node_modules/.bin/node'));
    await write('scripts/bundle-hob.mjs', bundler);
    await write('src/hob/main.ts', '');
  });

  test('is made if there is none, and again only when a source is newer', async () => {
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await timesBundled()).toBe(1);
    for (const path of ['scripts/bundle-hob.mjs', 'package-lock.json', 'src', 'src/hob', 'src/hob/main.ts']) {
      await age(path, 1_000);
    }
    await run();
    expect(await timesBundled()).toBe(1);
    await age('dist/hob/gobs-hob.mjs', 2_000);
    await age('src/hob/main.ts', 3_000);
    await run();
    expect(await timesBundled()).toBe(2);
  });

  test('that cannot be made keeps nobody from starting', async () => {
    await write('scripts/bundle-hob.mjs', `console.error('no'); process.exit(1)`);
    expect(await run()).toMatchObject({ code: 0, stderr: expect.stringContaining('could not be made') as string });
  });
});
