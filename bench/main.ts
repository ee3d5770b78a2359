/**
 * `npm run bench [-- --quick] [-- --markdown] [-- --only turns,calls,restart,size,hobs] [-- --directory DIR]`: measures, prints ratios, and
 * judges nothing. How to read them: docs/reference/performance.md, whose table is what `--markdown` prints.
 *
 * What is measured runs in processes of its own (`*-child.ts`), under production lockdown; this one only asks and counts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { measureCalls } from './calls.ts';
import { measureHobs } from './hobs.ts';
import { circumstances, markdownTable, textTable, type Finding, type Section } from './report.ts';
import { measureRestart } from './restart.ts';
import { endChildren } from './start-child.ts';
import { measureSize } from './size.ts';
import { measureTurns } from './turns.ts';

const sections: Readonly<Record<string, Section>> = {
  turns: measureTurns,
  calls: measureCalls,
  restart: measureRestart,
  size: measureSize,
  hobs: measureHobs,
};

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(sections).join(',') },
    directory: { type: 'string', default: os.tmpdir() },
  },
});

const chosen = options.only.split(',').map((name) => {
  const section = sections[name];
  if (section === undefined) throw Error(`--only ${name}: there are ${Object.keys(sections).join(', ')}`);
  return section;
});

/** So that other work of the machine waits for what is measured, and not the other way round. Children inherit it. */
const takePrecedence = (): void => {
  try {
    os.setPriority(os.constants.priority.PRIORITY_HIGHEST);
  } catch {
    progress('not permitted to take precedence over other work of this machine');
  }
};

const progress = (what: string): void => void process.stderr.write(`bench: ${what}\n`);

const directory = mkdtempSync(join(options.directory, 'gobs-bench-'));
const cleanUp = async (): Promise<void> => {
  await endChildren();
  rmSync(directory, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().then(() => process.exit(1)));
}

takePrecedence();
try {
  const before = circumstances();
  const findings: Finding[] = [];
  for (const section of chosen) {
    try {
      findings.push(...(await section({ quick: options.quick, directory, progress })));
    } catch (error) {
      // What the others found is worth having.
      progress(`failed: ${String((error as Error).message)}`);
      process.exitCode = 1;
      await endChildren();
    }
  }
  const { format, end } = options.markdown ? { format: markdownTable, end: '\n' } : { format: textTable, end: '' };
  process.stdout.write(`${before}\n${end}${format(findings)}\n`);
} finally {
  await cleanUp();
}
