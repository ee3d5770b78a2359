/** Are all locators there that were given out, and do they lead where they may? */
import type { SectionCheck, VerifyTools } from './verify-reading.ts';

const COUNT = /^(?:0|[1-9][0-9]{0,14})$/;
const HASH = /^[0-9a-f]{64}$/;

/** `!` says how many were given out, `<hash>` what one leads to. */
export const makeLocatorsCheck = ({ findings, references }: VerifyTools): SectionCheck => {
  let given: number | undefined = 0;
  let count = 0;

  const countRow = (key: string, text: string | undefined): void => {
    given = text === undefined || !COUNT.test(text) ? undefined : Number(text);
    if (given === undefined && text !== undefined) findings.add('ROW_DAMAGED', key, 'is no count of locators');
  };

  const locatorRow = (key: string, hash: string, text: string): void => {
    const [inside, name = ''] = text.split(' ');
    if (inside !== hash) findings.add('ROW_DAMAGED', key, 'holds another hash than the one that it is under');
    if (!references.mention(name)) findings.add('ROW_DAMAGED', key, `leads to ${name}, which is no durable name`);
  };

  return harden({
    row: (key, rest, text) => {
      if (rest === '!') countRow(key, text);
      else if (HASH.test(rest)) {
        count += 1;
        if (text !== undefined) locatorRow(key, rest, text);
      } else findings.add('UNKNOWN_ROW', key, 'is no hash of a secret');
    },
    end: () => {
      if (given === undefined || given === count) return;
      findings.add('COUNT_MISMATCH', 's/!', `${given} locators were given out, ${count} are there`);
    },
  } satisfies SectionCheck);
};
harden(makeLocatorsCheck);
