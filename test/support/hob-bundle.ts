/** Makes the hob that is put on hosts from the sources as they are now, as `npm run build` does. */
import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const makeHobBundle = async (): Promise<void> => {
  const script = fileURLToPath(new URL('../../scripts/bundle-hob.mjs', import.meta.url));
  await promisify(execFile)(process.execPath, [script]);
};
