/** `gobs store verify`. */
import { verify, type Verification } from '../../../persistence/verify.ts';
import { exitCodes } from '../../exit-codes.ts';
import { withRows } from '../../open-rows.ts';
import { findingLines, verifiedText } from '../../views/store-verify.ts';
import type { Action } from '../action.ts';
import { makeRowProgress } from './row-progress.ts';

const isSound = ({ findings, more }: Verification): boolean => findings.length + more === 0;

export const verifyStore: Action<'store verify'> = async ({ file, at, json }, surroundings) => {
  const { powers, output } = surroundings;
  const kinds = await powers.rows.knownKinds();
  return withRows({ at, wholeTables: true, ...(file === undefined ? {} : { file }) }, surroundings, async (source) => {
    const progress = makeRowProgress('verified', powers, output);
    const result = await verify(source, { kinds, onProgress: progress.rows }).finally(progress.end);
    if (json) output.json({ sound: isSound(result), where: source.where, ...result });
    else findingLines(result).forEach(output.data);
    output.note(`gobs: ${verifiedText(source.where, result)}`);
    return isSound(result) ? exitCodes.done : exitCodes.failed;
  });
};
harden(verifyStore);
