/**
 * The first rows of a vat that a turn makes: its header, which says what it is, and its root actor. They are written into the turn that
 * makes it, so that it is there if the turn is, and undone with it.
 */
import { makeError } from '../errors/gobs-error.ts';
import { checkPortrait } from './actors.ts';
import { facetReferences } from './facet-references.ts';
import { actorKey, nextVatKey, vatHeaderKey } from './keys.ts';
import type { AnyKind } from './kind.ts';
import { writeKinds } from './kinds-manifest.ts';
import type { RefName } from './names.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import type { Turn } from './turn.ts';
import { translate } from './translate.ts';
import { VAT_ROW } from './vat-header.ts';

export interface Foundation {
  readonly type: string;
  /** Default: the type and a number. */
  readonly name: string | undefined;
  /** What the vat's opening is told: data. */
  readonly about: unknown;
  readonly root: AnyKind;
  readonly portrait: unknown;
  /** The instance number of the root of a vat of that name; never one that was given before. */
  readonly instanceIn: (name: string) => number;
}

/** What is needed of the vat whose turn it is. */
export interface FoundingOptions {
  readonly codec: PortraitCodec;
  readonly refFor: (name: RefName) => object;
  /** Reads through the running turn. */
  readonly read: (key: string) => string | undefined;
}

const NUMBERS = { kind: 'vats', version: 1 } as const;

const noReferences = {
  reference: (): never => {
    throw makeError('NOT_DURABLE', 'what a vat is about is data, without references', {
      hint: 'references go into the portrait of its root',
    });
  },
  promise: (): never => noReferences.reference(),
};

/** Writes into `turn`; throws VAT_EXISTS, BAD_PORTRAIT, NOT_DURABLE. What it wrote before it threw, the caller takes back. */
export const foundVat = (turn: Turn, { codec, refFor, read }: FoundingOptions, foundation: Foundation): unknown => {
  const { type, about, root, portrait, instanceIn } = foundation;

  const nextName = (): string => {
    const before = read(nextVatKey);
    const row = before === undefined ? undefined : codec.decodeRow(nextVatKey, before);
    const { next } = row === undefined ? { next: 1 } : (codec.decodePortrait(nextVatKey, row) as { next: number });
    const change = (row?.change ?? 0) + 1;
    turn.write(nextVatKey, codec.encode({ ...NUMBERS, change }, harden({ next: next + 1 })));
    const name = `${type}-${next}`;
    // Somebody may have chosen that name.
    return read(vatHeaderKey(name)) === undefined ? name : nextName();
  };

  const name = foundation.name ?? nextName();
  const headerKey = vatHeaderKey(name);
  if (read(headerKey) !== undefined) throw makeError('VAT_EXISTS', `there is a vat ${name}`);
  checkPortrait(`portrait of ${root.label}`, root, portrait);
  const instance = instanceIn(name);
  const rootKey = actorKey(name, root.label, instance);
  const header = { next: instance + 1, actors: 1, type, about: translate(about, noReferences) };
  turn.write(headerKey, codec.encode({ ...VAT_ROW, change: 1 }, harden(header)));
  turn.write(rootKey, codec.encode({ kind: root.label, version: root.version, change: 1 }, portrait));
  writeKinds(turn, name, codec, { versions: harden({ [root.label]: root.version }), change: 1 });
  const facets = facetReferences(root, { durable: true, vat: name, kind: root.label, instance }, refFor);
  return root.kit ? facets : facets['self'];
};
harden(foundVat);
