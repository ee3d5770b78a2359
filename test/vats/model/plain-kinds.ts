/**
 * The generations of the model test's kinds, as the plain model knows them (kinds.ts has the real ones):
 *
 *   0  node 1
 *   1  node 2        n is 100 more, and the map has it as `u`
 *   2  machine 3     renamed; there is a fourth reference, to a new actor that refers back. Fails where 9 divides n
 *   3  left, right   split: n is even, or odd
 *   4  left          right is retired
 */
import { noteKind, Thrown, type Kind, type PlainActor } from './plain-state.ts';
import type { PlainTurn } from './plain-turn.ts';

export const NEWEST = 4;

const kind = (label: string, version: number): Kind => ({ label, version });
const node1 = kind('node', 1);
const node2 = kind('node', 2);
const machine = kind('machine', 3);
const left = kind('left', 1);
const right = kind('right', 1);
const map = kind('map', 1);

/** What a spawned actor is of. */
export const kindFor = (generation: number, n: number): Kind => {
  if (generation < 3) return [node1, node2, machine][generation]!;
  return generation === 3 && n % 2 !== 0 ? right : left;
};

/** Of a vat's first actor. */
export const rootKindFor = (generation: number): Kind => kindFor(generation, 0);

export const emptyRefs = (generation: number): null[] => [null, null, null, ...(generation < 2 ? [] : [null])];

/** The kinds that a process knows, by label: the highest version. */
const known: readonly Readonly<Record<string, number>>[] = [
  { map: 1, node: 1 },
  { map: 1, node: 2 },
  { map: 1, node: 3, machine: 3 },
  { map: 1, node: 3, machine: 3, left: 1, right: 1 },
  { map: 1, node: 3, machine: 3, left: 1, right: 1 },
];

/** The codes with which a process of that generation may refuse the kinds; none if it knows them all. */
export const refusals = (generation: number, kinds: Iterable<ReadonlyMap<string, number>>): ReadonlySet<string> => {
  const codes = new Set<string>();
  for (const [label, version] of [...kinds].flatMap((each) => [...each])) {
    const knows = known[generation]![label];
    if (knows === undefined) codes.add('UNKNOWN_KIND');
    else if (knows < version) codes.add('NEWER_VERSION');
  }
  return codes;
};

const stageOf = ({ label, version }: Kind): number => (label === 'node' ? version - 1 : label === 'machine' ? 2 : 3);

/** Adds an actor, and what is written with it. */
export const addActor = (turn: PlainTurn, actor: Omit<PlainActor, 'change' | 'portrait' | 'address'>): PlainActor => {
  const added = { ...actor, address: actor.kind.label, change: 1, portrait: turn.newPortrait() };
  turn.state.actors.set(actor.id, added);
  if (actor.ephemeral) return added;
  turn.wrote.add(`actor ${actor.id}`);
  noteKind(turn.state, actor.vat, actor.kind);
  if (actor.map !== undefined) noteKind(turn.state, actor.vat, map);
  return added;
};

const steps: readonly ((turn: PlainTurn, actor: PlainActor) => void)[] = [
  (_turn, actor) => {
    actor.n += 100;
    if (actor.map === undefined) return;
    const entry = actor.map.entries.get('u');
    if (entry === undefined) actor.map.change += 1;
    actor.map.entries.set('u', { n: actor.n, change: (entry?.change ?? 0) + 1 });
  },
  (turn, actor) => {
    const { vat, n } = actor;
    const child = addActor(turn, {
      id: turn.register(vat, false),
      vat,
      ephemeral: false,
      kind: kindFor(turn.generation, n),
      n,
      refs: [actor.id, null, null, null],
      map: { change: 1, entries: new Map() },
    });
    actor.refs = [...actor.refs, child.id];
    if (n % 9 === 0) throw new Thrown('UPGRADE_FAILED');
  },
  () => {},
];

/** What is called is of the newest kind then. Throws what a call of it would. */
export const revive = (turn: PlainTurn, actor: PlainActor): PlainActor => {
  if (actor.ephemeral) return actor;
  const newest = Math.min(turn.generation, 3);
  const stage = stageOf(actor.kind);
  if (stage < newest) {
    for (const step of steps.slice(stage, newest)) step(turn, actor);
    actor.kind = newest === 3 ? (actor.n % 2 === 0 ? left : right) : kindFor(newest, 0);
    actor.change += 1;
    actor.portrait = turn.newPortrait();
    turn.wrote.add(`actor ${actor.id}`);
    noteKind(turn.state, actor.vat, actor.kind);
  }
  if (turn.generation === 4 && actor.kind === right) throw new Thrown('KIND_RETIRED');
  return actor;
};

/** Do references to it have methods, near? */
export const hasMethods = ({ generation }: PlainTurn, { address }: PlainActor): boolean =>
  generation < 4 || address !== 'right';
