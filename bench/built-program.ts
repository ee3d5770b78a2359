/**
 * The program as its users run it: compiled to JavaScript, as `npm run build` does. What a start of it is compared with is compiled with it, so that both
 * begin alike.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Plan } from './report.ts';

const checkout = fileURLToPath(new URL('..', import.meta.url));

export interface BuiltProgram {
  /** Entry points. */
  readonly gobs: string;
  readonly bareStart: string;
}

/** Half a minute. */
export const buildProgram = async ({ directory, progress }: Plan): Promise<BuiltProgram> => {
  progress('building');
  const built = join(directory, 'built');
  mkdirSync(built);
  copyFileSync(join(checkout, 'package.json'), join(built, 'package.json'));
  symlinkSync(join(checkout, 'node_modules'), join(built, 'node_modules'));
  const settings = {
    extends: join(checkout, 'tsconfig.build.json'),
    compilerOptions: { rootDir: checkout, outDir: built },
    include: [join(checkout, 'src'), join(checkout, 'bench/bare-start.ts')],
  };
  writeFileSync(join(built, 'tsconfig.json'), JSON.stringify(settings));
  await promisify(execFile)(join(checkout, 'node_modules/.bin/tsc'), ['--project', built]);
  return { gobs: join(built, 'src/cli/main.js'), bareStart: join(built, 'bench/bare-start.js') };
};
