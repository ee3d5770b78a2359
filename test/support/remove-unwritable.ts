/**
 * Run as `node remove-unwritable.ts <directory>` by a user who is not root: makes a machine's directory that its owner may not write,
 * removes it, and prints what was left.
 */
import '../../src/lockdown.ts';
import * as fs from 'node:fs/promises';
import process from 'node:process';
import { makeDirectories } from '../../src/providers/local/directories.ts';

const base = process.argv[2]!;
const directories = makeDirectories(fs);
await directories.make(base, 'm1', 'locator');
for (const [path, mode] of [
  ['readable', 0o500],
  ['closed', 0o000],
] as const) {
  await fs.mkdir(`${base}/m1/root/${path}/inner`, { recursive: true });
  await fs.writeFile(`${base}/m1/root/${path}/inner/file`, '', { mode: 0o400 });
  await fs.chmod(`${base}/m1/root/${path}/inner`, mode);
  await fs.chmod(`${base}/m1/root/${path}`, mode);
}
await fs.chmod(`${base}/m1/root`, 0o500);
const removableAtOnce = await fs.rmdir(`${base}/m1/root/readable/inner`).then(
  () => true,
  (error: { code: string }) => error.code !== 'EACCES',
);
await directories.retire(base, 'm1');
await directories.sweep(base, 'm1');
console.log(JSON.stringify({ removableAtOnce, left: await fs.readdir(base) }));
