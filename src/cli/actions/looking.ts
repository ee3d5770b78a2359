/**
 * `gobs trace` and `gobs graph`. Following is a chain of calls, each answered when there is something new, one to the boss and one through it to
 * the hob: nothing is polled, and Ctrl-C ends it.
 */
import { codeOf, makeError } from '../../errors/gobs-error.ts';
import { askGraph, askTrace, cutNote, missingNote, traceSources, type TraceSource } from '../../boss/repl/ask-trace.ts';
import { joinTrace, type JoinedRecord, type TracePage } from '../../protocol/trace.ts';
import { withBoss } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { graphText } from '../views/graph.ts';
import { traceText } from '../views/trace.ts';
import type { Action, Surroundings } from './action.ts';

const MOST = 300;

interface Following {
  readonly limit: number;
  readonly json: boolean;
  /** Fulfilled at Ctrl-C. */
  readonly interrupted: Promise<'interrupted'>;
  readonly output: Output;
}

const showRecords = (records: readonly JoinedRecord[], json: boolean, output: Output): void => {
  if (json) for (const record of records) output.json(record);
  else if (records.length > 0) output.data(traceText(records));
};

/** How far a side has been shown. */
interface Cursor {
  after: number;
  /** The last answer had nothing but an earlier end. */
  wentBack: boolean;
}

/**
 * Who waits is answered with something newer; or with nothing and an earlier end, where the store is another by now. Who asks again and again
 * would be kept busy by any other answer. Throws PROTOCOL_ERROR.
 */
const requireProgress = ({ records, last }: TracePage, where: string, { after, wentBack }: Cursor): void => {
  const isProgress = records.length > 0 ? last > after : last < after && !wentBack;
  if (!isProgress) throw makeError('PROTOCOL_ERROR', `${where} answers who waits with nothing new`);
};

/** Prints what one side has behind the cursor, until somebody interrupts. Rejects as its source does, and PROTOCOL_ERROR. */
const followSide = async (
  { where, ask }: TraceSource,
  { json, interrupted, output }: Following,
  cursor: Cursor,
  onPage: () => void = () => {},
): Promise<void> => {
  for (;;) {
    const asking = ask({ after: cursor.after, limit: MOST, wait: true });
    // Rejected when the session ends, and nobody waits for it any more.
    asking.catch(() => {});
    const page: TracePage | 'interrupted' = await Promise.race([asking, interrupted]);
    if (page === 'interrupted') return;
    requireProgress(page, where, cursor);
    if (page.cut) output.note(`gobs: ${cutNote(where)}`);
    showRecords(joinTrace([{ where, records: page.records }]), json, output);
    cursor.wentBack = page.last < cursor.after;
    cursor.after = page.last;
    onPage();
  }
};

/**
 * A hob comes and goes. When it is not there, that is said, once for each reason; what its boss does next is taken as a sign that it may be
 * there again.
 */
const makeHobSide = (source: TraceSource, following: Following, cursor: Cursor) => {
  const { output } = following;
  let running = false;
  let missed = '';

  const missing = (error: unknown): void => {
    if (codeOf(error) !== missed) output.note(`gobs: ${missingNote(source.where, error)}`);
    missed = codeOf(error);
    running = false;
  };
  return {
    /** If it does not run already. */
    go: () => {
      if (running) return;
      running = true;
      const shown = (): void => {
        missed = '';
      };
      followSide(source, following, cursor, shown).catch(missing);
    },
    missing,
  };
};

const followAll = async ([own, hob]: readonly [TraceSource, TraceSource?], following: Following): Promise<void> => {
  const { limit, json, output } = following;
  const first = await own.ask({ limit });
  const sides = [{ where: own.where, records: first.records }];
  const cursor = { after: 0, wentBack: false };
  const hobSide = hob && makeHobSide(hob, following, cursor);
  if (hob !== undefined) {
    try {
      const { records, last } = await hob.ask({ limit });
      sides.push({ where: hob.where, records });
      cursor.after = last;
      hobSide!.go();
    } catch (error) {
      hobSide!.missing(error);
    }
  }
  showRecords(joinTrace(sides), json, output);
  await followSide(own, following, { after: first.last, wentBack: false }, () => hobSide?.go());
};

const follow = async (
  sources: readonly [TraceSource, TraceSource?],
  request: { readonly limit: number; readonly json: boolean },
  { powers, output }: Surroundings,
): Promise<void> => {
  const interrupt = Promise.withResolvers<'interrupted'>();
  const leave = powers.onInterrupt(() => interrupt.resolve('interrupted'));
  try {
    await Promise.race([followAll(sources, { ...request, interrupted: interrupt.promise, output }), interrupt.promise]);
  } finally {
    leave();
  }
};

export const showTrace: Action<'trace'> = ({ at, name, limit, follow: goesOn, json }, surroundings) => {
  const { powers, output } = surroundings;
  return withBoss(at, powers, output, async (boss) => {
    if (goesOn) {
      await follow(await traceSources(boss, name), { limit, json }, surroundings);
      return exitCodes.done;
    }
    const { records, notes } = await askTrace(boss, name, limit);
    if (json) output.json(records);
    else if (records.length > 0) output.data(traceText(records));
    for (const note of notes) output.note(`gobs: ${note}`);
    return exitCodes.done;
  });
};
harden(showTrace);

export const showGraph: Action<'graph'> = ({ at, name, format, depth, limit, json }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    const graph = await askGraph(boss, name, { limit, ...(depth !== undefined && { depth }) });
    if (json) output.json(graph);
    else output.data(graphText(graph, format));
    for (const what of graph.omitted) output.note(`gobs: left out: ${what}`);
    return exitCodes.done;
  });
harden(showGraph);
