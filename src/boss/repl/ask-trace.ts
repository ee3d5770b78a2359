/**
 * Asks a boss what happened, and of a machine its hob too. A hob that does not answer is said so, and is no reason to show nothing: its
 * boss's records are there.
 */
import { E } from '@endo/far';
import { describeError } from '../../errors/gobs-error.ts';
import type { Boss, Inspector, MachineAdmin } from '../../protocol/remotes.ts';
import {
  joinTrace,
  type GraphView,
  type JoinedRecord,
  type TracePage,
  type TraceRequest,
} from '../../protocol/trace.ts';

/** Who is asked. */
export interface TraceSource {
  /** `boss`, or the name of a machine. */
  readonly where: string;
  /** Rejects as the boss does, or a hob: HOB_UNREACHABLE, PROTOCOL_ERROR. */
  ask(request: TraceRequest): Promise<TracePage>;
}

export interface TraceAnswer {
  readonly records: readonly JoinedRecord[];
  /** What is not there, and why: a line each. */
  readonly notes: readonly string[];
}

/** A name of a reference has a colon in it, a machine's has none. Traces and graphs show `boss/machine/7` for `vat:boss/machine/7/self`. */
const referenceName = (name: string): string | undefined => {
  if (name.includes(':')) return name;
  const parts = name.split('/').length;
  return parts === 3 || parts === 4 ? `vat:${name}${parts === 3 ? '/self' : ''}` : undefined;
};

/** Rejects NO_SUCH_MACHINE. */
const named = async (boss: Boss, name: string): Promise<string | MachineAdmin> =>
  referenceName(name) ?? E(boss).machine(name);

/** Without a name the boss alone, with all that it did. The first is always the boss. Rejects NO_SUCH_MACHINE. */
export const traceSources = async (
  boss: Boss,
  name: string | undefined,
): Promise<readonly [boss: TraceSource, hob?: TraceSource]> => {
  const inspector: Inspector = await E(boss).inspector();
  if (name === undefined) return [{ where: 'boss', ask: (request) => E(inspector).trace(request) }];
  const of = await named(boss, name);
  const source: TraceSource = { where: 'boss', ask: (request) => E(inspector).trace({ ...request, of }) };
  return typeof of === 'string' ? [source] : [source, { where: name, ask: (request) => E(of).trace(request) }];
};
harden(traceSources);

/** Why a side is not shown. */
export const missingNote = (where: string, error: unknown): string => {
  const { code, message } = describeError(error);
  return `records of ${where} are not shown: ${code}: ${message}`;
};
harden(missingNote);

export const cutNote = (where: string): string => `${where} has older records than these`;
harden(cutNote);

/** Rejects NO_SUCH_MACHINE, NO_SUCH_ACTOR. */
export const askTrace = async (boss: Boss, name: string | undefined, limit: number): Promise<TraceAnswer> => {
  const [own, hob] = await traceSources(boss, name);
  const notes: string[] = [];
  const askOne = async ({ where, ask }: TraceSource) => {
    const { records, cut } = await ask({ limit });
    if (cut) notes.push(cutNote(where));
    return { where, records };
  };
  const sides = [await askOne(own)];
  if (hob !== undefined) {
    await askOne(hob).then(
      (side) => sides.push(side),
      (error: unknown) => notes.push(missingNote(hob.where, error)),
    );
  }
  return { records: joinTrace(sides), notes };
};
harden(askTrace);

/** Rejects NO_SUCH_MACHINE, NO_SUCH_ACTOR. */
export const askGraph = async (
  boss: Boss,
  name: string | undefined,
  bounds: { readonly depth?: number; readonly limit?: number },
): Promise<GraphView> => {
  const inspector: Inspector = await E(boss).inspector();
  if (name === undefined) return E(inspector).graph(bounds);
  return E(inspector).graph({ ...bounds, from: await named(boss, name) });
};
harden(askGraph);
