/** A fresh clone of this repository at its last commit, where nothing is installed, and npm and a terminal to use it. */
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Environment, Running, Sandbox } from './sandbox.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** Not ours: where npm has its packages from, and how it gets there. */
const kept = harden([
  ...['npm_config_cache', 'npm_config_userconfig', 'npm_config_globalconfig', 'npm_config_registry'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
  ...['http_proxy', 'https_proxy', 'no_proxy'],
]);

/** As of a user whose home is empty, on a machine that has some Node and npm, but not ours. */
const freshEnvironment = (): Environment => {
  const isOurs = (directory: string) => /node_modules\/\.bin|node-gyp-bin/.test(directory);
  return {
    PATH: (process.env.PATH ?? '')
      .split(':')
      .filter((directory) => !isOurs(directory))
      .join(':'),
    npm_config_cache: join(homedir(), '.npm'),
    npm_config_userconfig: join(homedir(), '.npmrc'),
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    ...Object.fromEntries(kept.filter((name) => process.env[name]).map((name) => [name, process.env[name]])),
  };
};

export interface Checkout {
  readonly path: string;
  /** `npm start` with nobody at a terminal: what is typed goes through a pipe. */
  npmStart(): Running;
  /** `npm start` on a terminal; what is shown there is its stdout. */
  npmStartOnTerminal(): Running;
}

/** `script` of util-linux gives a command a terminal. */
export const hasTerminals = (): boolean => spawnSync('script', ['--version']).status === 0;

/** Rejects with what git says. */
export const cloneRepository = async (sandbox: Sandbox): Promise<Checkout> => {
  const path = sandbox.at('clone');
  // The checkout may belong to somebody else than who runs the tests.
  const config = await sandbox.write('gitconfig', '[safe]\n  directory = *\n');
  const env = { GIT_CONFIG_GLOBAL: config };
  const { code, stderr } = await sandbox.run('git', ['clone', '--quiet', '--no-local', repository, path], { env });
  if (code !== 0) throw Error(`git clone: ${stderr}`);
  const fresh = { cwd: path, env: freshEnvironment() };
  return {
    path,
    npmStart: () => sandbox.start('npm', ['start'], fresh),
    npmStartOnTerminal: () =>
      sandbox.start('script', ['--quiet', '--return', '--flush', '--command', 'npm start', '/dev/null'], {
        ...fresh,
        env: { ...fresh.env, TERM: 'xterm', COLUMNS: '200' },
      }),
  };
};
