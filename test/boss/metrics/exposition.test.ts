import { expect, test } from 'vitest';
import { bossMetrics, exposition } from '../../../src/boss/metrics/exposition.ts';
import { lifecycleStates, noDrift } from '../../../src/protocol/shapes.ts';

const counts = {
  machines: Object.fromEntries(lifecycleStates.map((state) => [state, state === 'ready' ? 6_000 : 0])) as never,
  online: 5_999,
  held: 1,
  resources: { ...noDrift, ok: 3 },
  looked: 2,
};
const usage = { residentBytes: 1_000_000, cpuSeconds: 1.5, startTime: 1_700_000_000 };

test('is what Prometheus reads', () => {
  const text = exposition(bossMetrics(counts, usage, { version: '1.2.3', sessions: 7 }));
  expect(text).toContain(
    '# HELP gobs_machines Machines by state.\n# TYPE gobs_machines gauge\ngobs_machines{state="requested"} 0\n',
  );
  expect(text).toContain('\ngobs_machines{state="ready"} 6000\n');
  expect(text).toContain('\ngobs_machines_online 5999\n');
  expect(text).toContain('\ngobs_boss_info{version="1.2.3"} 1\n');
  expect(text).toContain('\n# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1.5\n');
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"\n]*"\})? -?[0-9.e+]+)$/);
  }
  expect(text.endsWith('\n')).toBe(true);
});

test('of a fleet of any size has the same lines', () => {
  const lines = (machines: number) =>
    exposition(bossMetrics({ ...counts, online: machines }, usage, { version: '1', sessions: machines })).split('\n')
      .length;
  expect(lines(6_000)).toBe(lines(0));
});

test('lets no text out of its quotes', () => {
  const labels = { version: 'a"} 1\nevil{x="\\' };
  const text = exposition([{ metric: 'm', type: 'gauge', help: 'a\nb\\', samples: [{ labels, value: 1 }] }]);
  expect(text).toBe('# HELP m a\\nb\\\\\n# TYPE m gauge\nm{version="a\\"} 1\\nevil{x=\\"\\\\"} 1\n');
});
