/**
 * `gobs logs`. Following the machine's log or the hob's is a chain of calls, each answered when there is something new; a unit's journal is read like the
 * output of any command there. Nothing is polled, and Ctrl-C ends it.
 */
import { Buffer } from 'node:buffer';
import { E } from '@endo/far';
import { makeError } from '../../errors/gobs-error.ts';
import type { HobLinesPage } from '../../protocol/host-logs.ts';
import type { MachineAdmin, MachineJournal, MachineObserver } from '../../protocol/remotes.ts';
import type { LogEntry } from '../../protocol/shapes.ts';
import { machinesAt } from '../chosen-machines.ts';
import { readCommand } from '../command-output.ts';
import { withConnection, type Connection } from '../connect.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { RequestOf } from '../request.ts';
import { journalLine, lineText, type LogLine } from '../views/logs.ts';
import type { Action, Surroundings } from './action.ts';

interface Telling extends Surroundings {
  readonly request: RequestOf<'logs'>;
  readonly show: (line: LogLine) => void;
  /** Fulfilled at Ctrl-C. */
  readonly interrupted: Promise<'interrupted'>;
}

const observerAt = async (name: string, connection: Connection): Promise<MachineObserver> => {
  const [found] = await machinesAt({ names: [name] }, connection);
  return found!.machine;
};

/** What was shared may be the journal itself: it has no status. */
const journalAt = async (name: string, connection: Connection): Promise<MachineJournal> => {
  if (connection.methods.has('hobLog')) return connection.machine as unknown as MachineJournal;
  const machine = await observerAt(name, connection);
  if (connection.boss !== undefined || connection.methods.has('asJournal')) {
    return E(machine as MachineAdmin).asJournal();
  }
  throw makeError('BAD_USAGE', `${name}: what was shared does not let the host's logs be read`);
};

/** Behind the last that was shown. What happened again has its line anew, and the one before is gone. */
const newer = (lines: readonly LogEntry[], last: LogEntry | undefined): readonly LogEntry[] => {
  if (last === undefined) return lines;
  const index = lines.findLastIndex(({ at, what }) => at === last.at && what === last.what);
  return index < 0 ? lines.filter(({ at }) => at >= last.at) : lines.slice(index + 1);
};

const tellMachine = async (telling: Telling, connection: Connection): Promise<void> => {
  const { request, powers, show, interrupted } = telling;
  const machine = await observerAt(request.name, connection);
  const { since } = request;
  const oldest = since === undefined ? -Infinity : powers.now() - since;
  let lines: readonly LogEntry[] = await E(machine).log();
  lines.filter(({ at }) => at >= oldest).forEach(show);
  while (request.follow) {
    const last = lines.at(-1);
    const asking = Promise.resolve(E(machine).nextLog(last ?? null));
    // Rejected later, when the session ends: nobody waits for it any more.
    asking.catch(() => {});
    const answer = await Promise.race([asking, interrupted]);
    if (answer === 'interrupted') return;
    newer(answer, last).forEach(show);
    lines = answer;
  }
};

const tellHob = async ({ request, show, interrupted }: Telling, journal: MachineJournal): Promise<void> => {
  const { since, follow } = request;
  let page: HobLinesPage = await E(journal).hobLog(since === undefined ? {} : { since });
  page.lines.forEach(show);
  while (follow) {
    const asking = Promise.resolve(E(journal).hobLog({ after: page.last, wait: true }));
    asking.catch(() => {});
    const answer = await Promise.race([asking, interrupted]);
    if (answer === 'interrupted') return;
    if (answer.lines.length === 0 && answer.last === page.last) {
      throw makeError('PROTOCOL_ERROR', `${request.name}: its hob answers who waits with nothing new`);
    }
    answer.lines.forEach(show);
    page = answer;
  }
};

/** Bytes of a line; what is longer is no entry of a journal that we read. */
const LONGEST_ENTRY = 1 << 20;

const tellUnit = async (telling: Telling, unit: string, journal: MachineJournal): Promise<ExitCode> => {
  const { request, powers, output, show, interrupted } = telling;
  const { name, since, follow } = request;
  const { promise: asking } = Promise.withResolvers<never>();
  const wanted = { follow, ...(since === undefined ? {} : { since }) };
  const command = await E(journal).unitLog(unit, wanted, { by: powers.userName }, asking);
  let rest = Buffer.alloc(0);
  let skipped = 0;
  const take = async (stream: 'stdout' | 'stderr', bytes: Buffer): Promise<void> => {
    if (stream === 'stderr') {
      for (const line of bytes.toString('utf8').split('\n').filter(Boolean)) {
        output.note(`gobs: ${name}: ${line.slice(0, 500)}`);
      }
      return;
    }
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = journalLine(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
      if (line === undefined) skipped += 1;
      else show(line);
    }
    if (rest.length > LONGEST_ENTRY) throw makeError('PROTOCOL_ERROR', `${name}: an entry of its journal is too long`);
  };
  const end = await Promise.race([readCommand(name, command, take), interrupted]);
  if (skipped > 0) output.note(`gobs: ${name}: ${skipped} lines were no entries of a journal`);
  if (end === 'interrupted' || end.code === 0) return exitCodes.done;
  throw makeError('COMMAND_UNUSABLE', `${name}: its journal could not be read to the end`, {
    hint: 'the last lines of journalctl stand above, if it said something',
  });
};

const tell = async (telling: Telling, connection: Connection): Promise<ExitCode> => {
  const { name, of } = telling.request;
  if (of === 'machine') {
    await tellMachine(telling, connection);
    return exitCodes.done;
  }
  const journal = await journalAt(name, connection);
  if (of !== 'hob') return tellUnit(telling, of.unit, journal);
  await tellHob(telling, journal);
  return exitCodes.done;
};

export const showLogs: Action<'logs'> = (request, surroundings) => {
  const { powers, output } = surroundings;
  const show = (line: LogLine): void => {
    if (request.json) output.json(line);
    else output.data(lineText(line));
  };
  return withConnection(request.at, powers, output, async (connection) => {
    const interrupt = Promise.withResolvers<'interrupted'>();
    const leave = powers.onInterrupt(() => interrupt.resolve('interrupted'));
    try {
      return await tell({ ...surroundings, request, show, interrupted: interrupt.promise }, connection);
    } finally {
      leave();
    }
  });
};
harden(showLogs);
