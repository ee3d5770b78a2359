/**
 * The same steps in real vats: two of them in one kernel, and those that turns make, on a store whose batches fail or never end as a step's fate
 * has it. A world has several lives, one after the other on the same rows, or on those that a backup has.
 */
import type { Buffer } from 'node:buffer';
import { codeOf } from '../../../src/errors/gobs-error.ts';
import { makeMemoryStore, type MemoryStore } from '../../../src/persistence/memory-store.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import type { Kernel } from '../../../src/vats/kernel.ts';
import { collectGarbageOnce } from '../collect-garbage.ts';
import type { Context, Gate, Node, RealResult } from './actors.ts';
import { generations } from './kinds.ts';
import { joinTells, type Tells } from './plain-answers.ts';
import { GATES, VATS, type Fate, type Message, type Program, type Step } from './program.ts';
import { makeBackup, restored } from './real-backup.ts';
import { RealExports } from './real-exports.ts';
import { openLedgerOf, openLife, type Life } from './real-life.ts';
import { rounds, type Fortune } from './real-store.ts';

export type RealAnswer = { readonly results: readonly RealResult[] } | { readonly code: string } | 'unsettled';

export interface Observed {
  readonly answers: readonly RealAnswer[];
  readonly tells: Tells;
  readonly early?: { readonly answers: readonly RealAnswer[]; readonly tells: Tells };
  /** For `older`: the code with which the store was refused. */
  readonly refused?: string | undefined;
}

/** `vat:a/node/3/self` → `v/a/a/node/3` */
const rowKeyOf = (name: string): string => name.replace(/^vat:([^/]*)\/([^/]*)\/([^/]*)\/.*$/, 'v/$1/a/$2/$3');

const NEWEST = generations.length - 1;

export class RealWorld {
  readonly #program: Pick<Program, 'cacheLimit' | 'pace'>;
  readonly #gates: { readonly promise: Promise<unknown>; settle(): void; settled: boolean }[];
  readonly #fortune: Fortune = { fate: { end: 'well' }, writes: 0, died: () => {}, waiting: [] };
  readonly #exports = new RealExports();
  #disk: MemoryStore = makeMemoryStore();
  #generation: number;
  /** Names of what was made after a backup that was restored. */
  readonly #lost: string[] = [];
  /** The last one: each is restored once. */
  backup: { readonly bytes: Buffer; readonly generation: number; readonly restores: number } | undefined;
  /** References that the host has, in the order in which it got them. */
  table: object[] = [];
  #life!: Life;
  /** Actors, by now. */
  collected = 0;

