/** Are all rows there that a peer keeps about others (`p/`) and of its locators (`s/`)? See peer-table.ts and locator-table.ts for what counts them. */
import { countFinding, rowFinding, type RowReader } from '../vats/row-reader.ts';
import { locatorCountKey } from './locator-table.ts';

interface Tally {
  /** Of a peer whose rows are going it is not known how many are left. */
  forgotten: boolean;
  given: number;
  numbers: number;
  names: number;
}

const countIn = (value: unknown): number => {
  if (Number.isSafeInteger(value)) return value as number;
  throw Error(`a count expected, ${JSON.stringify(value) ?? 'nothing'} found`);
};

/** Made for one look through a store. */
export const makePeerRowCounts = (): RowReader => {
  const peers = new Map<string, Tally>();
  let locators = 0;
  let locatorsExpected = 0;
  const tallyOf = (peer: string): Tally => {
    const tally = peers.get(peer) ?? { forgotten: false, given: 0, numbers: 0, names: 0 };
    peers.set(peer, tally);
    return tally;
  };

  const count = (key: string, text: string): void => {
    if (key === locatorCountKey) locatorsExpected = countIn(Number(text));
    else if (key.startsWith('s/')) locators += 1;
    else if (key.startsWith('p/')) {
      const [, peer, sort] = key.split('/', 3) as [string, string, string];
      if (sort === '!') {
        const { given, forgotten } = JSON.parse(text) as { given?: unknown; forgotten?: unknown };
        Object.assign(tallyOf(peer), { given: countIn(given), forgotten: forgotten === true });
      }
      if (sort === 'x') tallyOf(peer).numbers += 1;
      else if (sort === 'n') tallyOf(peer).names += 1;
    }
  };

  return harden({
    row: (key, text) => {
      try {
        count(key, text);
        return [];
      } catch (error) {
        return rowFinding(key, `row ${key}: ${(error as Error).message}`);
      }
    },
    end: () => [
      ...[...peers].flatMap(([peer, { forgotten, given, numbers, names }]) => [
        ...countFinding(`p/${peer}/!`, 'numbers', given, forgotten ? given : numbers),
        ...countFinding(`p/${peer}/!`, 'names', given, forgotten ? given : names),
      ]),
      ...countFinding(locatorCountKey, 'locators', locatorsExpected, locators),
    ],
  } satisfies RowReader);
};
harden(makePeerRowCounts);
