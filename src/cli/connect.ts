/**
 * From a request's place to a reference, and back to nothing: every command opens one client, talks, and closes it, whatever
 * happens. What a locator names may be a boss or, where somebody was given only that, one machine.
 */
import { E } from '@endo/far';
import { codeOf, makeError } from '../errors/gobs-error.ts';
import type { Boss, MachineObserver } from '../protocol/remotes.ts';
import { findLocator, notRunning, type FoundLocator } from './find-boss.ts';
import type { Output } from './output.ts';
import type { Client, CliPowers } from './powers.ts';
import type { BossPlace } from './request.ts';

export interface Connection {
  readonly client: Client;
  /** Exactly one of the two is there. */
  readonly boss?: Boss;
  /** A machine's facet: which one is known by its methods. */
  readonly machine?: MachineObserver;
  readonly methods: ReadonlySet<string>;
  /** For messages. */
  readonly where: string;
}

const enliven = async (client: Client, { locator, where, kept }: FoundLocator): Promise<object> => {
  try {
    return await client.enliven(locator);
  } catch (error) {
    // What the boss keeps for its own clients outlives it: nobody there, or somebody who does not know it, is no boss.
    if (!kept || codeOf(error) !== 'PEER_UNREACHABLE') throw error;
    throw notRunning(where, 'start it with gobs up, or gobs boss', error);
  }
};

interface HasMethods {
  __getMethodNames__(): readonly string[];
}

const open = async (at: BossPlace, powers: CliPowers, output: Output): Promise<Connection> => {
  const found = await findLocator(at, powers);
  if (found.warning !== undefined) output.note(`gobs: ${found.warning}`);
  const client = await powers.openClient();
  try {
    const target = await enliven(client, found);
    if (found.kept) return { client, boss: target as Boss, methods: new Set(), where: found.where };
    const methods = new Set(await E(target as HasMethods).__getMethodNames__());
    const connection = { client, methods, where: found.where };
    if (methods.has('createMachine')) return { ...connection, boss: target as Boss };
    return { ...connection, machine: target as MachineObserver };
  } catch (error) {
    await client.close();
    throw error;
  }
};

/** Opens, lets `work` talk, and closes. Rejects with what finding, dialling or `work` rejected with. */
export const withConnection = async <Result>(
  at: BossPlace,
  powers: CliPowers,
  output: Output,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> => {
  const connection = await open(at, powers, output);
  try {
    return await work(connection);
  } finally {
    await connection.client.close();
  }
};
harden(withConnection);

/** For commands that only a boss can serve. Rejects with BAD_USAGE if the locator names something less. */
export const withBoss = async <Result>(
  at: BossPlace,
  powers: CliPowers,
  output: Output,
  work: (boss: Boss, connection: Connection) => Promise<Result>,
): Promise<Result> =>
  withConnection(at, powers, output, async (connection) => {
    if (connection.boss !== undefined) return work(connection.boss, connection);
    throw makeError('BAD_USAGE', `what is ${connection.where} is not a boss`, {
      hint: 'it is one machine: gobs machine show, gobs drift and gobs repl take it',
    });
  });
harden(withBoss);
