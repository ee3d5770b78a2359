/** Is the map of the imports the one that is checked? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** By folder: what it may import, as the page has it. */
const arrowsOnPage = (): Record<string, string> => {
  const text = readFileSync(join(repository, 'docs/design.md'), 'utf8');
  const section = text.slice(text.indexOf('## Who may import whom'));
  const rows = [...section.matchAll(/^\| `([^`]+)` \|.*\| (.*) \|$/gm)];
  return Object.fromEntries(rows.map(([, folder = '', places = '']) => [folder, places.replaceAll('`', '')]));
};

/** The same, as `npm run arrows` says it when an import is against it. */
const arrowsChecked = async (): Promise<Record<string, string>> => {
  const config = (await import(join(repository, 'arrows.config.mjs'))) as {
    default: { forbidden: readonly { name: string; comment: string }[] };
  };
  const rules = config.default.forbidden.filter(({ name }) => name.startsWith('src/'));
  return Object.fromEntries(
    rules.map(({ name, comment }) => [
      name.replace('src/', ''),
      comment
        .slice(comment.indexOf(': ') + 2)
        .replaceAll('src/', '')
        .replace('nothing of ours', 'nothing'),
    ]),
  );
};

test('the map says of every folder what it may import', async () => {
  expect(arrowsOnPage()).toEqual(await arrowsChecked());
});
