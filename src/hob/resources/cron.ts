/**
 * A job of cron, in a file of its own. See its definition for what a document may say.
 *
 * The file is a `file` resource with the mode and owner that cron wants; what differs in it is told as what it is: schedule, user, command. cron itself
 * looks for changes of the directory, and needs no telling.
 */
import { Buffer } from 'node:buffer';
import { makeError } from '../../errors/gobs-error.ts';
import { cronDefinition, cronFile, type CronResource } from '../../protocol/resources/cron.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import { commandsOf } from './commanding.ts';
import type { Host, ResourceType } from './contract.ts';
import { fileType } from './file.ts';

interface Job {
  readonly schedule: string;
  readonly user: string;
  readonly command: string;
  /** `MAILTO=root`, each on a line. */
  readonly environment: string;
}

const HEADER = '# Kept by gobs.';
const DIRECTORY = '/etc/cron.d';
/** Bytes; what is longer is no file of ours. */
const LARGEST = 65_536;

/** cron makes a line break of a bare `%`. */
const escaped = (command: string): string => command.replaceAll('%', '\\%');

const jobOf = ({ schedule, user = 'root', command, environment = {} }: CronResource): Job => ({
  schedule: schedule!,
  user,
  command: command!,
  environment: Object.entries(environment)
    .map(([name, value]) => `${name}="${String(value)}"`)
    .toSorted()
    .join('\n'),
});

const format = ({ schedule, user, command, environment }: Job): string =>
  [HEADER, ...(environment === '' ? [] : [environment]), `${schedule} ${user} ${escaped(command)}`, ''].join('\n');

const LINE = /^(@\S+|\S+ \S+ \S+ \S+ \S+) (\S+) (.+)$/;

/** Undefined if it was not written as we do. */
const parse = (text: string): Job | undefined => {
  const [header, ...lines] = text.split('\n');
  const [, schedule, user, command] = LINE.exec(lines.at(-2) ?? '') ?? [];
  if (header !== HEADER || schedule === undefined || user === undefined || command === undefined) return undefined;
  const job = { schedule, user, command: command.replaceAll('\\%', '%'), environment: lines.slice(0, -2).join('\n') };
  return format(job) === text ? job : undefined;
};

/** What the changed content means. */
const jobChanges = (found: Job, wanted: Job): readonly Change[] =>
  (['schedule', 'user', 'command', 'environment'] as const)
    .filter((what) => found[what] !== wanted[what])
    .map((what) => ({ what, from: found[what], to: wanted[what] }));

const foundJob = async (path: string, { files }: Host): Promise<Job | undefined> => {
  if ((await files.stat(path))?.type !== 'file') return undefined;
  const content = await files.read(path, LARGEST);
  return content === undefined ? undefined : parse(Buffer.from(content).toString('utf8'));
};

const requirePlace = async (path: string, user: string, { files, accounts }: Host): Promise<void> => {
  if ((await files.stat(DIRECTORY))?.type !== 'directory') {
    throw makeError('CANNOT_CHANGE', `${path}: this host has no ${DIRECTORY}`, {
      hint: 'install the package cron, and say after',
    });
  }
  if ((await accounts.idOf('user', user)) === undefined) {
    throw makeError('CANNOT_CHANGE', `${path}: this host has no user ${user}`, {
      hint: 'make the user, and say after',
    });
  }
};

export const cronType: ResourceType = {
  definition: cronDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const wanted = resource as CronResource;
    const path = cronFile(wanted.name);
    commandsOf(host, path);
    const { id } = resource;
    if (wanted.absent === true) return fileType.converge({ id, type: 'file', path, absent: true }, host, apply);
    const job = jobOf(wanted);
    await requirePlace(path, job.user, host);
    const found = await foundJob(path, host);
    const file: Resource = { id, type: 'file', path, content: format(job), mode: '0644', owner: 'root:root' };
    const changes = await fileType.converge(file, host, apply);
    if (found === undefined) return changes;
    return changes.flatMap((change) => (change.what === 'content' ? jobChanges(found, job) : [change]));
  },
};
harden(cronType);
