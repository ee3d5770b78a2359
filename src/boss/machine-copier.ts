/** The facet for copying files to and from a machine. */
import { makeError } from '../errors/gobs-error.ts';
import { isCopyEnd, isFoundFile } from '../protocol/copies.ts';
import { plainText } from '../protocol/plain-text.ts';
import { E } from '../vats/eventual-send.ts';
import type { Copier } from './machine-facets.ts';
import { askHob, requireHob } from './machine-operator.ts';
import type { MachineTurn } from './machine-turn.ts';
import { passOn } from './passed-on.ts';

const endText = (end: unknown): string | undefined => (isCopyEnd(end) ? `ended after ${end.bytes} bytes` : undefined);

const pathText = (path: string): string => plainText(path, 200);

export const copierMethods = (turn: MachineTurn): Copier => ({
  look: (path) =>
    askHob(turn, E(requireHob(turn)).look(path), (found) => {
      if (found === null || isFoundFile(found)) return found;
      throw makeError('PROTOCOL_ERROR', `${turn.portrait.name}: its hob answered with something that is no file`);
    }),
  download: (path, { by }, until) =>
    passOn(turn, {
      what: `copy from ${pathText(path)}`,
      by,
      ask: (hob) => E(hob).download(path, ...(until === undefined ? [] : [until])),
      endText,
    }),
  upload: (path, mode, { by }, until) =>
    passOn(turn, {
      what: `copy to ${pathText(path)}`,
      by,
      ask: (hob) => E(hob).upload(path, mode, ...(until === undefined ? [] : [until])),
      endText,
    }),
  asCopier: () => turn.self.copier,
});
harden(copierMethods);
