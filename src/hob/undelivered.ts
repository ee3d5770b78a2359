/** What a boss that was away has to hear when it is back: the latest report, with what was corrected since the last one that it got. */
import { shortened } from '../protocol/report-size.ts';
import type { Report, ResourceReport } from '../protocol/shapes.ts';
import type { HobPortrait } from './hob-portrait.ts';

/**
 * Pure. `kept` is the report that could not be delivered, `latest` the one after it, perhaps on another generation. What is listed
 * as released stays so, unless it is back in the document.
 */
export const joinUndelivered = (kept: Report | null, latest: Report): Report => {
  if (kept === null) return latest;
  const old = new Map<string, ResourceReport>(
    kept.resources.filter(({ state }) => state === 'corrected').map((resource) => [resource.id, resource]),
  );
  const resources = latest.resources.map((resource) => {
    const corrected = resource.state === 'ok' ? old.get(resource.id) : undefined;
    return corrected?.type === resource.type ? corrected : resource;
  });
  const listed = new Set(resources.map(({ id }) => id));
  const released = kept.resources.filter(({ id, state }) => state === 'released' && !listed.has(id));
  // What was mended is no part of applying a generation, and is to be heard as such.
  const reason = old.size > 0 && latest.reason === 'applied' ? kept.reason : latest.reason;
  return harden({ ...latest, reason, resources: [...resources, ...released] });
};
harden(joinUndelivered);

/** The portrait with one more report for the boss. */
export const withReport = (portrait: HobPortrait, report: Report): HobPortrait => {
  const number = portrait.reports + 1;
  const joined = shortened(joinUndelivered(portrait.undelivered?.report ?? null, report));
  return { ...portrait, reports: number, undelivered: { number, report: joined, steps: 0 } };
};
harden(withReport);

/** What the boss is sent: the report, with what left the document. Null if there is nothing to tell. */
export const toSend = ({ undelivered, released }: HobPortrait): Report | null => {
  if (undelivered === null) return null;
  const { report, steps } = undelivered;
  const listed = new Set(report.resources.map(({ id }) => id));
  const left = released
    .filter(({ id }) => !listed.has(id))
    .map(({ id, type }): ResourceReport => ({ id, type, state: 'released' }));
  return shortened({ ...report, resources: [...report.resources, ...left] }, steps);
};
harden(toSend);

/** The portrait when the boss has kept what it was sent. A report that came after it stays to be delivered. */
export const afterDelivery = (portrait: HobPortrait, number: number, sent: Report): HobPortrait => {
  const told = new Set(sent.resources.filter(({ state }) => state === 'released').map(({ id }) => id));
  const { undelivered } = portrait;
  return {
    ...portrait,
    released: portrait.released.filter(({ id }) => !told.has(id)),
    undelivered: undelivered?.number === number ? null : undelivered,
  };
};
harden(afterDelivery);
