/** How large a report is on its way, and a shorter one that says the same with less. Boss and hob measure alike. Pure. */
import { noDrift, reportLimits, type DriftCounts, type Report, type ResourceReport } from './shapes.ts';

export interface ReportSize {
  readonly characters: number;
  readonly values: number;
}

/** In bytes of UTF-8, or more: a body is JSON within JSON, so a quote is four of them. */
const lengthOf = (text: string): number => {
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x22 || code === 0x5c) length += 4;
    else if (code < 0x20) length += 7;
    else length += code < 0x7f ? 1 : 3;
  }
  return length;
};

const sizeOfOne = ({ id, type, why, changes = [] }: ResourceReport): ReportSize => {
  let characters = 40 + lengthOf(id) + lengthOf(type) + lengthOf(why ?? '');
  for (const { what, from, to } of changes) characters += 20 + lengthOf(what) + lengthOf(from) + lengthOf(to);
  return { characters, values: 8 + 4 * changes.length };
};

/** Of the resources that are listed; the rest of a report is small. */
export const sizeOfReport = ({ resources }: Pick<Report, 'resources'>): ReportSize => {
  let [characters, values] = [0, 0];
  for (const resource of resources) {
    const one = sizeOfOne(resource);
    characters += one.characters;
    values +=
      resource.changes === undefined && resource.at === undefined && resource.why === undefined ? 4 : one.values;
  }
  return harden({ characters, values });
};
harden(sizeOfReport);

export const isWithinLimits = (report: Pick<Report, 'resources'>): boolean => {
  const { characters, values } = sizeOfReport(report);
  return (
    report.resources.length <= reportLimits.resources &&
    characters <= reportLimits.characters &&
    values <= reportLimits.values
  );
};
harden(isWithinLimits);

const SHORT_WHY = 200;

const withoutChanges = ({ id, type, state, why }: ResourceReport): ResourceReport => ({
  id,
  type,
  state,
  ...(why === undefined ? {} : { why: why.slice(0, SHORT_WHY).toWellFormed() }),
});

/** Lists those that `keep` says, and counts the others. */
const listing = (report: Report, keep: (resource: ResourceReport) => boolean): Report => {
  const omitted: Record<keyof DriftCounts, number> = { ...(report.omitted ?? noDrift) };
  const resources = report.resources.filter((resource) => {
    const { state } = resource;
    if (state !== 'released' && !keep(resource)) omitted[state] += 1;
    return keep(resource);
  });
  return { ...report, resources, omitted };
};

/** Each says less than the one before it. */
const steps: readonly ((report: Report) => Report)[] = harden([
  (report) => report,
  (report) => ({ ...report, resources: report.resources.map(withoutChanges) }),
  (report) => listing(report, ({ state }) => state !== 'ok'),
  (report) => listing(report, () => false),
]);

/** The last step of `shortened`: counts alone. */
export const SHORTEST = steps.length - 1;
harden(SHORTEST);

/**
 * The report after that many steps (0: whole; changes cut; only states other than ok; counts alone), or after as many more as
 * it takes to be within the limits. What is not listed is counted in `omitted`.
 */
export const shortened = (report: Report, atLeast = 0): Report => {
  let shorter = report;
  for (const [number, step] of steps.entries()) {
    shorter = step(shorter);
    if (number >= atLeast && isWithinLimits(shorter)) return harden(shorter);
  }
  return harden(shorter);
};
harden(shortened);
