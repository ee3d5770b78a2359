/** The hob as one file, as it is now: for whoever puts it somewhere. */
import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Makes it anew. The result is its path; whoever reads it meanwhile has the old one or the new one. */
export const bundleHob = async (): Promise<string> => {
  await promisify(execFile)(process.execPath, [inRepository('scripts/bundle-hob.mjs')]);
  return inRepository('dist/hob/gobs-hob.mjs');
};
