/** What the near boss and its hobs say that they did: records of the test, and who waits for more. */
import type { TracePage, TraceRecord, TraceRequest } from '../../src/protocol/trace.ts';

export interface NearTraces {
  /** Something happens there: `boss`, or a machine's name. */
  happen(where: string, record: Partial<TraceRecord>): void;
  read(where: string, request: TraceRequest): Promise<TracePage>;
  /** From now on whoever asks that side gets this. */
  lie(where: string, answer: (request: TraceRequest) => TracePage): void;
  /** Resolves when so many wait. */
  waited(count: number): Promise<void>;
}

export const aRecord: TraceRecord = harden({
  number: 1,
  id: 'bossboss-1-1',
  at: 1_700_000_000_000,
  vat: 'boss',
  target: 'vat:boss/machine/7/admin',
  method: 'converge',
  from: 'client',
  cause: null,
  error: null,
  changed: [],
  effects: [],
  omitted: 0,
});

export const makeNearTraces = (): NearTraces => {
  const records = new Map<string, TraceRecord[]>();
  const lies = new Map<string, (request: TraceRequest) => TracePage>();
  const waiting: (() => void)[] = [];
  const watchers: (() => void)[] = [];
  const of = (where: string): TraceRecord[] => {
    const known = records.get(where) ?? [];
    records.set(where, known);
    return known;
  };
  return {
    happen: (where, record) => {
      const all = of(where);
      all.push(harden({ ...aRecord, number: all.length + 1, ...record }));
      for (const wake of waiting.splice(0)) wake();
    },
    lie: (where, answer) => void lies.set(where, answer),
    read: async (where, request) => {
      const lie = lies.get(where);
      if (lie !== undefined) return lie(request);
      const { after = 0, limit = 100, wait = false } = request;
      for (;;) {
        const found = of(where).filter(({ number }) => number > after);
        if (found.length > 0 || !wait) {
          return harden({ records: found.slice(-limit), last: of(where).length, cut: found.length > limit });
        }
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          for (const look of watchers.splice(0)) look();
        });
      }
    },
    waited: async (count) => {
      while (waiting.length < count) await new Promise<void>((resolve) => watchers.push(resolve));
    },
  };
};
