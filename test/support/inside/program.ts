/** converge-inside.ts and all that it imports as one file, made once for each test process. */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { command } from '../hosts/commands.ts';

let made: Promise<string> | undefined;

export const convergeProgram = (): Promise<string> =>
  (made ??= command(process.execPath, fileURLToPath(new URL('bundle.mjs', import.meta.url))));
