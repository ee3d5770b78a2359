/**
 * Do the checks of arrows and of ambient authority find what they are for? A tree of small files is planted, with one
 * violation in each, and both checks are run over it once. The files that do nothing wrong must pass.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** Where a file is planted, what is in it, and the rule that must find it. */
type Plant = readonly [path: string, source: string, rule: string];

const imports = (...sources: string[]) => sources.map((source) => `import '${source}';\n`).join('');

const wrongArrows: readonly Plant[] = [
  ['src/errors/a.ts', imports('../vats/clean.ts'), 'src/errors'],
  ['src/protocol/a.ts', imports('../errors/clean.ts'), 'src/protocol'],
  ['src/protocol/b.ts', imports('@endo/far'), 'protocol-packages'],
  ['src/protocol/c.ts', imports('node:zlib'), 'protocol-packages'],
  ['src/vats/a.ts', imports('../persistence/clean.ts'), 'src/vats'],
  ['src/vats/b.ts', imports('./actor-lib/clean.ts'), 'src/vats'],
  ['src/vats/c.ts', imports('pino'), 'vat-packages'],
  ['src/vats/actor-lib/a.ts', imports('../../protocol/clean.ts'), 'src/vats/actor-lib'],
  ['src/sealing/a.ts', imports('../vats/clean.ts'), 'src/sealing'],
  ['src/persistence/a.ts', imports('../captp/clean.ts'), 'src/persistence'],
  ['src/captp/a.ts', imports('../protocol/clean.ts'), 'src/captp'],
  ['src/captp/b.ts', imports('./netlayers/clean.ts'), 'src/captp'],
  ['src/captp/netlayers/a.ts', imports('../clean.ts'), 'src/captp/netlayers'],
  ['src/boss/a.ts', imports('../hob/clean.ts'), 'src/boss'],
  ['src/boss/b.ts', `import type {} from '../hob/clean.ts';\n`, 'src/boss'],
  ['src/boss/c.ts', imports('./repl/clean.ts'), 'src/boss'],
  ['src/boss/d.ts', imports('../providers/local/clean.ts'), 'src/boss'],
  ['src/boss/e.ts', imports('../lockdown.ts'), 'entry-points'],
  ['src/boss/f.ts', imports('./main.ts'), 'entry-points'],
  ['src/boss/repl/a.ts', imports('../clean.ts'), 'src/boss/repl'],
  ['src/boss/repl/main.ts', imports('../../lockdown.ts', '../../hob/main.ts'), 'entry-point-of-another-part'],
  ['src/hob/a.ts', imports('../boss/clean.ts'), 'src/hob'],
  ['src/hob/b.ts', imports('../providers/contract.ts'), 'src/hob'],
  ['src/hob/resources/a.ts', imports('../clean.ts'), 'src/hob/resources'],
  ['src/providers/a.ts', imports('../boss/clean.ts'), 'src/providers'],
  ['src/providers/local/a.ts', imports('../other/clean.ts'), 'one-provider-from-another'],
  ['src/providers/local/b.ts', imports('../shipped.ts'), 'one-provider-from-another'],
  ['src/cli/a.ts', imports('../boss/clean.ts'), 'src/cli'],
  ['src/cli/b.ts', imports('fast-check'), 'unlisted-package'],
  ['src/cli/c.ts', imports('left-out'), 'unlisted-package'],
  ['src/persistence/fs.ts', imports('node:fs'), 'ambient-modules'],
  ['src/persistence/fs-promises.ts', `export { open } from 'node:fs/promises';\n`, 'ambient-modules'],
  ['src/persistence/bare.ts', imports('fs'), 'ambient-modules'],
  ['src/persistence/both.ts', `import type { Stats } from 'node:fs';\n${imports('node:fs')}`, 'ambient-modules'],
  ['src/persistence/later.ts', `export const fs = import('node:fs');\n`, 'ambient-modules'],
  ...['net', 'tls', 'child_process', 'os', 'process', 'timers', 'timers/promises', 'worker_threads'].map(
    (name): Plant => [`src/captp/netlayers/${name.replace('/', '-')}.ts`, imports(`node:${name}`), 'ambient-modules'],
  ),
  ['src/captp/cycle-a.ts', imports('./cycle-b.ts'), 'cycle'],
];

const exporting = (expression: string) => `export const it = ${expression};\n`;

