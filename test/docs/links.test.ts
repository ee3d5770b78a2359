/** Do the pages of the repository point at things that are there? */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const pagesBelow = (folder: string): string[] =>
  readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path));

const pages = ['README.md', 'CHANGELOG.md', ...pagesBelow('docs'), ...pagesBelow('examples')];

/** Links in text, not in examples of code; without what is elsewhere, and without the place within a page. */
const linksOf = (page: string): string[] => {
  const text = readFileSync(join(repository, page), 'utf8').replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
};

const broken = (page: string): string[] =>
  linksOf(page).filter((target) => !existsSync(join(repository, dirname(page), target)));

describe('the pages', () => {
  test.each(pages)('point at things that are there: %s', (page) => {
    expect(broken(page)).toEqual([]);
  });

  test('are linked from the README, or from a page that it leads to', () => {
    const seen = new Set<string>();
    const visit = (page: string) => {
      if (seen.has(page) || !page.endsWith('.md') || !existsSync(join(repository, page))) return;
      seen.add(page);
      linksOf(page).forEach((target) => visit(join(dirname(page), target)));
    };
    visit('README.md');
    expect(pages.filter((page) => !seen.has(page))).toEqual([]);
  });
});

describe('names of files in text', () => {
  const named = (file: string, pattern: RegExp): string[] =>
    [...readFileSync(join(repository, file), 'utf8').matchAll(pattern)].map(([name]) => name);
  const missing = (names: readonly string[]): string[] => names.filter((name) => !existsSync(join(repository, name)));

  test.each(pages)('are those of files that are there: %s', (page) => {
    expect(missing(named(page, /\b(?:src|test|scripts)\/[\w/.-]+\.(?:ts|mjs)\b/g))).toEqual([]);
  });

  test.each(['src', 'test', 'scripts'])('are those of pages that are there: in %s', (folder) => {
    const files = readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' });
    const code = files.filter((file) => /\.(?:ts|mjs)$/.test(file)).map((file) => join(folder, file));
    expect(code.flatMap((file) => missing(named(file, /\bdocs\/[\w/-]+\.md\b/g)))).toEqual([]);
  });
});

describe('the decisions', () => {
  const files = readdirSync(join(repository, 'docs/decisions')).filter((file) => file !== 'README.md');

  test('are all listed, by their number', () => {
    const listed = linksOf('docs/decisions/README.md');
    expect(listed).toEqual(files.toSorted());
  });

  test('are named by a number of their own', () => {
    const numbers = files.map((file) => file.slice(0, 4));
    expect(files.filter((file) => !/^[0-9]{4}-[a-z0-9-]+\.md$/.test(file))).toEqual([]);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
