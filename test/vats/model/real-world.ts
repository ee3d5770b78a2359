/**
 * The same steps in real vats: two of them in one kernel, on a store whose batches fail or never end as a step's fate has it. A world has
 * several lives, one after the other on the same rows.
 */
import { Far } from '@endo/pass-style';
import { codeOf } from '../../../src/errors/gobs-error.ts';
import { makeMemoryStore, type MemoryStore } from '../../../src/persistence/memory-store.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import { makeKernel, type Kernel } from '../../../src/vats/kernel.ts';
import type { Store } from '../../../src/vats/store.ts';
import { nodeKind, wispKind, type Context, type Gate, type Listener, type Node, type RealResult } from './actors.ts';
import { GATES, VATS, type Fate, type Message, type Step, type VatName } from './program.ts';

export type RealAnswer = { readonly results: readonly RealResult[] } | { readonly code: string } | 'unsettled';

export interface Observed {
  readonly answers: readonly RealAnswer[];
  readonly tells: Record<VatName, number[]>;
  readonly early?: { readonly answers: readonly RealAnswer[]; readonly tells: Record<VatName, number[]> };
}

/** What the current step wants of the store. */
interface Fortune {
  fate: Fate | { readonly end: 'gated'; readonly well: boolean };
  writes: number;
  /** Resolves when the process is to be seen as dead. */
  died: () => void;
  /** Batches that wait at the gate. */
  waiting: (() => void)[];
}

const never = (): Promise<never> => new Promise(() => {});

/** Lets everything that is on its way arrive: a crank is an immediate, and host promises are microtasks. */
const rounds = async (): Promise<void> => {
  for (let round = 0; round < 6; round += 1) await new Promise((resolve) => setImmediate(resolve));
};

interface Life {
  readonly kernel: Kernel;
  readonly listener: Listener;
  readonly tells: Record<VatName, number[]>;
  ended: boolean;
}

export class RealWorld {
  readonly #memory: MemoryStore = makeMemoryStore();
  readonly #cacheLimit: number;
  readonly #gates: { readonly promise: Promise<unknown>; settle(): void; settled: boolean }[];
  readonly #fortune: Fortune = { fate: { end: 'well' }, writes: 0, died: () => {}, waiting: [] };
  /** References that the host has, in the order in which it got them. */
  table: object[] = [];
  #life!: Life;

