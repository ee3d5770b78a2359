/**
 * The plain model: what each step of a program must lead to. Turns are run one after the other on ordinary objects; what is said to have
 * failed puts back a copy. Longer than other files, since every step may be met by every fate.
 */
import type { Fate, Message, Op, Step, VatName } from './program.ts';
import { VATS } from './program.ts';
import { collectAll, mayCollect } from './plain-garbage.ts';
import { addActor, emptyRefs, NEWEST, refusals, rootKindFor } from './plain-kinds.ts';
import { copyState, emptyState, seenBy, Thrown, withoutEphemeral, type PlainState } from './plain-state.ts';
import { find, perform, type Memory, type PlainOutput, type PlainTurn } from './plain-turn.ts';
import { joinTells, nothing, refsIn, type Answer, type Expected } from './plain-answers.ts';

interface Work {
  readonly id: number;
  readonly ops: readonly Op[];
  readonly gift: number | null;
}

interface Waiting extends Work {
  readonly gate: number;
}

interface Ran {
  readonly answer: Answer;
  readonly outputs: readonly PlainOutput[];
  readonly wrote: boolean;
}

interface Backup {
  readonly state: PlainState;
  readonly generation: number;
}

/** Ids of the roots of `VATS`: the first. */
const ROOTS = VATS.map((_vat, id) => id);

export class PlainModel {
  state: PlainState = emptyState();
  /** Of the kinds: plain-kinds.ts. */
  generation: number;
  /** The last one: of what was restored, a new one is made at once. */
  backup: Backup | undefined;
  /** Ids of the references that the host has, in the order in which it got them. */
  table: number[] = [];
  readonly settled = new Set<number>();
  /** By vat. */
  #memory = new Map<VatName, Memory>();
  #waiting: Waiting[] = [];
  #incarnation = 1;
  #portraits = 0;
  readonly #vats: VatName[] = [];
  readonly #ephemeral = new Set<number>();

  constructor(generation: number) {
    this.generation = generation;
    const turn = this.#turn(null);
    for (const vat of VATS) {
      const id = this.#register(vat, false);
      const map = { change: 1, entries: new Map() };
      const kind = rootKindFor(generation);
      addActor(turn, { id, vat, ephemeral: false, kind, n: 0, refs: emptyRefs(generation), map });
      this.table.push(id);
    }
    this.state = turn.state;
  }

  isEphemeral(id: number): boolean {
    return this.#ephemeral.has(id);
  }

