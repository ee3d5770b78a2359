/**
 * The plain model: what each step of a program must lead to. Turns are run one after the other on ordinary objects; what is said to have
 * failed puts back a copy.
 */
import type { Fate, Message, Op, Step, VatName } from './program.ts';
import { VATS } from './program.ts';
import { copyState, seenBy, Thrown, withoutEphemeral, type PlainState } from './plain-state.ts';
import { perform, type Memory, type PlainOutput, type PlainTurn, type Result } from './plain-turn.ts';

export type Answer = { readonly results: readonly Result[] } | { readonly code: string } | 'unsettled';

export type Tells = Record<VatName, number[]>;

export interface Expected {
  /** In the order of the messages. */
  readonly answers: readonly Answer[];
  readonly tells: Tells;
  /** For `overlap`: what is there while the first batch is being written. */
  readonly early?: { readonly answers: readonly Answer[]; readonly tells: Tells };
  /** The states in which a page that was asked for by each message may have been read; undefined where nothing can be said. */
  readonly pageStates: readonly PlainState[] | undefined;
}

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

export const noTells = (): Tells => ({ a: [], b: [] });

export class PlainModel {
  state: PlainState = { actors: new Map() };
  /** Ids of the references that the host has, in the order in which it got them. */
  table: number[] = [];
  readonly settled = new Set<number>();
  #memory: Memory = { leaked: { a: [], b: [] }, kept: { a: [], b: [] } };
  #waiting: Waiting[] = [];
  #incarnation = 1;
  #portraits = 0;
  readonly #vats: VatName[] = [];
  readonly #ephemeral = new Set<number>();

  constructor() {
    for (const vat of VATS) {
      const id = this.#register(vat, false);
      const map = { change: 1, entries: new Map() };
      this.state.actors.set(id, {
        id,
        vat,
        ephemeral: false,
        n: 0,
        refs: [null, null, null],
        change: 1,
        portrait: 0,
        map,
      });
      this.table.push(id);
    }
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

  #run({ id, ops, gift }: Work): Ran {
    const before = this.state;
    const turn: PlainTurn = {
      state: copyState(before),
      wrote: new Set(),
      outputs: [],
      memory: this.#memory,
      incarnation: this.#incarnation,
      settled: this.settled,
      gift,
      isEphemeral: (each) => this.isEphemeral(each),
      vatOf: (each) => this.#vats[each]!,
      register: (vat, ephemeral) => this.#register(vat, ephemeral),
      newPortrait: () => (this.#portraits += 1),
    };
    try {
      const actor = turn.state.actors.get(id);
      if (actor === undefined) throw new Thrown('NO_SUCH_ACTOR');
      const results = perform(turn, id, seenBy(actor), ops);
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
    this.#memory = { leaked: { a: [], b: [] }, kept: { a: [], b: [] } };
    this.table = this.table.filter((id) => !this.isEphemeral(id));
  }

  /** Gives a turn's outputs to whoever they are for; the turns that follow, in order. */
  #release(work: Work, outputs: readonly PlainOutput[], tells: Tells): Work[] {
    const { gift } = work;
    const sends: Work[] = [];
    const laters: Work[] = [];
    for (const output of outputs) {
      if (output.out === 'tell') tells[output.vat].push(output.n);
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
    const tells = noTells();
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
    const early = noTells();
    const late = noTells();
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
    const first = { answers: [...answers], tells: { a: [...early.a], b: [...early.b] } };
    if (!pending || fate.end === 'well') {
      for (const answer of lateAnswers) answer();
      const tells = { a: [...early.a, ...late.a], b: [...early.b, ...late.b] };
      return { answers, tells, early: first, pageStates: states };
    }
    const how = this.#fail(fate, before);
    if (how === 'killed') return { answers, tells: early, early: first, pageStates: undefined };
    const told = answers.map((answer) => (answer === 'unsettled' ? { code: 'COMMIT_FAILED' } : answer));
    return { answers: told, tells: early, early: first, pageStates: undefined };
  }

  #settle(gate: number): Expected {
    const tells = noTells();
    const due = this.settled.has(gate) ? [] : this.#waiting.filter((each) => each.gate === gate);
    this.settled.add(gate);
    this.#waiting = this.#waiting.filter((each) => each.gate !== gate);
    for (const work of due) this.#release(work, this.#run(work).outputs, tells);
    return { answers: [], tells, pageStates: undefined };
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
      case 'restart':
        this.#die(this.state);
        return { answers: [], tells: noTells(), pageStates: undefined };
    }
  }
}
