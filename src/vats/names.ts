/**
 * Names of references: one line of text for each, by which messages and portraits hold them. The four forms are in
 * docs/explanation/turns.md. Names are not secrets and give no authority: whoever turns one into a reference must
 * have the right to.
 */

export type RefName = string;

/** `vat:<vat>/<kind>/<instance>/<facet>` or, for an actor that is never written, `eph:<vat>/<kind>/<instance>/<facet>`. */
export interface ActorName {
  readonly durable: boolean;
  readonly vat: string;
  readonly kind: string;
  readonly instance: number;
  readonly facet: string;
}

// Numbers of 15 digits are exact in JavaScript, so two names are never one actor.
const ACTOR = /^(vat|eph):([a-z][a-z0-9-]*)\/([a-z][a-z0-9-]*)\/([1-9][0-9]{0,14})\/([a-zA-Z][a-zA-Z0-9]*)$/;
const PEER = /^peer:([a-z2-7]{52})\/([1-9][0-9]{0,14})$/;

/** What a vat, a root or a kind may be called. Bounded, so that every key of the store is. */
export const LABEL = /^[a-z][a-z0-9-]{0,62}$/;
harden(LABEL);
export const isLabel = (text: string): boolean => LABEL.test(text);
harden(isLabel);

export const formatActorName = (name: ActorName): RefName =>
  `${name.durable ? 'vat' : 'eph'}:${name.vat}/${name.kind}/${name.instance}/${name.facet}`;
harden(formatActorName);

/** Undefined for a name of another form. */
export const parseActorName = (name: RefName): ActorName | undefined => {
  const match = ACTOR.exec(name);
  if (match === null) return undefined;
  const [, scheme, vat, kind, instance, facet] = match as unknown as string[];
  return { durable: scheme === 'vat', vat: vat!, kind: kind!, instance: Number(instance), facet: facet! };
};
harden(parseActorName);

export const formatPeerName = (peer: string, number: number): RefName => `peer:${peer}/${number}`;
harden(formatPeerName);

export const parsePeerName = (name: RefName): { readonly peer: string; readonly number: number } | undefined => {
  const match = PEER.exec(name);
  return match === null ? undefined : { peer: match[1]!, number: Number(match[2]) };
};
harden(parsePeerName);

/** May it stand in a portrait? */
export const isDurableName = (name: RefName): boolean => name.startsWith('vat:') || name.startsWith('peer:');
harden(isDurableName);
