/**
 * The text that Prometheus reads (exposition format 0.0.4). What is counted has few labels, whose values are our own words: nothing here grows with the fleet,
 * and no host, provider or admin writes into it. Pure.
 */
import type { FleetCounts } from './fleet-tally.ts';

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  readonly metric: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

const labelsText = (labels: Readonly<Record<string, string>> = {}): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const metricText = ({ metric, type, help, samples }: Metric): string =>
  [
    `# HELP ${metric} ${escapeHelp(help)}`,
    `# TYPE ${metric} ${type}`,
    ...samples.map(({ labels, value }) => `${metric}${labelsText(labels)} ${value}`),
  ].join('\n');

export const exposition = (metrics: readonly Metric[]): string => `${metrics.map(metricText).join('\n')}\n`;
harden(exposition);

/** Of this process. */
export interface Usage {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  /** Seconds since 1970. */
  readonly startTime: number;
}

const byState = (counts: Readonly<Record<string, number>>): readonly Sample[] =>
  Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));

const gauge = (metric: string, help: string, samples: readonly Sample[]): Metric => ({
  metric,
  type: 'gauge',
  help,
  samples,
});

export const bossMetrics = (
  { machines, online, held, resources, looked }: FleetCounts,
  { residentBytes, cpuSeconds, startTime }: Usage,
  { version, sessions }: { readonly version: string; readonly sessions: number },
): readonly Metric[] => [
  gauge('gobs_boss_info', 'Which gobs the boss is of.', [{ labels: { version }, value: 1 }]),
  gauge('gobs_machines', 'Machines by state.', byState(machines)),
  gauge('gobs_machines_online', 'Machines whose hobs are connected.', [{ value: online }]),
  gauge('gobs_machines_held', 'Machines that nobody has confirmed since the boss was restored.', [{ value: held }]),
  gauge('gobs_resources', 'Resources by state, of the last report of each machine.', byState(resources)),
  gauge('gobs_sessions', 'Peers with a key of their own that are connected.', [{ value: sessions }]),
  gauge('gobs_scrape_machines_looked_at', 'Machines that changed since the last scrape.', [{ value: looked }]),
  gauge('process_resident_memory_bytes', 'Resident memory.', [{ value: residentBytes }]),
  {
    metric: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time, user and system.',
    samples: [{ value: cpuSeconds }],
  },
  gauge('process_start_time_seconds', 'When the process started, seconds since 1970.', [{ value: startTime }]),
];
harden(bossMetrics);
