/** The generations of the model test's kinds, and what becomes of a row from one to the next. plain-kinds.ts says what they are. */
import { M } from '@endo/patterns';
import type { VatHandle } from '../../../src/vats/kernel.ts';
import { defineKind, type Kind } from '../../../src/vats/kind.ts';
import type { UpgradeStep, UpgradeTools } from '../../../src/vats/lineage.ts';
import { becomes, defineRetiredKind, type Definition } from '../../../src/vats/retired-kind.ts';
import type { MakeVat } from '../../../src/vats/vat-types.ts';
import { behaveNode, NodeI, type Node, type Portrait, type Powers } from './actors.ts';

const portrait = M.splitRecord({ n: M.number(), refs: M.arrayOf(M.or(M.null(), M.remotable())), map: M.any() });

type NodeKind = Kind<Portrait, Node, Powers>;

/** What actors of one generation are made of. */
export interface Generation {
  readonly node: (n: number) => NodeKind;
  /** Of a vat that is made. */
  readonly root: NodeKind;
  readonly wisp: NodeKind;
  readonly refs: Portrait['refs'];
  /** All of them. */
  readonly definitions: readonly Definition[];
}

const addMuch = (old: Portrait): Portrait => {
  const n = old.n + 100;
  old.map?.set('u', n);
  return { ...old, n };
};

const bear =
  (kindFor: (n: number) => NodeKind) =>
  (old: Portrait, { self, spawn, makeMap }: UpgradeTools<Node>): Portrait => {
    const child = spawn(kindFor(old.n), { n: old.n, refs: [self, null, null, null], map: makeMap<number>() });
    if (old.n % 9 === 0) throw Error('as the program says');
    return { ...old, refs: [...old.refs, child] };
  };

interface KindOptions {
  readonly label: string;
  readonly version?: number;
  readonly formerly?: readonly string[];
  readonly upgrades?: readonly UpgradeStep<Node>[];
  readonly ephemeral?: boolean;
}

const ofKind = (options: KindOptions): NodeKind =>
  defineKind<Portrait, Node, Powers>({
    ...options,
    guard: NodeI,
    portrait,
    behave: behaveNode(options.ephemeral === true),
  });

const makeGeneration = (generation: number): Generation => {
  const wisp = ofKind({ label: 'wisp', ephemeral: true });
  const refs = harden([null, null, null, ...(generation < 2 ? [] : [null])]);
  const one = (node: NodeKind): Generation =>
    harden({ node: () => node, root: node, wisp, refs, definitions: [node, wisp] });
  if (generation === 0) return one(ofKind({ label: 'node' }));
  if (generation === 1) return one(ofKind({ label: 'node', version: 2, upgrades: [addMuch] }));
  const lineage = { label: 'machine', version: 3, formerly: ['node'] };
  if (generation === 2) {
    const machine: NodeKind = ofKind({ ...lineage, upgrades: [addMuch, bear(() => machine)] });
    return one(machine);
  }
  const left = ofKind({ label: 'left' });
  const right = generation === 3 ? ofKind({ label: 'right' }) : defineRetiredKind({ label: 'right' });
  const node = (n: number): NodeKind => (generation === 3 && n % 2 !== 0 ? (right as NodeKind) : left);
  const machine = defineRetiredKind({
    ...lineage,
    upgrades: [addMuch, bear(node)],
    replacedBy: [left, right],
    replace: (old: Portrait) => becomes(old.n % 2 === 0 ? left : right, 1, old),
  });
  return harden({ node, root: left, wisp, refs, definitions: [left, right, machine, wisp] });
};

export const generations: readonly Generation[] = [0, 1, 2, 3, 4].map(makeGeneration);

export type MakeColony = MakeVat<Portrait, Node, object>;

export const registerAll = (
  vat: VatHandle,
  generation: Generation,
  memory: ReturnType<Powers['memory']>,
  makeColony: MakeColony,
): void => {
  const { node, wisp, refs } = generation;
  const powers: Powers = {
    vat: vat.name,
    memory: () => memory,
    kindOf: (n, ephemeral) => (ephemeral ? wisp : node(n)),
    noRefs: () => refs,
    found: (n) => makeColony({ about: {}, portrait: { n, refs, map: null } }),
  };
  for (const definition of generation.definitions) vat.register(definition, 'retired' in definition ? {} : powers);
};
