/**
 * All that a machine's own hob can reach. A hob may have been taken over: whatever it says is about its own machine only, is bounded, and
 * is information; it moves the machine to `ready` and decides nothing else.
 */
import { keyEQ } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import type { MachineHobSide } from '../protocol/remotes.ts';
import type { Report } from '../protocol/shapes.ts';
import { arrived, isDoomed, reported as hasReported } from './lifecycle.ts';
import { countDrift } from './machine-portrait.ts';
import type { MachineTurn } from './machine-turn.ts';

/** Characters of one report, about: reports are kept until the next comes. */
const REPORT_LIMIT = 2_000_000;

const lengthOf = ({ resources }: Report): number => {
  let length = 0;
  for (const { id, type, why = '', changes = [] } of resources) {
    length += 40 + id.length + type.length + why.length;
    for (const { what, from, to } of changes) length += 20 + what.length + from.length + to.length;
  }
  return length;
};

/** Throws BAD_REPORT, LIMIT_EXCEEDED. */
const requireSensible = (name: string, report: Report, generation: number): void => {
  const { generation: told } = report;
  if (!Number.isSafeInteger(told) || told < 0 || told > generation) {
    throw makeError('BAD_REPORT', `${name}: a report on generation ${told}, but the newest is ${generation}`);
  }
  const length = lengthOf(report);
  if (length > REPORT_LIMIT) {
    throw makeError('LIMIT_EXCEEDED', `${name}: a report of ${length} characters, at most are ${REPORT_LIMIT}`);
  }
};

/** `motd (content, mode), logs (mode)`; what a new generation changed was no drift. Empty if there was none. */
const correctedWords = ({ reason, resources }: Report): string =>
  resources
    .filter(({ state }) => state === 'corrected' && reason !== 'applied')
    .map(({ id, changes = [] }) => `${id} (${changes.map(({ what }) => what).join(', ')})`)
    .join(', ');

export const hobSideMethods = ({ portrait, powers, note, change }: MachineTurn): MachineHobSide => {
  const { name, progress, generation, reported, desired, received, facts, hobKey } = portrait;
  const { now } = powers;

  const requireWanted = (): void => {
    if (isDoomed(progress)) throw makeError('MACHINE_GONE', `${name}: this machine is being destroyed`);
  };
  /** Has the hob said how things are with the newest desired state, if `told` is the last that it reported on? */
  const isCurrent = (told: number | null): boolean => generation === 0 || told === generation;

  return {
    attach: (hob, told) => {
      requireWanted();
      if (!keyEQ(facts.get(), told)) facts.set(told);
      note(`its hob is here (key ${hobKey!.slice(0, 8)}…)`);
      change({ hob, lastSeen: now(), progress: arrived(progress, isCurrent(reported)) });
      return desired.get();
    },
    pull: () => {
      requireWanted();
      return desired.get();
    },
    report: (report) => {
      requireWanted();
      requireSensible(name, report, generation);
      const corrected = correctedWords(report);
      // The next report will say that all is well, and this is to be found later.
      if (corrected !== '') note(`its hob corrected ${corrected}`);
      received.set(harden({ report, at: now() }));
      change({
        lastSeen: now(),
        reported: report.generation,
        drift: countDrift(report),
        progress: isCurrent(report.generation) ? hasReported(progress) : progress,
      });
    },
  };
};
harden(hobSideMethods);
