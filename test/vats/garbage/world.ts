/**
 * Runs a program in real vats: two of them in one kernel, and a third whose vat is not open in every life. Nothing is waited for but
 * where the program says so; so messages, batches and steps of the collector go in between each other.
 */
import { makeMemoryStore } from '../../../src/persistence/memory-store.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import { makeKernel, type Kernel } from '../../../src/vats/kernel.ts';
import type { Store } from '../../../src/vats/store.ts';
import { collectGarbageOnce } from '../collect-garbage.ts';
import { nobody, nodeKind, wispKind, type Node } from './actors.ts';
import { GATES, type Program, type Step } from './program.ts';
import { actorsIn, checkCounts, checkReferences, reachableIn } from './reachable.ts';

const VATS = ['a', 'b'] as const;
const HELD = 8;
const PEER = `p/${'a'.repeat(52)}`;

const never = (): Promise<never> => new Promise(() => {});
const crank = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const pass = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await crank();
};

/** What nobody but the host holds. It is let go of when `use` has resolved. */
const withNew = async (
  at: Node,
  make: (at: Node) => Promise<Node>,
  use: (made: Node) => Promise<unknown>,
): Promise<void> => {
  try {
    await use(await make(at));
  } catch {
    // A batch was refused.
  }
};

interface Gate {
  readonly promise: Promise<unknown>;
  readonly open: () => void;
}
const makeGate = (): Gate => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise: harden(promise), open: () => resolve() };
};

export class World {
  readonly #memory = makeMemoryStore();
  readonly #program: Program;
  #life = { ended: false, refuse: false };
  #kernel!: Kernel;
  /** What the host holds: the roots, and then whatever it was given. */
  #held: Node[] = [];
  #gates: Gate[] = [];
  #pending = new Set<Promise<unknown>>();
  #exports = 0;
  #exported: string[] = [];
  #lost: string[] = [];
  collected = 0;
  cycles = 0;

  constructor(program: Program) {
    this.#program = program;
  }

  get #rows(): ReadonlyMap<string, string> {
    return new Map(this.#memory.entries());
  }

