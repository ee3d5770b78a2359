/** The real boss, in production's lockdown, with a listener for metrics. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { launchBoss, startBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';

vi.setConfig({ testTimeout: 120_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

test('counts machines and says that the boss is well, at a port of the loopback interface', async () => {
  const boss = await startBoss(sandbox, { words: ['--metrics', '0'] });
  const { metrics } = JSON.parse(boss.process.stdout.text) as { metrics: string };
  expect(metrics).toMatch(/^127\.0\.0\.1:\d+$/);
  const page = async (path: string) => (await fetch(`http://${metrics}${path}`)).text();
  expect(await page('/healthz')).toBe('ok\n');
  expect(await page('/metrics')).toContain('\ngobs_machines{state="ready"} 0\n');
  expect(await boss.gobs('machine', 'create', 'web1', '--provider', 'local')).toMatchObject({ code: 0 });
  const text = await page('/metrics');
  expect(text).toContain('\ngobs_machines{state="ready"} 1\n');
  expect(text).toContain('\ngobs_machines_online 1\n');
  expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
  expect(text).not.toContain('web1');
  // Whoever scrapes leaves no trace.
  const records = async () => {
    const { stdout } = await boss.gobs('trace', '--limit', '300', '--json');
    return (JSON.parse(stdout) as { from: string }[]).filter(({ from }) => from === 'host').length;
  };
  const before = await records();
  for (const path of ['/metrics', '/healthz', '/metrics']) await page(path);
  expect(await records()).toBe(before);
  expect(await boss.stop()).toBe(0);
});

test('is not there unless it is asked for, and a boss that cannot listen says so', async () => {
  const boss = await startBoss(sandbox);
  expect(JSON.parse(boss.process.stdout.text)).not.toHaveProperty('metrics');
  const [, port] = boss.listen.split(':');
  const other = launchBoss(sandbox, { state: sandbox.at('other'), words: ['--metrics', String(port)] });
  expect((await other.ended).code).toBe(1);
  expect(other.stderr.text).toContain('ADDRESS_UNUSABLE: metrics: 127.0.0.1:');
});
