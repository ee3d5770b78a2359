/** What a boss that was away has to hear when it is back: the latest report, with what was corrected since the last one that it got. */
import type { Report, ResourceReport } from '../protocol/shapes.ts';

/** Pure. `kept` is the report that could not be delivered, `latest` the one after it. */
export const joinUndelivered = (kept: Report | null, latest: Report): Report => {
  if (kept === null || kept.generation !== latest.generation) return latest;
  const corrected = new Map<string, ResourceReport>(
    kept.resources.filter(({ state }) => state === 'corrected').map((resource) => [resource.id, resource]),
  );
  const resources = latest.resources.map((resource) =>
    resource.state === 'ok' ? (corrected.get(resource.id) ?? resource) : resource,
  );
  return harden({ ...latest, resources });
};
harden(joinUndelivered);