  constructor(cacheLimit: number) {
    this.#cacheLimit = cacheLimit;
    this.#gates = Array.from({ length: GATES }, () => {
      let settle = (): void => {};
      const promise = harden(new Promise<void>((resolve) => (settle = resolve)));
      return { promise, settle, settled: false };
    });
  }

  get kernel(): Kernel {
    return this.#life.kernel;
  }
  get rows(): readonly (readonly [string, string])[] {
    return this.#memory.entries();
  }

  /** A store of one life: once that ended, nothing that is left of it reaches the rows. */
  #storeOf(life: { ended: boolean }): Store {
    const memory = this.#memory;
    const fortune = this.#fortune;
    return {
      ...memory,
      page: async (request) => (life.ended ? never() : memory.page(request)),
      write: async (ops) => {
        if (life.ended) return never();
        fortune.writes += 1;
        const { fate, writes } = fortune;
        if (fate.end === 'gated') {
          await new Promise<void>((go) => fortune.waiting.push(go));
          if (writes === 1 && !fate.well) throw Error('gated and refused');
          return memory.write(ops);
        }
        if (fate.end === 'failed' && writes === 1) throw Error('disk full');
        const isLast = fate.end === 'killed' && writes === fate.write;
        if (!(isLast && fate.moment === 'before')) await memory.write(ops);
        if (fate.end === 'lied' && writes === 1) throw Error('who knows');
        if (!isLast) return undefined;
        life.ended = true;
        fortune.died();
        return never();
      },
    };
  }

  async open(): Promise<void> {
    const tells: Life['tells'] = { a: [], b: [] };
    const life = { ended: false, tells } as { -readonly [K in keyof Life]: Life[K] };
    life.listener = Far('Listener', { hear: (vat: VatName, n: number) => void tells[vat].push(n) });
    life.kernel = makeKernel({
      store: this.#storeOf(life),
      now: () => 0,
      schedule: (crank) => void setImmediate(() => life.ended || crank()),
      onHostError: (error) => {
        throw error;
      },
    });
    const roots: object[] = [];
    for (const name of VATS) {
      const vat = life.kernel.openVat(name, { cacheLimit: this.#cacheLimit });
      const memory = { leaked: [] as Node[], kept: [] as ((n: number) => void)[] };
      vat.register(nodeKind, { vat: name, memory: () => memory });
      vat.register(wispKind, { vat: name, memory: () => memory });
      const make = vat.makeOnce('root', ({ spawn, makeMap }) =>
        spawn(nodeKind, { n: 0, refs: [null, null, null], map: makeMap<number>() }),
      );
      roots.push(await make);
    }
    this.#life = life;
    if (this.table.length === 0) this.table = roots;
  }

  /** What the host keeps over the end of a process: names. */
  async #reopen(): Promise<void> {
    const names = this.table.map((ref) => this.#life.kernel.nameOf(ref)!).filter((name) => name.startsWith('vat:'));
    await this.open();
    this.table = names.map((name) => this.#life.kernel.refOf(name));
  }

  #deliver({ to, gift, ops }: Message): Promise<readonly RealResult[]> {
    const context: Context = harden({
      listener: this.#life.listener,
      gift: (this.table[gift % (this.table.length + 1)] ?? null) as Node | null,
      gates: this.#gates.map(({ promise, settled }): Gate => ({ promise, settled })),
    });
    return E(this.table[to % this.table.length] as Node).run(ops, context);
  }

  #watch(messages: readonly Message[]): { answers: RealAnswer[]; all: Promise<unknown> } {
    const answers: RealAnswer[] = messages.map(() => 'unsettled');
    const done = messages.map(async (message, at) => {
      try {
        answers[at] = { results: await this.#deliver(message) };
      } catch (error) {
        answers[at] = { code: codeOf(error) };
      }
    });
    return { answers, all: Promise.all(done) };
  }

  #tells(): Record<VatName, number[]> {
    const { tells } = this.#life;
    return { a: tells.a.splice(0), b: tells.b.splice(0) };
  }

  async #many(messages: readonly Message[], fate: Fate): Promise<Observed> {
    const { promise: died, resolve } = Promise.withResolvers<void>();
    Object.assign(this.#fortune, { fate, writes: 0, died: resolve });
    const { answers, all } = this.#watch(messages);
    const finished = all.then(() => this.#life.kernel.idle());
    await Promise.race([died, finished]);
    if (this.#life.ended) await rounds();
    const observed = { answers: [...answers], tells: this.#tells() };
    this.#fortune.fate = { end: 'well' };
    if (this.#life.ended) await this.#reopen();
    return observed;
  }

  async #overlap(first: readonly Message[], second: readonly Message[], well: boolean): Promise<Observed> {
    const fortune = this.#fortune;
    Object.assign(fortune, { fate: { end: 'gated', well }, writes: 0 });
    const one = this.#watch(first);
    await rounds();
    const two = this.#watch(second);
    await rounds();
    const tells = this.#tells();
    const early = { answers: [...one.answers, ...two.answers], tells: { a: [...tells.a], b: [...tells.b] } };
    const letGo = async (): Promise<void> => {
      while (fortune.waiting.length > 0) {
        fortune.waiting.shift()!();
        await rounds();
      }
    };
    await letGo();
    await Promise.all([one.all, two.all, this.#life.kernel.idle()]);
    fortune.fate = { end: 'well' };
    const rest = this.#tells();
    return {
      answers: [...one.answers, ...two.answers],
      tells: { a: [...tells.a, ...rest.a], b: [...tells.b, ...rest.b] },
      early,
    };
  }

  /** The step as data: what fast-check makes has no prototype. */
  async take(made: Step): Promise<Observed> {
    const step = harden(JSON.parse(JSON.stringify(made)) as Step);
    switch (step.step) {
      case 'message':
        return this.#many([step.message], step.fate);
      case 'batch':
        return this.#many(step.messages, step.fate);
      case 'overlap':
        return this.#overlap(step.first, step.second, step.fate.end === 'well');
      case 'settle': {
        const gate = this.#gates[step.gate]!;
        gate.settled = true;
        gate.settle();
        await rounds();
        await this.#life.kernel.idle();
        return { answers: [], tells: this.#tells() };
      }
      case 'restart':
        await this.#life.kernel.stop();
        await this.#reopen();
        return { answers: [], tells: this.#tells() };
    }
  }

  /** Nothing of it goes on. */
  close(): void {
    this.#life.ended = true;
  }
}
