/**
 * Looking into the vats, for people: which actors there are, what their portraits say, who refers to whom. Names and
 * text only, so that looking gives no authority. What is not yet durable is not shown.
 */
import { makeError } from '../errors/gobs-error.ts';
import { drawGraph, type Graph, type GraphRequest } from './graph.ts';
import { lastKey, pagesIn } from './key-order.ts';
import { actorKey, actorRange, rootRange, vatRange } from './keys.ts';
import { vatsIn } from './known-kinds.ts';
import { formatActorName, parseActorName, type RefName } from './names.ts';
import { decodeRow } from './row.ts';
import type { Store, StoreEntry } from './store.ts';
import { readTrace, type AcceptRecord, type TracePage, type TraceRequest } from './trace-reader.ts';
import type { Trace } from './trace.ts';
import { typeOfVat } from './vat-types.ts';
import type { Vat } from './vat.ts';

export interface VatSummary {
  readonly name: string;
  /** Of one that a turn made; null for one that its process opens. */
  readonly type: string | null;
  /** One that is not, a message opens. */
  readonly open: boolean;
  /** Actors in memory. */
  readonly cached: number;
}

export interface ActorSummary {
  readonly name: RefName;
  readonly kind: string;
  readonly version: number;
  readonly change: number;
}

export interface ActorPage {
  readonly actors: readonly ActorSummary[];
  /** The `after` of the next page; null at the end. */
  readonly next: string | null;
}

export interface PortraitView extends ActorSummary {
  /** The portrait in smallcaps encoding: JSON, in which `$0` is the first of `references`. */
  readonly portrait: string;
  readonly references: readonly RefName[];
}

export interface Inspector {
  /** Those that are open, then those that are only stored. */
  vats(): Promise<readonly VatSummary[]>;
  /** Names of the roots of a vat. */
  roots(vat: string): Promise<readonly string[]>;
  actors(vat: string, page?: { readonly after?: string; readonly limit?: number }): Promise<ActorPage>;
  /** Throws NO_SUCH_ACTOR, ROW_DAMAGED. */
  portrait(name: RefName): PortraitView;
  /** The actors and map entries of this process that hold a facet of the named actor. Reads every row. */
  referrers(name: RefName): Promise<readonly string[]>;
  /** What happened last; empty in a process without a trace. */
  trace(request?: TraceRequest, accept?: AcceptRecord): Promise<TracePage>;
  graph(request?: GraphRequest): Promise<Graph>;
}

interface InspectorOptions {
  readonly store: Store;
  readonly vats: ReadonlyMap<string, Vat>;
  readonly trace: Trace | undefined;
}

const PAGE = 500;

/** `v/boss/a/machine/7` → the name of its first facet's actor, without the facet's authority: names are only text. */
const actorFromKey = (vat: string, key: string): RefName => {
  const [kind, instance] = key.slice(actorRange(vat).gt.length).split('/') as [string, string];
  return formatActorName({ durable: true, vat, kind, instance: Number(instance), facet: 'self' });
};

const withoutFacet = (name: RefName): RefName => name.replace(/\/[^/]*$/, '');

const refersTo =
  (wanted: RefName) =>
  ([key, value]: StoreEntry): boolean =>
    decodeRow(key, value).slots.some((slot) => withoutFacet(slot) === wanted);

export const makeInspector = ({ store, vats, trace }: InspectorOptions): Inspector => {
  const summarize = (vat: string, key: string, value: string): ActorSummary => {
    const { kind, version, change } = decodeRow(key, value);
    return { name: actorFromKey(vat, key), kind, version, change };
  };

  const allNames = async (): Promise<readonly string[]> => [...new Set([...vats.keys(), ...(await vatsIn(store))])];

  const summarizeVat = (name: string): VatSummary => {
    const vat = vats.get(name);
    const type = typeOfVat(store, name) ?? null;
    return { name, type, open: vat !== undefined, cached: vat?.cached() ?? 0 };
  };

  return harden({
    vats: async () => harden((await allNames()).map(summarizeVat)),
    roots: async (vat) => {
      const found: string[] = [];
      const range = rootRange(vat);
      for await (const page of pagesIn(store, range, PAGE)) {
        found.push(...page.map(([key]) => key.slice(range.gt.length)));
      }
      return harden(found);
    },
    actors: async (vat, { after, limit = 100 } = {}) => {
      const range = actorRange(vat);
      const gt = after === undefined ? range.gt : range.gt + after;
      const page = await store.page({ ...range, gt, limit });
      return harden({
        actors: page.map(([key, value]) => summarize(vat, key, value)),
        next: page.length === limit ? lastKey(page, gt).slice(range.gt.length) : null,
      });
    },
    portrait: (name) => {
      const actor = parseActorName(name);
      const key = actor === undefined ? undefined : actorKey(actor.vat, actor.kind, actor.instance);
      const value = key === undefined ? undefined : store.get(key);
      if (actor === undefined || key === undefined || value === undefined) {
        throw makeError('NO_SUCH_ACTOR', `nothing is stored for ${name}`);
      }
      const row = decodeRow(key, value);
      return harden({ ...summarize(actor.vat, key, value), portrait: row.body.slice(1), references: [...row.slots] });
    },
    referrers: async (name) => {
      const found: string[] = [];
      for (const vat of await allNames()) {
        for await (const page of pagesIn(store, vatRange(vat), PAGE)) {
          found.push(...page.filter(refersTo(withoutFacet(name))).map(([key]) => key));
        }
      }
      return harden(found);
    },
    trace: async (request, accept) =>
      trace === undefined
        ? harden({ records: [], last: 0, cut: false })
        : readTrace(trace, store, request ?? {}, accept),
    graph: (request = {}) => drawGraph(request, { store, vats: allNames }),
  });
};
harden(makeInspector);
