/** Resources that are not wanted on this host, by their condition. */
import { describeError, makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import { conditionHolds } from '../../protocol/resources/condition.ts';
import { reportLimits, type Resource } from '../../protocol/shapes.ts';
import type { Host } from '../resources/contract.ts';
import { failure, type Outcome } from './outcome.ts';

const judge = async (condition: string, { facts }: Host): Promise<Outcome | undefined> => {
  try {
    if (conditionHolds(condition, await facts())) return undefined;
    return { state: 'skipped', why: plainText(`when: ${condition} does not hold here`, reportLimits.text) };
  } catch (error) {
    const { message } = describeError(error);
    return failure(makeError('CANNOT_LOOK', `when: ${condition} cannot be looked at: ${message}`));
  }
};

/** By index. Facts are asked for only if there is a condition. `problems`: of those nothing is believed. Never rejects. */
export const skippedOf = async (
  resources: readonly Resource[],
  problems: ReadonlyMap<number, Outcome>,
  host: Host,
): Promise<ReadonlyMap<number, Outcome>> => {
  const skipped = new Map<number, Outcome>();
  for (const [index, { when }] of resources.entries()) {
    if (when === undefined || problems.has(index)) continue;
    const outcome = await judge(when, host);
    if (outcome !== undefined) skipped.set(index, outcome);
  }
  return skipped;
};
harden(skippedOf);
