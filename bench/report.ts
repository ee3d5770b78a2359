/** What was found, as a table for a terminal or for docs/reference/performance.md. */
import os from 'node:os';
import process from 'node:process';
import { costOf, rateOf, ratiosOf, spreadOf, type Spread } from './rounds.ts';
import type { Slice } from './load.ts';

export interface Finding {
  readonly what: string;
  /** Of gobs, with its unit. */
  readonly gobs: string;
  /** What it is compared with, and that one's figure. */
  readonly against: string;
  readonly ratio: Spread | undefined;
  /** `≥ 0.8` */
  readonly target: string;
  /** Processor time of one, both ends: of gobs, and of the other. */
  readonly cpu: string;
}

export interface Plan {
  readonly quick: boolean;
  /** For files; on the disk that is to be measured. */
  readonly directory: string;
  readonly progress: (what: string) => void;
}

/** Measures one kind of thing. */
export type Section = (plan: Plan) => Promise<readonly Finding[]>;

export const shown = (value: number): string =>
  value.toLocaleString('en', { maximumSignificantDigits: value < 1e6 ? 3 : 2 });

const median = (slices: readonly Slice[], of: (slice: Slice) => number): string =>
  shown(spreadOf(slices.map(of)).median);

export interface Comparison {
  readonly what: string;
  readonly gobs: readonly Slice[];
  readonly other: string;
  readonly others: readonly Slice[];
  readonly target?: string;
}

export const compare = ({ what, gobs, other, others, target = '' }: Comparison): Finding => ({
  what,
  gobs: `${median(gobs, rateOf)}/s`,
  against: `${other}: ${median(others, rateOf)}/s`,
  ratio: ratiosOf(gobs, others),
  target,
  cpu: `${median(gobs, costOf)} : ${median(others, costOf)} µs`,
});

const twoDigits = (value: number): string => (value < 0.095 ? value.toFixed(3) : value.toFixed(2));

const heads = ['what', 'gobs', 'against', 'ratio', 'middle half', 'target', 'processor time each'] as const;
const cells = ({ what, gobs, against, ratio, target, cpu }: Finding): readonly string[] => [
  what,
  gobs,
  against,
  ratio === undefined ? '' : twoDigits(ratio.median),
  ratio === undefined ? '' : `${twoDigits(ratio.from)}–${twoDigits(ratio.to)}`,
  target,
  cpu,
];

export const markdownTable = (findings: readonly Finding[]): string => {
  const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...findings.map((one) => line(cells(one)))].join('\n');
};

export const textTable = (findings: readonly Finding[]): string => {
  const rows = [heads, ...findings.map(cells)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')).join('\n');
};

/** When and where: no figure means anything without. */
export const circumstances = (): string => {
  const [cpu] = os.cpus();
  const load = os
    .loadavg()
    .slice(0, 2)
    .map((value) => value.toFixed(1));
  return [
    new Date().toISOString().slice(0, 10),
    `${os.cpus().length} × ${cpu?.model.trim()}`,
    `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    `${os.type()} ${os.release()}`,
    `Node ${process.versions.node}`,
    `load ${load.join(', ')} (1 and 5 minutes)`,
  ].join('; ');
};
