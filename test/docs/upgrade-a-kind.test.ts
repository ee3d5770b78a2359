/** Is what the page on upgrades shows there, and does it work? */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as now from '../../examples/upgrade-a-kind/now.ts';
import * as then from '../../examples/upgrade-a-kind/then.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { startBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { openTestKernel, type TestKernel } from '../support/test-kernel.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${repository}${path}`, 'utf8');
const blocksOf = (language: string): string[] =>
  [...read('docs/how-to/upgrade-a-kind.md').matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block = '']) => block,
  );

describe('the page on upgrades', () => {
  const code = read('examples/upgrade-a-kind/then.ts') + read('examples/upgrade-a-kind/now.ts');

  test('shows code', () => {
    expect(blocksOf('ts').length).toBeGreaterThan(5);
  });

  test.each(blocksOf('ts'))('shows what the example has: %s', (block) => {
    expect(code).toContain(block);
  });
});

describe('the example', () => {
  let store: MemoryStore;
  const kernels: TestKernel[] = [];
  const open = (kinds: readonly { label: string }[]) => {
    const kernel = openTestKernel(store);
    kernels.push(kernel);
    const vat = kernel.openVat('test');
    for (const kind of kinds) vat.register(kind as never, {});
    return { kernel, vat };
  };

  beforeEach(() => {
    store = makeMemoryStore();
  });
  afterEach(async () => {
    for (const kernel of kernels.splice(0)) await kernel.stop();
  });

  interface Roots {
    readonly note: now.Remark;
    readonly printer: now.Printer;
    readonly camera: now.Camera;
    readonly banner: then.Banner;
  }

  const older = async () => {
    const { kernel, vat } = open([then.noteKind, then.deviceKind, then.bannerKind]);
    const roots = (await vat.makeOnce('all', ({ spawn }) => ({
      note: spawn(then.noteKind, { text: 'hello', tags: 'red blue' }),
      printer: spawn(then.deviceKind, { title: 'p1', prints: true }),
      camera: spawn(then.deviceKind, { title: 'c1', prints: false }),
      banner: spawn(then.bannerKind, { words: 'welcome' }),
    }))) as unknown as Record<string, then.Note & then.Device & then.Banner>;
    expect(await E(roots['note']!).text()).toBe('hello');
    expect(await E(roots['camera']!).title()).toBe('c1');
    expect(await E(roots['banner']!).wave()).toBe('welcome');
    const names = Object.values(roots).map((root) => kernel.nameOf(root));
    await kernel.stop();
    return names;
  };
  const newer = async () => {
    const { kernel, vat } = open(Object.values(now));
    const roots = (await vat.makeOnce('all', () => expect.unreachable())) as unknown as Roots;
    return { kernel, ...roots };
  };

  test('goes on with what the older kinds wrote, under the names that it had', async () => {
    const names = await older();
    const { kernel, note, printer, camera, banner } = await newer();
    expect([note, printer, camera, banner].map((root) => kernel.nameOf(root))).toEqual(names);
    expect(await E(note).text()).toBe('hello');
    expect([await E(note).hasTag('blue'), await E(note).hasTag('green')]).toEqual([true, false]);
    expect(await E(E(note).author()).title()).toBe('unknown');
    expect([await E(printer).print(), await E(camera).look()]).toEqual(['p1 prints', 'c1 looks']);
    expect([await E(printer).title(), await E(camera).title()]).toEqual(['p1', 'c1']);
    await expect(E(camera as unknown as now.Printer).print()).rejects.toThrow(/^NO_SUCH_METHOD/);
    await expect(E(banner).wave()).rejects.toThrow(/^KIND_RETIRED/);
  });

  test('can be upgraded all at once', async () => {
    await older();
    const { kernel } = await newer();
    const walked = [];
    for await (const row of kernel.upgradeAll()) walked.push(row);
    expect(walked).toMatchObject([
      { outcome: 'retired', from: { kind: 'banner', version: 1 } },
      { outcome: 'upgraded', from: { kind: 'device', version: 1 }, to: { kind: 'printer', version: 1 }, spawned: {} },
      { outcome: 'upgraded', from: { kind: 'device', version: 1 }, to: { kind: 'camera', version: 1 }, spawned: {} },
      {
        outcome: 'upgraded',
        from: { kind: 'note', version: 1 },
        to: { kind: 'remark', version: 3 },
        spawned: { author: 1, map: 1 },
      },
    ]);
    const again = [];
    for await (const row of kernel.upgradeAll()) again.push(row.outcome);
    expect(again).toEqual(['retired']);
  });
});

describe('the commands of the page', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await makeSandbox();
  });
  afterEach(() => sandbox.end());

  test('do what they say on the store of a boss', { timeout: 60_000 }, async () => {
    const state = sandbox.at('state');
    const boss = await startBoss(sandbox, { state });
    const script = `gobs() { ${repository}bin/gobs "$@"; }; set -e\n${blocksOf('sh').join('')}`;
    const { code, stderr } = await sandbox.run('bash', ['-c', script], { env: { GOBS_STATE: state } });
    expect(stderr).toMatch(
      /the boss in .* has ended[^]*there is nothing to upgrade\n[^]*there was nothing to upgrade\n/,
    );
    expect(code).toBe(0);
    await boss.process.ended;
  });
});
