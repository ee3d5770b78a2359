/** For tests of one connection: an sshd, a home of nobody, and connections that are closed after the test. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import net from 'node:net';
import ssh2 from 'ssh2';
import { afterEach } from 'vitest';
import { describeError } from '../../../src/errors/gobs-error.ts';
import type { ProviderOptions } from '../../../src/providers/contract.ts';
import type { Connection } from '../../../src/providers/ssh/connection.ts';
import { completeOptions, secretsOf } from '../../../src/providers/ssh/options.ts';
import { reach, type OnUnknownKey, type ReachPowers } from '../../../src/providers/ssh/reach.ts';
import { findRoute, type RoutePowers } from '../../../src/providers/ssh/route.ts';
import { makeShell } from '../../../src/providers/ssh/shell.ts';
import type { RemoteShell } from '../../../src/providers/ssh/remote-shell.ts';
import { startSshServer, type SshServer, type SshServerOptions } from '../../support/ssh-server.ts';

export const setTimer = (callback: () => void, milliseconds: number): (() => void) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};

/** `none` is what ssh takes for no configuration; the home has nothing. */
export const sshPowers = (
  home: string,
  environment: Readonly<Record<string, string>> = {},
): RoutePowers & ReachPowers => ({
  fs,
  net,
  ssh2,
  spawn,
  setTimer,
  parseKey: ssh2.utils.parseKey,
  environment: { HOME: home, PATH: process.env['PATH'], ...environment },
});

const started: SshServer[] = [];
const connected: Connection[] = [];

/** Called once by a test file, at its top. */
export const useSshScene = (): void => {
  afterEach(async () => {
    connected.splice(0).forEach((connection) => connection.close());
    await Promise.all(started.splice(0).map((server) => server.stop()));
  });
};

export const sshd = async (options?: SshServerOptions): Promise<SshServer> => {
  const server = await startSshServer(options);
  started.push(server);
  return server;
};

/** What is needed to get into a server of `sshd`, its key pinned. */
export const optionsFor = (server: SshServer): ProviderOptions => ({
  host: server.host,
  port: server.port,
  user: server.user,
  identity: server.identity,
  hostKey: server.fingerprint(),
  config: 'none',
});

export interface ConnectMore {
  readonly settings?: ProviderOptions;
  readonly powers?: Partial<RoutePowers & ReachPowers>;
  readonly onUnknownKey?: OnUnknownKey;
}

export const connect = async (
  options: ProviderOptions,
  { settings = {}, powers = {}, onUnknownKey }: ConnectMore = {},
) => {
  const all = { ...sshPowers('/nonexistent'), ...powers };
  const route = await findRoute(completeOptions(options, settings), secretsOf(settings), all);
  const connection = await reach(route, all, onUnknownKey);
  connected.push(connection);
  return connection;
};

export const shellOn = async (options: ProviderOptions, more?: ConnectMore): Promise<RemoteShell> =>
  makeShell(await connect(options, more), {
    sudo: options['sudo'] === true,
    setTimer: more?.powers?.setTimer ?? setTimer,
  });

export const failureOf = async (promise: Promise<unknown>) =>
  describeError(
    await promise.then(
      () => 'it did not fail',
      (error: unknown) => error,
    ),
  );