  #register(vat: VatName, ephemeral: boolean): number {
    const id = this.#vats.push(vat) - 1;
    if (ephemeral) this.#ephemeral.add(id);
    return id;
  }

  at(index: number): number {
    return this.table[index % this.table.length]!;
  }

  giftOf({ gift }: Message): number | null {
    return this.table[gift % (this.table.length + 1)] ?? null;
  }

  #memoryOf(vat: VatName): Memory {
    let memory = this.#memory.get(vat);
    if (memory === undefined) this.#memory.set(vat, (memory = { leaked: [], kept: [] }));
    return memory;
  }

  #turn(gift: number | null): PlainTurn {
    return {
      state: copyState(this.state),
      wrote: new Set(),
      outputs: [],
      memory: (vat) => this.#memoryOf(vat),
      generation: this.generation,
      incarnation: this.#incarnation,
      settled: this.settled,
      gift,
      isEphemeral: (each) => this.isEphemeral(each),
      vatOf: (each) => this.#vats[each]!,
      register: (vat, ephemeral) => this.#register(vat, ephemeral),
      newPortrait: () => (this.#portraits += 1),
    };
  }

  #run({ id, ops, gift }: Work): Ran {
    const turn = this.#turn(gift);
    try {
      const results = perform(turn, id, seenBy(find(turn, id)), ops);
      this.state = turn.state;
      return { answer: { results }, outputs: turn.outputs, wrote: turn.wrote.size > 0 };
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
      return { answer: { code: error.code }, outputs: [], wrote: false };
    }
  }

  /** A batch failed: what lives in memory only is gone. */
  #lose(state: PlainState): void {
    this.state = withoutEphemeral(state);
    this.#incarnation += 1;
    this.#waiting = [];
  }

  /** The process ended. */
  #die(state: PlainState): void {
    this.#lose(state);
    this.#memory = new Map();
    this.table = this.table.filter((id) => !this.isEphemeral(id));
  }

  /** Gives a turn's outputs to whoever they are for; the turns that follow, in order. */
  #release(work: Work, outputs: readonly PlainOutput[], tells: Record<VatName, number[]>): Work[] {
    const { gift } = work;
    const sends: Work[] = [];
    const laters: Work[] = [];
    for (const output of outputs) {
      if (output.out === 'tell') (tells[output.vat] ??= []).push(output.n);
      if (output.out === 'send') sends.push({ id: output.to, ops: output.ops, gift });
      if (output.out === 'later') laters.push({ id: output.of, ops: output.ops, gift });
      if (output.out === 'when') this.#waiting.push({ id: output.of, ops: output.ops, gift, gate: output.gate });
    }
    return [...sends, ...laters];
  }

  #fail(fate: Fate, before: PlainState): 'failed' | 'killed' {
    if (fate.end === 'killed') {
      this.#die(fate.moment === 'before' ? before : this.state);
      return 'killed';
    }
    this.#lose(fate.end === 'lied' ? this.state : before);
    return 'failed';
  }

  #message(message: Message, fate: Fate): Expected {
    const tells: Record<VatName, number[]> = {};
    const queue: Work[] = [{ id: this.at(message.to), ops: message.ops, gift: this.giftOf(message) }];
    let answer: Answer | undefined;
    let writes = 0;
    for (let work = queue.shift(); work !== undefined; work = queue.shift()) {
      const before = this.state;
      const ran = this.#run(work);
      writes += ran.wrote ? 1 : 0;
      const fatal = fate.end === 'killed' ? fate.write : fate.end === 'well' ? Infinity : 1;
      if (ran.wrote && writes === fatal) {
        const how = this.#fail(fate, before);
        answer ??= how === 'killed' ? 'unsettled' : { code: 'COMMIT_FAILED' };
        return { answers: [answer], tells, pageStates: undefined };
      }
      answer ??= ran.answer;
      queue.push(...this.#release(work, ran.outputs, tells));
    }
    return { answers: [answer!], tells, pageStates: [this.state] };
  }

  /** The order in which the vats come to the messages: each its own, the one first that was woken first. */
  #inOrder(messages: readonly Message[]): number[] {
    const vats = [...new Set(messages.map(({ to }) => this.#vats[this.at(to)]!))];
    return vats.flatMap((vat) => [...messages.keys()].filter((at) => this.#vats[this.at(messages[at]!.to)] === vat));
  }

  #many(parts: readonly (readonly Message[])[], fate: Fate): Expected {
    const before = this.state;
    const states: PlainState[] = [before];
    const all = parts.flat();
    const answers: Answer[] = all.map(() => 'unsettled');
    const early: Record<VatName, number[]> = {};
    const late: Record<VatName, number[]> = {};
    const lateAnswers: (() => void)[] = [];
    let pending = false;
    let offset = 0;
    for (const part of parts) {
      for (const at of this.#inOrder(part)) {
        const message = part[at]!;
        const work = { id: this.at(message.to), ops: message.ops, gift: this.giftOf(message) };
        const ran = this.#run(work);
        states.push(this.state);
        pending ||= ran.wrote;
        const place = offset + at;
        const answer = (): void => void (answers[place] = ran.answer);
        if (pending) lateAnswers.push(answer);
        else answer();
        this.#release(work, ran.outputs, pending ? late : early);
      }
      offset += part.length;
    }
    const first = { answers: [...answers], tells: joinTells(early) };
    if (!pending || fate.end === 'well') {
      for (const answer of lateAnswers) answer();
      const tells = joinTells(early, late);
      return { answers, tells, early: first, pageStates: states };
    }
    const how = this.#fail(fate, before);
    if (how === 'killed') return { answers, tells: early, early: first, pageStates: undefined };
    const told = answers.map((answer) => (answer === 'unsettled' ? { code: 'COMMIT_FAILED' } : answer));
    return { answers: told, tells: early, early: first, pageStates: undefined };
  }

  #settle(gate: number): Expected {
    const tells: Record<VatName, number[]> = {};
    const due = this.settled.has(gate) ? [] : this.#waiting.filter((each) => each.gate === gate);
    this.settled.add(gate);
    this.#waiting = this.#waiting.filter((each) => each.gate !== gate);
    for (const work of due) this.#release(work, this.#run(work).outputs, tells);
    return { answers: [], tells, pageStates: undefined };
  }

  /** What is held by more than rows; `given`: to the host, just now. */
  #held(given: readonly Answer[] = []): number[] {
    const remembered = [...this.#memory.values()].flatMap(({ leaked, kept }) => [
      ...leaked,
      ...kept.map(({ id }) => id),
    ]);
    const waiting = this.#waiting.flatMap(({ id, gift }) => [id, ...(gift === null ? [] : [gift])]);
    return [...ROOTS, ...this.table, ...remembered, ...waiting, ...given.flatMap(refsIn)];
  }

  /** Another process begins, and takes away what nobody can reach. */
  #clean(): void {
    this.#die(this.state);
    collectAll(this.state, this.#held());
  }

  #older(): Expected {
    this.#clean();
    if (this.generation === 0) return nothing();
    const codes = refusals(this.generation - 1, this.state.kinds.values());
    if (codes.size === 0) this.generation -= 1;
    return { ...nothing(), refusals: codes };
  }

  #restore(): void {
    if (this.backup === undefined) return this.#die(this.state);
    const { state, generation } = this.backup;
    this.#die({ ...copyState(state), restores: state.restores + 1 });
    this.generation = Math.max(this.generation, generation);
    this.table = this.table.filter((id) => this.state.actors.has(id));
    this.backup = { state: copyState(this.state), generation: this.generation };
  }

  #exported(index: number): { readonly of: number[]; readonly at: number } {
    const { peer, locator } = this.state.exports;
    const at = index % Math.max(1, peer.length + locator.length);
    return at < peer.length ? { of: peer, at } : { of: locator, at: at - peer.length };
  }

  #tables(step: Extract<Step, { step: 'export' | 'enliven' | 'revoke' | 'forget' }>): void {
    const { exports } = this.state;
    if (step.step === 'forget') {
      this.table.length = Math.min(this.table.length, ROOTS.length + step.keep);
    } else if (step.step === 'export') {
      const id = this.at(step.index);
      if (!this.isEphemeral(id)) exports[step.locator ? 'locator' : 'peer'].push(id);
    } else {
      const { of, at } = this.#exported(step.index);
      if (of.length > 0 && step.step === 'enliven') this.table.push(of[at]!);
      if (step.step === 'revoke') of.splice(at, 1);
    }
  }

  /** What must come of a step. The caller adds to the table what the answers bring. */
  take(step: Step): Expected {
    switch (step.step) {
      case 'message':
        return this.#message(step.message, step.fate);
      case 'batch':
        return this.#many([step.messages], step.fate);
      case 'overlap':
        return this.#many([step.first, step.second], step.fate);
      case 'settle':
        return this.#settle(step.gate);
      case 'collect': {
        const expected = this.#many([step.messages], { end: 'well' });
        mayCollect(this.state, this.#held(expected.answers));
        return { ...expected, early: undefined };
      }
      case 'backup':
        this.backup = { state: copyState(this.state), generation: this.generation };
        return { ...this.#many([step.messages], { end: 'well' }), early: undefined };
      case 'older':
        return this.#older();
      case 'forget':
      case 'export':
      case 'enliven':
      case 'revoke':
        this.#tables(step);
        return nothing();
      case 'restart':
        this.#die(this.state);
        return nothing();
      case 'upgrade':
        this.#die(this.state);
        this.generation = Math.min(this.generation + 1, NEWEST);
        return nothing();
      case 'clean':
        this.#clean();
        return nothing();
      case 'restore':
        this.#restore();
        return nothing();
    }
  }
}