  constructor(program: Omit<Program, 'steps'>) {
    const { cacheLimit, pace, generation } = program;
    this.#program = { cacheLimit, pace };
    this.#generation = generation;
    this.#gates = Array.from({ length: GATES }, () => {
      let settle = (): void => {};
      const promise = harden(new Promise<void>((resolve) => (settle = resolve)));
      return { promise, settle, settled: false };
    });
  }

  get kernel(): Kernel {
    return this.#life.kernel;
  }
  /** As they are on disk. */
  get rows(): readonly (readonly [string, string])[] {
    return this.#disk.entries();
  }

  async open(): Promise<void> {
    const { life, roots } = await openLife({
      disk: this.#disk,
      fortune: this.#fortune,
      generation: this.#generation,
      ...this.#program,
    });
    this.#life = life;
    if (this.table.length === 0) this.table = roots;
  }

  #names(): readonly string[] {
    return this.table.map((ref) => this.#life.kernel.nameOf(ref)!).filter((name) => name.startsWith('vat:'));
  }

  /** What the host keeps over the end of a process: names. */
  async #reopen(names = this.#names()): Promise<void> {
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

  #tells(): Tells {
    const { tells } = this.#life;
    this.#life.tells = {};
    return tells;
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
    const early = { answers: [...one.answers, ...two.answers], tells };
    await this.#letGo();
    await Promise.all([one.all, two.all, this.#life.kernel.idle()]);
    fortune.fate = { end: 'well' };
    return { answers: [...one.answers, ...two.answers], tells: joinTells(tells, this.#tells()), early };
  }

  /** Batches that wait at the gate, and those that come then. */
  async #letGo(): Promise<void> {
    const { waiting } = this.#fortune;
    while (waiting.length > 0) {
      waiting.shift()!();
      await rounds();
    }
  }

  async #collect(messages: readonly Message[]): Promise<Observed> {
    // The first empties the caches, so that the engine sees what is garbage.
    await this.#runCycle();
    await collectGarbageOnce();
    const { answers, all } = this.#watch(messages);
    await Promise.all([this.#runCycle(), all]);
    await this.#life.kernel.idle();
    return { answers, tells: this.#tells() };
  }

  async #backUp(messages: readonly Message[], pages: number): Promise<Observed> {
    const fortune = this.#fortune;
    Object.assign(fortune, { fate: { end: 'gated', well: true }, writes: 0 });
    const { answers, all } = this.#watch(messages);
    await rounds();
    let isOver = false;
    const goOn = async (): Promise<void> => {
      if (isOver) return;
      isOver = true;
      await this.#letGo();
      await Promise.all([all, this.#life.kernel.idle()]);
      fortune.fate = { end: 'well' };
    };
    await this.#takeBackup(pages, goOn);
    await goOn();
    return { answers, tells: this.#tells() };
  }

  async #takeBackup(pages: number, meanwhile: () => Promise<void>): Promise<void> {
    const { ledger } = this.#life;
    const bytes = await makeBackup(ledger.snapshotOnDisk(), pages, meanwhile);
    this.backup = { bytes, generation: this.#generation, restores: ledger.restores };
  }

  async #restore(): Promise<void> {
    const names = this.#names();
    await this.#end();
    if (this.backup === undefined) return this.#reopen(names);
    const { bytes, generation, restores } = this.backup;
    this.#generation = Math.max(this.#generation, generation);
    this.#disk = makeMemoryStore(await restored(bytes, generations[this.#generation]!.definitions));
    const isThere = (name: string): boolean => this.#disk.get(rowKeyOf(name)) !== undefined;
    this.#lost.push(...names.filter((name) => !isThere(name)));
    await this.#reopen(names.filter(isThere));
    const { restores: now } = this.#life.ledger;
    if (now !== restores + 1) throw Error(`the store was restored ${restores + 1} times, and says ${now}`);
    await this.#takeBackup(0, async () => {});
  }

  /** An older process on the same rows, once they are all needed. */
  async #older(): Promise<string | undefined> {
    await this.#clean();
    if (this.#generation === 0) return undefined;
    const names = this.#names();
    await this.#end();
    const before = this.rows;
    try {
      await openLedgerOf(this.#disk, this.#fortune, this.#generation - 1, { ended: false });
      this.#generation -= 1;
      return undefined;
    } catch (error) {
      if (this.rows.some(([key, value], at) => before[at]?.[0] !== key || before[at][1] !== value)) {
        throw Error(`a store was refused, and changed`, { cause: error });
      }
      return codeOf(error);
    } finally {
      await this.#reopen(names);
    }
  }

  async #end(): Promise<void> {
    await this.#life.kernel.stop();
    this.#life.ended = true;
  }

  async #clean(): Promise<void> {
    await this.#restart();
    await this.#runCycle();
  }

  async #runCycle(): Promise<void> {
    const { collected } = await this.#life.kernel.collector.collect();
    this.collected += collected;
  }

  async #restart(): Promise<void> {
    const names = this.#names();
    await this.#end();
    await this.#reopen(names);
  }

  /** Numbers are never given to somebody else, over restores too. */
  checkLost(): void {
    const there = new Set(
      this.rows.flatMap(([key]) => /^v\/([^/]+)\/a\/[^/]+\/([^/]+)$/.exec(key)?.slice(1).join(' ') ?? []),
    );
    for (const name of this.#lost) {
      const [, vat, instance] = /^vat:([^/]+)\/[^/]+\/([^/]+)\//.exec(name)!;
      if (there.has(`${vat} ${instance}`)) throw Error(`${name} was lost by a restore, and its number was given again`);
    }
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
      case 'collect':
        return this.#collect(step.messages);
      case 'backup':
        return this.#backUp(step.messages, step.pages);
      case 'older':
        return { answers: [], tells: {}, refused: await this.#older() };
      default:
        await this.#other(step);
        return { answers: [], tells: this.#tells() };
    }
  }

  async #other(step: Step): Promise<void> {
    const { kernel, ledger } = this.#life;
    const exports = this.#exports;
    switch (step.step) {
      case 'forget':
        this.table.length = Math.min(this.table.length, VATS.length + step.keep);
        return undefined;
      case 'export': {
        const name = kernel.nameOf(this.table[step.index % this.table.length]!)!;
        return exports.add(kernel, ledger.restored?.numbers ?? 1, name, step.locator);
      }
      case 'enliven': {
        const name = exports.at(step.index);
        if (name !== undefined) this.table.push(kernel.refOf(name));
        return undefined;
      }
      case 'revoke':
        return exports.remove(kernel, step.index);
      case 'upgrade':
        this.#generation = Math.min(this.#generation + 1, NEWEST);
        return this.#restart();
      case 'clean':
        return this.#clean();
      case 'restore':
        await this.#restore();
        return exports.reset(this.rows);
      default:
        return this.#restart();
    }
  }

  /** Nothing of it goes on. */
  close(): void {
    this.#life.ended = true;
  }
}