  #storeOf(life: { ended: boolean; refuse: boolean }): Store {
    const memory = this.#memory;
    return {
      ...memory,
      page: async (request) => {
        const page = life.ended ? await never() : await memory.page(request);
        await Promise.resolve();
        return life.ended ? never() : page;
      },
      write: async (ops) => {
        await crank();
        if (life.ended) return never();
        if (life.refuse) {
          life.refuse = false;
          throw Error('disk full');
        }
        return memory.write(ops);
      },
    };
  }

  async open(): Promise<void> {
    const life = { ended: false, refuse: false };
    this.#life = life;
    this.#pending = new Set();
    this.#gates = Array.from({ length: GATES }, makeGate);
    this.#held = [];
    const { cacheLimit, pace } = this.#program;
    this.#kernel = makeKernel({
      store: this.#storeOf(life),
      now: () => 0,
      schedule: (next) => void setImmediate(() => life.ended || next()),
      collectorPace: pace,
      onHostError: (error) => {
        throw error;
      },
    });
    for (const name of VATS) {
      const vat = this.#kernel.openVat(name, { cacheLimit });
      const isOfThisVat = (ref: object): boolean => /^(vat|eph):(.)\//.exec(vat.nameOf(ref) ?? '')?.[2] === name;
      vat.register(nodeKind, { isOfThisVat });
      vat.register(wispKind, { isOfThisVat });
      const root = vat.makeOnce('root', ({ spawn, makeMap }) =>
        spawn(nodeKind, { refs: nobody, map: makeMap<Node>() }),
      );
      this.#held.push((await root) as Node);
    }
  }

  /** Nobody here has a reference to what is not there. */
  #watch(promise: Promise<unknown>): void {
    const pending = this.#pending;
    const done: Promise<unknown> = promise.then(
      () => pending.delete(done),
      (error: Error) => {
        pending.delete(done);
        if (error.message.includes('nothing is stored')) this.#lost.push(error.message);
      },
    );
    pending.add(done);
  }

  /** The host holds what a promise gives, and then something else no more. */
  #keep(given: Promise<unknown>): void {
    const held = this.#held;
    this.#watch(
      given.then((ref) => {
        if (ref === null || ref === undefined) return;
        held.push(ref as Node);
        if (held.length > HELD) held.splice(VATS.length, 1);
      }),
    );
  }

  #at(index: number): Node {
    return this.#held[index % this.#held.length]!;
  }

  #drop(index: number): Node | undefined {
    const others = this.#held.length - VATS.length;
    return others === 0 ? undefined : this.#held.splice(VATS.length + (index % others), 1)[0];
  }

  #export(index: number, locator: boolean): void {
    const ref = this.#drop(index);
    const name = ref === undefined ? undefined : this.#kernel.nameOf(ref);
    if (name?.startsWith('vat:') !== true) return;
    this.#exports += 1;
    const key = locator ? `s/${this.#exports}` : `${PEER}/x/${this.#exports}`;
    const value = locator ? `${this.#exports} ${name}` : name;
    this.#exported.push(key);
    this.#watch(this.#kernel.committer.write([{ type: 'put', key, value }]));
  }

  /** Of all that anybody did, but what waits for a gate. */
  async #collectEngineGarbage(): Promise<void> {
    // Out of the caches.
    for (const root of this.#held.slice(0, VATS.length)) this.#watch(E(root).get(0));
    await pass(3);
    for (let round = 0; round < 2; round += 1) await collectGarbageOnce();
  }

  async #smuggle({ at, slot, cranks, how }: Extract<Step, { do: 'smuggle' }>): Promise<void> {
    const target = this.#at(at);
    const make = async (node: Node): Promise<Node> => {
      const made = await E(node).spawn(slot, false);
      await E(node).set(slot, null);
      return made;
    };
    await withNew(this.#held[0]!, make, async (made) => {
      this.#collect();
      await pass(cranks);
      if (how === 0) return E(target).set(slot, made);
      if (how === 1) return E(target).put('a', made);
      this.#held.push(made);
      return this.#export(this.#held.length - 1 - VATS.length, how === 3);
    });
    await this.#collectEngineGarbage();
  }

  async #dive({ at, links, cranks }: Extract<Step, { do: 'dive' }>): Promise<void> {
    const make = (node: Node): Promise<Node> => E(node).chain(links) as Promise<Node>;
    await withNew(this.#at(at), make, async (head) => {
      await this.#collectEngineGarbage();
      this.#collect();
      await pass(cranks);
      this.#keep(E(head).dive());
    });
  }

  async #outlive({ at }: Extract<Step, { do: 'outlive' }>): Promise<void> {
    const make = (node: Node): Promise<Node> => E(node).chain(1) as Promise<Node>;
    await withNew(this.#at(at), make, async (made) => {
      this.#held.push(made);
      this.#export(this.#held.length - 1 - VATS.length, false);
    });
    await this.#collectEngineGarbage();
    this.#enliven(this.#exported.length - 1);
    await pass(1);
    this.#revoke(this.#exported.length - 1);
    this.#collect();
  }

  async #queue({ at, others }: Extract<Step, { do: 'queue' }>): Promise<void> {
    const target = this.#at(at);
    const make = (node: Node): Promise<Node> => E(node).chain(1) as Promise<Node>;
    await withNew(this.#held[0]!, make, async (made) => {
      this.#collect();
      for (let n = 0; n < others; n += 1) this.#watch(E(target).get(0));
      this.#watch(E(made).get(1));
    });
    await collectGarbageOnce();
  }

  #enliven(which: number): void {
    const value = this.#kernel.committer.get(this.#exported[which % this.#exported.length] ?? 'none');
    if (value !== undefined) this.#keep(Promise.resolve(this.#kernel.refOf(value.split(' ').at(-1)!)));
  }

  #revoke(which: number): void {
    const [key] = this.#exported.splice(which % Math.max(1, this.#exported.length), 1);
    if (key !== undefined) this.#watch(this.#kernel.committer.write([{ type: 'del', key }]));
  }

  #collect(): void {
    this.#watch(
      this.#kernel.collector.collect().then(({ collected }) => {
        this.collected += collected;
        this.cycles += 1;
      }),
    );
  }

  async #settle(): Promise<void> {
    while (this.#pending.size > this.#waiting()) await crank();
    await this.#kernel.idle();
    this.#check();
  }

  /** What is lent waits for its gate. */
  #waiting(): number {
    for (const gate of this.#gates) gate.open();
    return 0;
  }

  #check(): void {
    if (this.#lost.length > 0) throw Error(this.#lost.join(', '));
    const rows = this.#rows;
    const names = this.#held.map((ref) => this.#kernel.nameOf(ref)!).filter((name) => name.startsWith('vat:'));
    reachableIn(rows, names);
    checkCounts(rows);
    checkReferences(rows);
  }

  async #reopen(): Promise<void> {
    this.#life.ended = true;
    const rows = this.#rows;
    reachableIn(rows);
    checkCounts(rows);
    checkReferences(rows);
    this.#exported = [...rows.keys()].filter((key) => key.startsWith('p/') || key.startsWith('s/'));
    await this.open();
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'set':
        return this.#watch(E(this.#at(step.at)).set(step.slot, this.#at(step.it)));
      case 'clear':
        return this.#watch(E(this.#at(step.at)).set(step.slot, null));
      case 'get':
        return this.#keep(E(this.#at(step.at)).get(step.slot));
      case 'spawn': {
        const made = E(this.#at(step.at)).spawn(step.slot, step.ephemeral);
        return step.keep ? this.#keep(made) : this.#watch(made);
      }
      case 'put':
        return this.#watch(E(this.#at(step.at)).put(step.key, this.#at(step.it)));
      case 'remove':
        return this.#watch(E(this.#at(step.at)).put(step.key, null));
      case 'pick':
        return this.#keep(E(this.#at(step.at)).pick(step.key));
      case 'pass':
        return this.#watch(E(this.#at(step.at)).pass(step.slot, step.to, step.theirs));
      case 'lay':
        return this.#watch(E(this.#at(step.at)).lay(step.slot, step.to, step.theirs));
      case 'later':
        return this.#watch(E(this.#at(step.at)).later(step.slot, this.#gates[step.gate]!.promise, step.back));
      case 'lend':
        return this.#keep(E(this.#at(step.at)).lend(step.slot, this.#gates[step.gate]!.promise));
      case 'fail':
        return this.#watch(E(this.#at(step.at)).fail(step.slot));
      case 'drop':
        return void this.#drop(step.it);
      case 'export':
        return this.#export(step.it, step.locator);
      case 'enliven':
        return this.#enliven(step.which);
      case 'revoke':
        return this.#revoke(step.which);
      case 'smuggle':
        return this.#smuggle(step);
      case 'dive':
        return this.#dive(step);
      case 'outlive':
        return this.#outlive(step);
      case 'queue':
        return this.#queue(step);
      case 'open':
        this.#gates[step.gate]!.open();
        this.#gates[step.gate] = makeGate();
        return undefined;
      case 'collect':
        return this.#collect();
      case 'gc':
        return collectGarbageOnce();
      case 'wait':
        return pass(step.cranks);
      case 'settle':
        await this.#settle();
        this.#gates = this.#gates.map(makeGate);
        return undefined;
      case 'refuse':
        this.#life.refuse = true;
        return undefined;
      case 'kill':
        return this.#reopen();
      case 'restart':
        await this.#kernel.stop();
        return this.#reopen();
    }
  }

  /** Nobody holds anything any more: all that is left is what the rows hold. */
  async end(collectGarbage: () => Promise<void>): Promise<void> {
    this.#life.refuse = false;
    await this.#settle();
    this.#held = [];
    this.#gates = [];
    // The first cycle empties the caches, so that the engine sees what is garbage.
    await this.#kernel.collector.collect();
    await collectGarbage();
    await this.#kernel.collector.collect();
    await this.#kernel.stop();
    const rows = this.#rows;
    const reached = reachableIn(rows);
    checkCounts(rows);
    checkReferences(rows);
    const left = actorsIn(rows).filter((key) => !reached.has(key));
    if (left.length > 0) throw Error(`garbage is left: ${left.join(', ')}`);
  }

  close(): void {
    this.#life.ended = true;
  }
}
