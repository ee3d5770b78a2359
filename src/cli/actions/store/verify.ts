/** `gobs store verify`. */
import type { RowPage, RowSource } from '../../../persistence/row-source.ts';
import { verify, type Verification } from '../../../persistence/verify.ts';
import { whyNotSigned } from '../../../sealing/backup-mac.ts';
import { exitCodes } from '../../exit-codes.ts';
import { withRows } from '../../open-rows.ts';
import type { CliPowers } from '../../powers.ts';
import type { SealingPlace } from '../../request.ts';
import { withPassphrase } from '../../sealing-input.ts';
import { sealingRowIn } from '../../sealing-row.ts';
import { sealingPaths } from '../../start-settings.ts';
import { findingLines, verifiedText } from '../../views/store-verify.ts';
import type { Action } from '../action.ts';
import { makeRowProgress } from './row-progress.ts';

const isSound = ({ findings, more }: Verification): boolean => findings.length + more === 0;

/** The same rows, and what row `k/!` said that went by. */
const watchSealing = (source: RowSource) => {
  let row: string | undefined;
  async function* pages(): AsyncGenerator<RowPage> {
    for await (const page of source.pages()) {
      row ??= sealingRowIn(page);
      yield page;
    }
  }
  return { source: { ...source, pages }, row: () => row };
};

/** Of a backup file that was read: what is wrong with who wrote it; `said` if that cannot be told. */
const checkSignature = async (
  { where, backup }: RowSource,
  row: string | undefined,
  keys: SealingPlace,
  powers: CliPowers,
): Promise<{ readonly altered?: string; readonly said?: string }> => {
  const trailer = backup?.trailer();
  if (trailer === undefined) return {};
  if (row === undefined || trailer.mac === undefined) {
    return { said: `${where}: it is not signed: anybody may have written it, and it cannot be restored` };
  }
  const settings = sealingPaths(keys, powers);
  if (Object.keys(settings).length === 0) {
    return {
      said: `${where}: who wrote it cannot be told without the sealing key; --sealing-key FILE or --passphrase-file FILE checks that`,
    };
  }
  const altered = whyNotSigned(await powers.rows.openSeal(row, await withPassphrase(settings, powers), ''), trailer);
  return altered === undefined ? {} : { altered: `${where}: ${altered}` };
};

const withAltered = (result: Verification, message: string): Verification => ({
  ...result,
  findings: [...result.findings, { code: 'BACKUP_ALTERED', key: null, message }],
});

export const verifyStore: Action<'store verify'> = async ({ file, at, json, ...keys }, surroundings) => {
  const { powers, output } = surroundings;
  const kinds = await powers.rows.knownKinds();
  return withRows({ at, wholeTables: true, ...(file === undefined ? {} : { file }) }, surroundings, async (given) => {
    const progress = makeRowProgress('verified', powers, output);
    const { source, row } = watchSealing(given);
    const read = await verify(source, { kinds, onProgress: progress.rows }).finally(progress.end);
    const { altered, said } = file === undefined ? {} : await checkSignature(source, row(), keys, powers);
    const result = altered === undefined ? read : withAltered(read, altered);
    if (json) output.json({ sound: isSound(result), where: source.where, ...result });
    else findingLines(result).forEach(output.data);
    if (said !== undefined) output.note(`gobs: ${said}`);
    output.note(`gobs: ${verifiedText(source.where, result)}`);
    return isSound(result) ? exitCodes.done : exitCodes.failed;
  });
};
harden(verifyStore);
