/**
 * Two sides of CapTP with nothing but two queues of texts between them, which a test can look into. Either side can be
 * @endo/captp itself, which shows that the messages mean what they mean there.
 */
import { makeCapTP as makeEndoCapTP } from '@endo/captp';
import { makeCapTP, type CapTP, type CapTPOptions, type Counts } from '../../src/captp/captp.ts';
import { defaultLimits } from '../../src/captp/limits.ts';
import { parseMessage } from '../../src/captp/message.ts';

export interface Side {
  /** The other side's bootstrap object. */
  bootstrap(): Promise<unknown>;
  receive(text: string): void;
  close(reason: Error): void;
}

export interface Ours extends Side {
  readonly captp: CapTP;
  counts(): Counts;
}

export type SideMaker<S extends Side> = (send: (text: string) => void) => S;

const rethrow = (reason: unknown): never => {
  throw reason;
};

export const ours =
  (bootstrap: object, options: Partial<CapTPOptions> = {}): SideMaker<Ours> =>
  (send) => {
    const captp = makeCapTP({
      send,
      bootstrap,
      durable: undefined,
      limits: defaultLimits,
      onError: rethrow,
      ...options,
    });
    return {
      captp,
      bootstrap: captp.bootstrap,
      receive: (text) => captp.dispatch(parseMessage(text, options.limits?.slots ?? defaultLimits.slots)),
      close: captp.close,
      counts: captp.counts,
    };
  };

interface EndoCapTP {
  dispatch(message: unknown): boolean;
  getBootstrap(): Promise<unknown>;
  abort(reason: Error): void;
}

export const endos =
  (bootstrap: object): SideMaker<Side> =>
  (send) => {
    const captp = (makeEndoCapTP as (...args: unknown[]) => EndoCapTP)(
      'endo',
      (message: unknown) => void (aborted || send(JSON.stringify(message))),
      bootstrap,
      { gcImports: true, onReject: () => {} },
    );
    let aborted = false;
    return {
      bootstrap: captp.getBootstrap,
      receive: (text) => {
        if (!aborted && !captp.dispatch(JSON.parse(text))) throw Error(`@endo/captp refused ${text}`);
      },
      close: (reason) => {
        aborted = true;
        captp.abort(reason);
      },
    };
  };

export interface Pair<A extends Side, B extends Side> {
  readonly a: A;
  readonly b: B;
  /** What was sent, in order, with the sender's name before it: `a CTP_CALL`. */
  readonly log: readonly { readonly from: 'a' | 'b'; readonly text: string }[];
  /** How often the direction changed: the one-way trips so far. */
  trips(): number;
}

/** Texts are delivered in macrotasks of their own, all that are there at once, as a socket would. */
export const makePair = <A extends Side, B extends Side>(makeA: SideMaker<A>, makeB: SideMaker<B>): Pair<A, B> => {
  const log: { from: 'a' | 'b'; text: string }[] = [];
  let trips = 0;
  const wire = (from: 'a' | 'b', to: () => Side): ((text: string) => void) => {
    let queue: string[] = [];
    return (text) => {
      log.push({ from, text });
      queue.push(text);
      if (queue.length > 1) return;
      setImmediate(() => {
        const batch = queue;
        queue = [];
        if (batch.some((one) => !one.includes('CTP_DROP'))) trips += 1;
        for (const one of batch) to().receive(one);
      });
    };
  };
  const a: A = makeA(wire('a', () => b));
  const b: B = makeB(wire('b', () => a));
  return { a, b, log, trips: () => trips };
};

/** Resolves when the tables of one of our sides hold no question, and macrotasks have carried what was on its way. */
export const settled = async (): Promise<void> => {
  for (let round = 0; round < 8; round += 1) await new Promise((resolve) => setImmediate(resolve));
};
