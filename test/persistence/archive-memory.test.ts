/** A store that does not fit into memory is verified and backed up all the same. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';

const child = fileURLToPath(new URL('archive-in-child.ts', import.meta.url));
const rows = 300_000;
/** MiB of heap: a locked-down process that loads these modules needs about half of it. */
const heap = 48;

test('300,000 rows are verified, and backed up, in a heap of which they would need a multiple', async () => {
  const temporary = await makeTemporaryDirectory();
  try {
    const file = join(temporary.path, 'a.backup');
    const words = [`--max-old-space-size=${heap}`, child, file, String(rows)];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    expect(statSync(file).size).toBeGreaterThan(2 * heap * 1024 * 1024);
    const { direct, copied } = JSON.parse(stdout) as { direct: object; copied: object };
    expect(direct).toMatchObject({
      store: 'generated',
      rows: rows + 5,
      references: rows / 2 + 1,
      findings: [{ code: 'DANGLING_REFERENCE', key: 'v/test/m/1/1000004' }],
      more: 0,
    });
    expect(copied).toEqual(direct);
  } finally {
    await temporary.remove();
  }
}, 300_000);