const wrongAuthority: readonly Plant[] = [
  ['src/captp/process.ts', exporting('process.env'), 'no-undef'],
  ['src/captp/timer.ts', exporting('setTimeout'), 'no-undef'],
  ['src/captp/interval.ts', exporting('setInterval'), 'no-undef'],
  ['src/captp/immediate.ts', exporting('setImmediate'), 'no-undef'],
  ['src/captp/performance.ts', exporting('performance.now()'), 'no-undef'],
  ['src/captp/fetch.ts', exporting('fetch'), 'no-undef'],
  ['src/captp/console.ts', exporting('console.log'), 'no-undef'],
  ['src/captp/global.ts', exporting('globalThis'), 'no-restricted-globals'],
  ['src/captp/zone.ts', exporting('new Intl.DateTimeFormat()'), 'no-restricted-globals'],
  ['src/captp/eval.ts', exporting('eval'), 'no-restricted-globals'],
  ['src/captp/function.ts', exporting(`new Function('return this')`), 'no-new-func'],
  ['src/captp/constructor.ts', exporting('(() => {}).constructor'), 'no-restricted-properties'],
  ['src/captp/now.ts', exporting('Date.now()'), 'no-restricted-properties'],
  ['src/captp/now-taken.ts', 'export const { now } = Date;\n', 'no-restricted-properties'],
  ['src/captp/today.ts', exporting('new Date()'), 'no-restricted-syntax'],
  ['src/captp/today-as-text.ts', exporting('Date()'), 'no-restricted-syntax'],
  ['src/captp/random.ts', exporting('Math.random()'), 'no-restricted-properties'],
  ['src/captp/deadline.ts', exporting('AbortSignal.timeout(1)'), 'no-restricted-properties'],
  ['src/captp/where.ts', exporting('import.meta.url'), 'no-restricted-syntax'],
  ['src/captp/import.ts', exporting(`import('./clean.ts')`), 'no-restricted-syntax'],
  ['src/cli/import.ts', exporting(`import('./clean.ts')`), 'no-restricted-syntax'],
  ['src/cli/run.ts', exporting(`import(String('./clean.ts'))`), 'no-restricted-syntax'],
  ['src/captp/bytes.ts', `import { randomBytes } from 'node:crypto';\n`, '@typescript-eslint/no-restricted-imports'],
  ['src/captp/uuid.ts', `export { randomUUID } from 'crypto';\n`, '@typescript-eslint/no-restricted-imports'],
  ['src/captp/all.ts', `import * as crypto from 'node:crypto';\n`, '@typescript-eslint/no-restricted-imports'],
  ['src/captp/excused.ts', `// eslint-disable-next-line\n${exporting('setTimeout')}`, 'no-undef'],
  ['src/vats/bytes.ts', exporting(`Buffer.from('')`), 'no-undef'],
  ['src/vats/url.ts', exporting(`new URL('x:y')`), 'no-undef'],
  ['src/boss/queue.ts', exporting('queueMicrotask'), 'no-undef'],
  ['src/boss/weak.ts', exporting('new WeakRef({})'), 'no-restricted-globals'],
  ['src/hob/weak.ts', exporting('FinalizationRegistry'), 'no-restricted-globals'],
  ['src/vats/actor-lib/text.ts', exporting('new TextEncoder()'), 'no-undef'],
  ['src/boss/send.ts', `import { E } from '@endo/far';\n`, '@typescript-eslint/no-restricted-imports'],
  ['src/vats/actor-lib/send.ts', `import { E } from '@endo/far';\n`, '@typescript-eslint/no-restricted-imports'],
  ['src/providers/local/main.ts', imports('node:fs', '../../lockdown.ts'), 'no-restricted-syntax'],
];

