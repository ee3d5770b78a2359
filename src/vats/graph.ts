/**
 * Who refers to whom: the portraits of a store as a graph of names, breadth first from where one likes, and no more of it than was asked for.
 * Names and keys only. What is not yet durable is not shown.
 */
import { actorKey, entryRange, rootRange } from './keys.ts';
import { parseActorName, type RefName } from './names.ts';
import { decodeRow, type Row } from './row.ts';
import type { Store } from './store.ts';

export interface GraphNode {
  /** `vat:boss/machine/7`; of what is not here, the reference's whole name; of where the walk begins without an actor, `root:boss`. */
  readonly name: string;
  /** null if it is not in this store. */
  readonly kind: string | null;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** Where it is held, the name of a portrait's property or the key of a map's entry; then the facet that is held. */
  readonly label: string;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** What was left out: one line for each reason. Empty: nothing was. */
  readonly omitted: readonly string[];
}

export interface GraphRequest {
  /** Default: the roots of all vats. */
  readonly from?: RefName;
  /** References away from there. Default 3. */
  readonly depth?: number;
  /** Actors. Default 200. */
  readonly limit?: number;
}

interface Held {
  readonly key: string;
  readonly slots: readonly RefName[];
}

interface GraphPowers {
  readonly store: Pick<Store, 'get' | 'page'>;
  /** Names of all vats, open or not. */
  readonly vats: () => Promise<readonly string[]>;
}

/** Of a map, no more are followed. */
const ENTRIES = 50;

const nodeName = (name: RefName): string =>
  parseActorName(name) === undefined ? name : name.slice(0, name.lastIndexOf('/'));
const facetOf = (name: RefName): string => parseActorName(name)?.facet ?? '';

const labelOf = (key: string, name: RefName): string => {
  const facet = facetOf(name);
  const shown = facet === 'self' ? '' : facet;
  return key === '' || shown === '' || key === shown ? key || shown : `${key}: ${shown}`;
};

/** The numbers of the references in a part of a portrait, which is in smallcaps. */
const slotsIn = (part: unknown): number[] => {
  if (typeof part === 'string') return /^[$&][0-9]+/.test(part) ? [Number.parseInt(part.slice(1), 10)] : [];
  return typeof part === 'object' && part !== null ? Object.values(part).flatMap(slotsIn) : [];
};

/** A property of a portrait at a time; all in one where it is no record. */
const properties = ({ body, slots }: Pick<Row, 'body' | 'slots'>): readonly Held[] => {
  const portrait = JSON.parse(body.replace(/^#/, '')) as unknown;
  if (typeof portrait !== 'object' || portrait === null || Array.isArray(portrait)) return [{ key: '', slots }];
  return Object.entries(portrait).map(([key, part]) => ({
    key,
    slots: slotsIn(part).flatMap((n) => slots[n] ?? []),
  }));
};

/** What a node holds, and what kind of thing it is. */
const makeLook = ({ store }: GraphPowers) => {
  const rowsIn = async (range: { gt: string; lt: string }, limit: number): Promise<readonly Held[]> => {
    const rows = await store.page({ ...range, limit });
    return rows.map(([key, value]) => ({ key: key.slice(range.gt.length), slots: decodeRow(key, value).slots }));
  };

  return async (node: string, omit: (what: string) => void) => {
    if (node.startsWith('root:')) return { kind: 'vat', held: await rowsIn(rootRange(node.slice(5)), ENTRIES) };
    const actor = parseActorName(`${node}/self`);
    const key = actor?.durable === true ? actorKey(actor.vat, actor.kind, actor.instance) : undefined;
    const value = key === undefined ? undefined : store.get(key);
    if (actor === undefined || key === undefined || value === undefined) return { kind: null, held: [] };
    const row = decodeRow(key, value);
    const { kind } = row;
    if (kind !== 'map') return { kind, held: properties(row) };
    const entries = await rowsIn(entryRange(actor.vat, actor.instance), ENTRIES + 1);
    if (entries.length > ENTRIES) omit(`${node}: a map with more than ${ENTRIES} entries`);
    return { kind, held: entries.slice(0, ENTRIES) };
  };
};

export const drawGraph = async (
  { from, depth = 3, limit = 200 }: GraphRequest,
  powers: GraphPowers,
): Promise<Graph> => {
  const look = makeLook(powers);
  const all = from === undefined ? (await powers.vats()).map((vat) => `root:${vat}`) : [nodeName(from)];
  const starts = all.slice(0, limit);
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  const omitted = new Set<string>();
  const known = new Set(starts);
  const omit = (what: string): void => void omitted.add(what);
  const tooMany = (): void => omit(`more than ${limit} actors`);
  if (starts.length < all.length) tooMany();

  const follow = (node: string, { key, slots }: Held): string[] =>
    [...new Set(slots)].flatMap((slot) => {
      const to = nodeName(slot);
      if (!known.has(to) && known.size >= limit) {
        tooMany();
        return [];
      }
      edges.push({ from: node, to, label: labelOf(key, slot) });
      if (known.has(to)) return [];
      known.add(to);
      return [to];
    });

  let ring: readonly string[] = starts;
  for (let distance = 0; ring.length > 0; distance += 1) {
    const beyond: string[] = [];
    for (const node of ring) {
      const isEdge = distance >= depth;
      const { kind, held } = await look(node, isEdge ? () => {} : omit);
      nodes.set(node, { name: node, kind });
      if (!isEdge) beyond.push(...held.flatMap((each) => follow(node, each)));
      else if (held.some(({ slots }) => slots.length > 0)) {
        omit(`what is more than ${depth} reference${depth === 1 ? '' : 's'} away`);
      }
    }
    ring = beyond;
  }
  return harden({ nodes: [...nodes.values()], edges, omitted: [...omitted] });
};
harden(drawGraph);
