/**
 * A vat to try things in. Each `turn(script)` is one message to the actor `bench`, whose method is the script: what it gets is what any
 * actor's code has. `counterKind` is an actor with a state, `listenerKind` one that is never written.
 */
import { M } from '@endo/patterns';
import { E } from '../../src/vats/eventual-send.ts';
import type { VatHandle } from '../../src/vats/kernel.ts';
import { defineKind, type Become, type TurnTools } from '../../src/vats/kind.ts';
import type { Store } from '../../src/vats/store.ts';
import { openTestKernel, type TestKernel } from '../support/test-kernel.ts';

export interface Counter {
  incr(by: number): number;
  /** With an updater. */
  add(by: number): void;
  read(): number;
  /** Becomes, and throws. */
  fail(by: number): never;
}

export const counterKind = defineKind<number, Counter>({
  label: 'counter',
  guard: M.interface('Counter', {
    incr: M.call(M.number()).returns(M.number()),
    add: M.call(M.number()).returns(),
    read: M.call().returns(M.number()),
    fail: M.call(M.number()).returns(),
  }),
  portrait: M.number(),
  behave: (bcom, _self, count) => ({
    incr: (by) => {
      bcom(count + by);
      return count + by;
    },
    add: (by) => bcom((latest) => latest + by),
    read: () => count,
    fail: (by) => {
      bcom(count + by);
      throw Error('after bcom');
    },
  }),
});

export interface Listener {
  hear(what: unknown): void;
  heard(): readonly unknown[];
}

export const listenerKind = defineKind<readonly unknown[], Listener>({
  label: 'listener',
  ephemeral: true,
  guard: M.interface('Listener', { hear: M.call(M.any()).returns(), heard: M.call().returns(M.array()) }),
  portrait: M.arrayOf(M.any()),
  behave: (bcom, _self, all) => ({ hear: (what) => bcom([...all, what]), heard: () => all }),
});

export interface Here extends TurnTools {
  readonly bcom: Become<unknown>;
  readonly self: Bench;
  readonly portrait: unknown;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test knows what it passes to its own script
export type Script = (here: Here, ...args: any[]) => unknown;

export interface Bench {
  run(script: number, ...args: unknown[]): unknown;
}

const BenchI = M.interface('Bench', { run: M.call(M.number()).rest(M.any()).returns(M.any()) });

export const benchKind = defineKind<unknown, Bench, { script(id: number): Script }>({
  label: 'bench',
  guard: BenchI,
  portrait: M.any(),
  behave: (bcom, self, portrait, { script, ...tools }) => ({
    run: (id, ...args) => script(id)({ ...tools, bcom, self, portrait } as Here, ...args),
  }),
});

export interface Workshop {
  readonly kernel: TestKernel;
  readonly vat: VatHandle;
  readonly bench: Bench;
  /** Runs a script as a turn of the bench; → its result, when it is durable. */
  turn<T = unknown>(script: Script, ...args: unknown[]): Promise<T>;
  /** Names a script, for a near call of the bench in another script. */
  script(script: Script): number;
  /** Makes an actor in a turn of its own. */
  counter(start: number): Promise<Counter>;
  /** Another vat with a bench, in the same kernel. */
  neighbour(name: string): Promise<Workshop>;
}

export interface WorkshopOptions {
  readonly kernel?: TestKernel;
  readonly name?: string;
  readonly cacheLimit?: number;
  readonly cacheBytes?: number;
}

export const openWorkshop = async (store: Store, options: WorkshopOptions = {}): Promise<Workshop> => {
  const { kernel = openTestKernel(store), name = 'test', cacheLimit = 1_000, cacheBytes = 1_000_000 } = options;
  const scripts: Script[] = [];
  const vat = kernel.openVat(name, { cacheLimit, cacheBytes });
  vat.register(counterKind, {});
  vat.register(listenerKind, {});
  vat.register(benchKind, { script: (id: number) => scripts[id]! });
  const bench = (await vat.makeOnce('bench', ({ spawn }) => spawn(benchKind, null))) as Bench;
  const script = (code: Script): number => scripts.push(code) - 1;
  const turn = <T>(code: Script, ...args: unknown[]): Promise<T> => E(bench).run(script(code), ...args) as Promise<T>;
  return {
    kernel,
    vat,
    bench,
    script,
    turn,
    counter: (start) => turn(({ spawn }) => spawn(counterKind, start)),
    neighbour: (other) => openWorkshop(store, { kernel, name: other }),
  };
};
