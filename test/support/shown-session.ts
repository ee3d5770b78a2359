/**
 * Runs what a page shows, and tells whether it shows what comes of it. Two kinds of block are understood:
 *
 *   ```gobs        the REPL on a terminal, from what `gobs up` says on; what is typed stands behind `gobs> `
 *   ```console     a shell; commands stand behind `$ `, their further lines behind `> `
 *
 * `…` in a page stands for any text: for what differs from one run to the next. The reader's home is /home/ada. A dumb terminal is
 * a real one (by `script`), on which the cursor is never moved, so that what appears on it is text.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from './e2e/sandbox.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What was typed, and what was shown after it. The first part of a REPL has nothing that was typed. */
export interface Exchange {
  readonly typed: string;
  readonly shown: string;
}

const PROMPT = 'gobs> ';
const READER_HOME = '/home/ada';

/** The texts of a page's blocks of one kind. */
const blocksOf = (page: string, language: string): string[] => {
  const text = readFileSync(join(repository, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);
};

const exchangesOf = (text: string, prompt: string, more: string): Exchange[] => {
  const exchanges: { typed: string; lines: string[] }[] = [{ typed: '', lines: [] }];
  for (const line of text.split('\n')) {
    const last = exchanges.at(-1)!;
    if (line.startsWith(prompt)) exchanges.push({ typed: line.slice(prompt.length), lines: [] });
    else if (last.lines.length === 0 && line.startsWith(more)) last.typed += `\n${line.slice(more.length)}`;
    else last.lines.push(line);
  }
  return exchanges.map(({ typed, lines }) => ({ typed, shown: lines.join('\n').trimEnd() }));
};

/** The one session with the REPL that a page shows. */
export const replShownIn = (page: string): Exchange[] => exchangesOf(blocksOf(page, 'gobs').join(''), PROMPT, '\0');

/** All commands of a page, as of one shell. */
export const shellShownIn = (page: string): Exchange[] =>
  exchangesOf(blocksOf(page, 'console').join(''), '$ ', '> ').filter(({ typed }) => typed !== '');

const seenFrom = (home: string, text: string): string =>
  text.replace(/\r+\n/g, '\n').replaceAll(home, READER_HOME).trimEnd();

/** Types one thing after the other at `gobs up`, each when the prompt is there. The last must end it. */
export const runRepl = async (typed: readonly string[], sandbox: Sandbox): Promise<Exchange[]> => {
  const command = 'stty cols 200 rows 50; exec bin/gobs up';
  const terminal = sandbox.start('script', ['-qec', command, '/dev/null'], { cwd: repository, env: { TERM: 'dumb' } });
  for (const [index, statement] of typed.entries()) {
    await terminal.stdout.said(new RegExp(`^(?:[^]*?\n${PROMPT}){${index + 1}}$`));
    terminal.type(`${statement}\n`);
  }
  await terminal.ended;
  const [first = '', ...answers] = terminal.stdout.text.split(`\n${PROMPT}`);
  // The terminal has shown what was typed, too.
  const answerTo = (statement: string, text: string) => text.slice(statement.length).replace(/^\s*?\n/, '');
  return [
    { typed: '', shown: seenFrom(sandbox.home, first) },
    ...typed.map((statement, index) => ({
      typed: statement,
      shown: seenFrom(sandbox.home, answerTo(statement, answers[index] ?? '')),
    })),
  ];
};

const MARK = '-------- next';

/** Runs the commands in one shell, whatever comes of each. */
export const runShell = async (typed: readonly string[], sandbox: Sandbox): Promise<Exchange[]> => {
  const script = [
    'exec 2>&1',
    // `$?` is still that of the command before.
    `mark() { local status=$?; printf '\\n${MARK}\\n'; return $status; }`,
    ...typed.flatMap((command) => ['mark', command]),
  ];
  const { stdout } = await sandbox.run('bash', ['-c', script.join('\n')], { cwd: repository });
  const parts = stdout.split(`\n${MARK}\n`).slice(1);
  return typed.map((command, index) => ({
    typed: command,
    shown: seenFrom(sandbox.home, parts[index] ?? '(not run)'),
  }));
};

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Columns are as wide as what stands in them, and what is now may be some seconds ago on a busy host. */
const patternOf = (shown: string): RegExp => {
  const parts = shown.split('…').map((part) =>
    escape(part)
      .replace(/\bnow\b/g, '(?:now|\\d+ s ago)')
      .replace(/ +/g, ' +'),
  );
  return new RegExp(`^${parts.join('[^]*?')}$`);
};

/** What was said; where that is what the page shows, in the page's words, so that the two can be compared. */
export const asOnPage = (page: readonly Exchange[], said: readonly Exchange[]): Exchange[] =>
  said.map((exchange, index) => {
    const there = page[index];
    return there !== undefined && patternOf(there.shown).test(exchange.shown) ? there : exchange;
  });
