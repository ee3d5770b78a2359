/**
 * A command that is run when it is due. See its definition for how that is seen.
 *
 * After it was run it must not be due any more, or it failed: else each round would run it again. What it says is shown nowhere, but the end of it when
 * it failed.
 */
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import { execDefinition, type ExecResource } from '../../protocol/resources/exec.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { CommandOptions } from '../commands.ts';
import { findUser, readAccounts, type User } from './accounts/account-files.ts';
import { act, ask, commandsOf } from './commanding.ts';
import type { Circumstances, Host, ResourceType } from './contract.ts';

/** Seconds. */
const DEADLINE = 300;
/** setpriv(1) and shells say with these that they could not run it: that is no answer. */
const NOT_RUN = [126, 127];
const CODES = Array.from({ length: 256 }, (_, code) => code).filter((code) => !NOT_RUN.includes(code));

const requireUser = async (thing: string, name: string, host: Host): Promise<User> => {
  const user = findUser(await readAccounts(host, 'passwd'), name);
  if (user !== undefined) return user;
  throw makeError('CANNOT_CHANGE', `${thing}: this host has no user ${name}`, { hint: 'make the user, and say after' });
};

interface Prepared {
  /** In front of the words of a command: who becomes another user. */
  readonly prefix: readonly string[];
  readonly options: CommandOptions;
}

const requireDirectory = async (thing: string, cwd: string, { files }: Host): Promise<void> => {
  const found = cwd === '/' ? undefined : await files.stat(cwd);
  if (cwd === '/' || found?.type === 'directory') return;
  throw makeError('CANNOT_CHANGE', `${thing}: ${cwd}: there is no such directory`, { hint: 'make it, and say after' });
};

const prepare = async (thing: string, resource: ExecResource, host: Host): Promise<Prepared> => {
  const { user: name, cwd = '/', environment = {}, deadline = DEADLINE } = resource;
  await requireDirectory(thing, cwd, host);
  const user = name === undefined ? undefined : await requireUser(thing, name, host);
  const own = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value)]));
  const ofUser = user === undefined ? {} : { HOME: user.home, USER: user.name, LOGNAME: user.name };
  return {
    prefix: user === undefined ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--'],
    options: { directory: cwd, environment: { ...ofUser, ...own }, deadline: deadline * 1_000 },
  };
};

/** What says that it is due; undefined if it is not. */
const dueOf = async (
  thing: string,
  resource: ExecResource,
  host: Host,
  { prefix, options }: Prepared,
): Promise<Change | undefined> => {
  const { creates, unless } = resource;
  if (creates !== undefined) {
    const found = await host.files.stat(creates);
    return found === undefined ? { what: 'creates', from: 'absent', to: creates } : undefined;
  }
  if (unless === undefined) return undefined;
  const { code } = await ask(host, `${thing}: unless`, [...prefix, ...unless], {
    ...options,
    codes: CODES,
    parsed: false,
  });
  return code === 0 ? undefined : { what: 'unless', from: `ended with ${code}`, to: 'ended with 0' };
};

const run = async (thing: string, resource: ExecResource, host: Host, prepared: Prepared): Promise<void> => {
  const { prefix, options } = prepared;
  await act(host, thing, [...prefix, ...resource.command], options);
  const due = await dueOf(thing, resource, host, prepared);
  if (due === undefined) return;
  const { what, from } = due;
  throw makeError('CANNOT_CHANGE', `${thing}: it ended without an error, and is due as before: ${what} ${from}`, {
    hint: `is ${what} about what the command does?`,
  });
};

export const execType: ResourceType = {
  definition: execDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean, { notified = false }: Circumstances = {}) => {
    const wanted = resource as ExecResource;
    const { id, command, creates, unless } = wanted;
    const thing = plainText(`${id}: ${command[0]}`, 200);
    commandsOf(host, thing);
    if (creates === undefined && unless === undefined && wanted['only-notified'] !== true) {
      throw makeError('CANNOT_LOOK', `${thing}: nothing says whether it is due, so it is not run`, {
        hint: 'give creates, unless or only-notified',
      });
    }
    const prepared = await prepare(thing, wanted, host);
    const due = await dueOf(thing, wanted, host, prepared);
    if (apply && (due !== undefined || notified)) await run(thing, wanted, host, prepared);
    return due === undefined ? [] : [due];
  },
};
harden(execType);
