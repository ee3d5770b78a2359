/** The facet for reading the logs of a machine's host. */
import { makeError } from '../errors/gobs-error.ts';
import { isHobLinesPage } from '../protocol/host-logs.ts';
import { plainText } from '../protocol/plain-text.ts';
import { E } from '../vats/eventual-send.ts';
import { commandEndText } from './machine-executor.ts';
import type { Journal } from './machine-facets.ts';
import { askHob, requireHob } from './machine-operator.ts';
import type { MachineTurn } from './machine-turn.ts';
import { passOn } from './passed-on.ts';

export const journalMethods = (turn: MachineTurn): Journal => ({
  hobLog: (request) =>
    askHob(turn, E(requireHob(turn)).hobLog(request), (page) => {
      if (isHobLinesPage(page)) return page;
      throw makeError('PROTOCOL_ERROR', `${turn.portrait.name}: its hob answered with something that is no log`);
    }),
  unitLog: (unit, request, { by }, until) =>
    passOn(turn, {
      what: `journal of ${plainText(unit, 100)}`,
      by,
      ask: (hob) => E(hob).unitLog(unit, request, ...(until === undefined ? [] : [until])),
      endText: commandEndText,
    }),
  asJournal: () => turn.self.journal,
});
harden(journalMethods);
