/**
 * Makes the hob one file, `dist/hob/gobs-hob.mjs`, that needs nothing beside it but a Node: what is put on a host. `npm run build` makes it, and so does
 * scripts/set-up.mjs before `npm start`. Plain JavaScript for any Node that rolldown runs on.
 *
 * Modules keep the order in which they would run unbundled: lockdown is first. What is not JavaScript, the native part of LevelDB, is carried for
 * each kind of host; src/hob/native-addon.ts puts it where Node can load it. The licences of what is in the bundle lie beside it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(repository, 'dist/hob/gobs-hob.mjs');

/** What classic-level ships, for each kind of host that a hob can be put on. */
const addons = {
  'x64-glibc': 'linux-x64/classic-level.node',
  'x64-musl': 'linux-x64/classic-level.musl.node',
  'arm64-glibc': 'linux-arm64/classic-level.armv8.node',
};

const ADDON = 'gobs:addon';

const carried = () =>
  Object.entries(addons).map(([host, path]) => {
    const content = readFileSync(join(repository, 'node_modules/classic-level/prebuilds', path));
    const sha256 = createHash('sha256').update(content).digest('hex');
    return `{ host: '${host}', sha256: '${sha256}', packed: () => '${deflateSync(content).toString('base64')}' }`;
  });

const addonModule = () => `
import fs from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { unpackAddon } from ${JSON.stringify(join(repository, 'src/hob/native-addon.ts'))};
const libc = () => (process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc');
export const loadAddon = () => {
  const path = fileURLToPath(new URL('level.node', import.meta.url));
  unpackAddon(path, [${carried().join(',\n')}], { fs, architecture: process.arch, libc, pid: process.pid });
  return createRequire(import.meta.url)(path);
};
`;

/** In the place of what would look for the native part in node_modules. */
const carryAddon = {
  name: 'carry-addon',
  resolveId: (id) => (id === ADDON ? ADDON : null),
  load: (id) => {
    if (id === ADDON) return { code: addonModule(), moduleType: 'js' };
    if (!id.endsWith('/classic-level/binding.js')) return null;
    return `module.exports = require('${ADDON}').loadAddon()`;
  },
};

const packageOf = (id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];

const licenceOf = (place) => {
  const { name, version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  const read = (file) => {
    try {
      return readFileSync(join(place, file), 'utf8').trim();
    } catch {
      return undefined;
    }
  };
  const text = ['LICENSE', 'LICENSE.md', 'license', 'LICENCE'].map(read).find((found) => found !== undefined);
  return `${name} ${version} (${license})\n\n${text ?? ''}\n`;
};

/** Whoever looks meanwhile sees the old one or the new one. */
const replace = (path, text) => {
  const part = `${path}.${process.pid}.part`;
  try {
    writeFileSync(part, text);
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
};

/** Whoever has the file can tell which it is without running it. */
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));

const bundle = await rolldown({
  input: join(repository, 'src/hob/main.ts'),
  cwd: repository,
  platform: 'node',
  plugins: [carryAddon],
  tsconfig: false,
});
const { output } = await bundle.generate({
  banner: `// gobs hob ${version}`,
  format: 'esm',
  codeSplitting: false,
  strictExecutionOrder: true,
});
await bundle.close();
const [{ code, moduleIds }] = output;
const packages = [...new Set(moduleIds.map(packageOf).filter((place) => place !== undefined))].sort();
mkdirSync(dirname(target), { recursive: true });
replace(target.replace(/mjs$/, 'licences.txt'), packages.map(licenceOf).join(`\n${'-'.repeat(80)}\n\n`));
replace(target, code);