/** What is allowed, though it looks like the above. */
const clean: Readonly<Record<string, string>> = {
  'src/lockdown.ts': 'export {};\n',
  'src/errors/clean.ts': 'export {};\n',
  'src/protocol/clean.ts': imports('@endo/patterns'),
  'src/vats/clean.ts':
    imports('../errors/clean.ts', '@endo/far', 'node:zlib') + exporting('[new WeakRef({}), queueMicrotask]'),
  'src/vats/actor-lib/clean.ts': imports('../clean.ts') + exporting('harden(new Map([[new Date(0), Math.max(1)]]))'),
  'src/persistence/clean.ts': `${imports(
    '../vats/clean.ts',
    '../errors/clean.ts',
    'classic-level',
  )}import type { Stats } from 'node:fs';\nexport type Fs = typeof import('node:fs');\nexport type S = Stats;\n`,
  'src/captp/peer-id.ts': `import { createHash } from 'node:crypto';\nimport type { webcrypto } from 'node:crypto';\n`,
  'src/captp/clean.ts': imports('./netlayers/contract.ts', './peer-id.ts') + exporting('[URL, Buffer, AbortSignal]'),
  'src/captp/cycle-b.ts': imports('./cycle-a.ts'),
  'src/captp/netlayers/contract.ts': imports('../peer-id.ts'),
  'src/captp/netlayers/clean.ts': imports('./contract.ts', 'node:stream'),
  'src/boss/clean.ts': imports('../providers/contract.ts', '../providers/shipped.ts', '../vats/actor-lib/clean.ts'),
  'src/boss/main.ts':
    imports('../lockdown.ts', 'node:fs', './clean.ts', '../captp/netlayers/clean.ts') + exporting('process'),
  'src/vats/send.ts': `import { E } from '@endo/eventual-send';\n`,
  'src/boss/repl/clean.ts': `${imports('../../protocol/clean.ts', '../../errors/clean.ts')}import { E } from '@endo/far';\n`,
  'src/hob/rooted-files.ts': 'export {};\n',
  'src/hob/clean.ts': imports('./resources/clean.ts', '../captp/clean.ts', '../persistence/clean.ts'),
  'src/hob/main.ts': imports('../lockdown.ts', './clean.ts') + exporting('[Date.now(), setTimeout]'),
  'src/hob/resources/clean.ts': imports('../rooted-files.ts', '../../protocol/clean.ts'),
  'src/providers/contract.ts': imports('../protocol/clean.ts'),
  'src/providers/shipped.ts': imports('./local/clean.ts', './other/clean.ts'),
  'src/providers/local/clean.ts': imports('../contract.ts', './second.ts'),
  'src/providers/local/second.ts': `import type {} from './clean.ts';\n`,
  'src/providers/other/clean.ts': 'export {};\n',
  'src/cli/clean.ts': imports('../boss/repl/clean.ts', '../boss/main.ts', '../captp/clean.ts', 'commander'),
  'src/cli/main.ts': imports('../lockdown.ts', './clean.ts', '../hob/main.ts', 'node:process'),
};

let tree: string;

/** A tool of the repository, run in the planted tree, and what it printed. Both exit with other than 0 when they find something. */
const run = async (tool: string, ...args: string[]): Promise<unknown> => {
  const command = [join(repository, 'node_modules/.bin', tool), ...args, 'src'];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: tree, maxBuffer: 1e8 }).catch(
    (error: { stdout: string }) => error,
  );
  return JSON.parse(stdout);
};

interface DependencyCruise {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}
const findArrows = async (): Promise<string[]> => {
  const found = await run('depcruise', '--config', join(repository, 'arrows.config.mjs'), '--output-type', 'json');
  return (found as DependencyCruise).summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
};

interface LintedFile {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[];
}
const findAuthority = async (): Promise<string[]> => {
  const config = join(repository, 'authority.config.mjs');
  const found = await run('eslint', '--config', config, '--no-inline-config', '--format', 'json');
  return (found as LintedFile[]).flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId, message }) => `${relative(tree, filePath)}: ${ruleId ?? message}`),
  );
};

const plant = async ([path, source]: readonly [path: string, source: string, ...rest: unknown[]]) => {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), source);
};

let arrows: readonly string[];
let authority: readonly string[];

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'gobs-arrows-'));
  for (const name of ['node_modules', 'package.json']) await symlink(join(repository, name), join(tree, name));
  await Promise.all([...wrongArrows, ...wrongAuthority, ...Object.entries(clean)].map(plant));
  [arrows, authority] = await Promise.all([findArrows(), findAuthority()]);
});

afterAll(async () => {
  await rm(tree, { recursive: true });
});

describe('the check of the arrows', () => {
  test.each(wrongArrows)('finds the violation in %s: %j is against %s', (path, _source, rule) => {
    expect(arrows).toContain(`${path}: ${rule}`);
  });

  test('has no rule without a violation planted here', async () => {
    const config = (await import(join(repository, 'arrows.config.mjs'))) as {
      default: { forbidden: readonly { name: string }[] };
    };
    const planted = wrongArrows.map(([, , rule]) => rule);
    expect(config.default.forbidden.map(({ name }) => name).filter((name) => !planted.includes(name))).toEqual([]);
  });

  test('finds nothing in files that keep them', () => {
    expect(arrows.filter((found) => Object.keys(clean).some((path) => found.startsWith(path)))).toEqual([]);
  });
});

describe('the check of ambient authority', () => {
  test.each(wrongAuthority)('finds the violation in %s: %j is against %s', (path, _source, rule) => {
    expect(authority).toContain(`${path}: ${rule}`);
  });

  test('finds nothing in files that use what they may', () => {
    expect(authority.filter((found) => Object.keys(clean).some((path) => found.startsWith(path)))).toEqual([]);
  });
});
