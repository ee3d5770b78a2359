/** Is the table of what one other peer was given whole? Its rows come in key order: the counts, numbers by name, names by number. */
import { crc32 } from 'node:zlib';
import { isCount } from '../vats/counts.ts';
import { parseStored } from '../vats/json-shape.ts';
import { fieldOf, type SectionCheck, type VerifyTools } from './verify-reading.ts';
import type { Json } from './portrait-json.ts';

const NUMBER = /^[1-9][0-9]{0,14}$/;

/** How many pairs of name and number there are, and a sum of them that does not depend on their order. */
const makePairs = () => {
  const pairs = { count: 0, sum: 0 };
  return {
    add: (number: string, name: string) => {
      pairs.count += 1;
      pairs.sum = (pairs.sum + crc32(`${number} ${name}`)) >>> 0;
    },
    /** One that cannot be read. */
    addUnread: () => {
      pairs.count += 1;
      pairs.sum = NaN;
    },
    pairs,
  };
};

/** As `PeerRow` of src/captp/peer-table.ts has it. */
const isPeerRow = (row: Json): boolean => {
  const [epoch, place] = [fieldOf(row, 'epoch'), fieldOf(row, 'dialled')];
  const address = fieldOf(place, 'address');
  const isPlace =
    typeof fieldOf(place, 'scheme') === 'string' &&
    typeof address === 'object' &&
    address !== null &&
    Object.values(address).every((part) => typeof part === 'string');
  return (
    isCount(fieldOf(row, 'next'), 1) &&
    isCount(fieldOf(row, 'given')) &&
    (epoch === undefined || isCount(epoch)) &&
    (place === undefined || isPlace)
  );
};

export const makePeerCheck = (peer: string, { findings, references }: VerifyTools): SectionCheck => {
  const headerKey = `p/${peer}/!`;
  const byName = makePairs();
  const byNumber = makePairs();
  let header: Json | undefined;
  let headerSeen = false;

  const readHeader = (key: string, text: string | undefined): void => {
    headerSeen = true;
    if (text === undefined) return;
    try {
      header = parseStored(text) as Json;
      if (isPeerRow(header)) return;
    } catch {}
    findings.add('ROW_DAMAGED', key, 'does not say which number is next, how many were given, and where the peer is');
  };

  const numberRow = (key: string, number: string, name: string | undefined): void => {
    const next = fieldOf(header, 'next');
    if (typeof next === 'number' && Number(number) >= next) {
      findings.add('COUNT_MISMATCH', key, `the number was not given yet: ${headerKey} says that ${next} is next`);
    }
    if (name === undefined) byNumber.addUnread();
    else {
      byNumber.add(number, name);
      if (!references.mention(name)) findings.add('ROW_DAMAGED', key, `holds ${name}, which is no durable name`);
    }
  };

  const nameRow = (key: string, name: string, number: string | undefined): void => {
    if (number === undefined) byName.addUnread();
    else {
      byName.add(number, name);
      if (!NUMBER.test(number)) findings.add('ROW_DAMAGED', key, `${number} is no number of a reference`);
    }
  };

  const requireCounts = (): void => {
    // Its rows are going, batch by batch (src/captp/forget-peer.ts): how many are left nobody knows.
    if (fieldOf(header, 'forgotten') === true) return;
    const [names, numbers] = [byName.pairs, byNumber.pairs];
    const said = fieldOf(header, 'given');
    const mismatch = (what: string): void => findings.add('COUNT_MISMATCH', headerKey, what);
    if (typeof said === 'number' && said !== numbers.count) {
      mismatch(`the peer was given ${said} references, of ${numbers.count} it is known under which number`);
    }
    if (names.count !== numbers.count) mismatch(`${numbers.count} numbers have a name, ${names.count} names a number`);
    // Sums of what could not be read are NaN, and that is told already.
    else if (names.sum !== numbers.sum && !Number.isNaN(names.sum + numbers.sum)) {
      mismatch('the names of numbers are not those that have these numbers');
    }
  };

  return harden({
    row: (key, rest, text) => {
      if (rest === '!') readHeader(key, text);
      else if (rest.startsWith('n/')) nameRow(key, rest.slice(2), text);
      else if (rest.startsWith('x/') && NUMBER.test(rest.slice(2))) numberRow(key, rest.slice(2), text);
      else findings.add('UNKNOWN_ROW', key, 'is no row of what a peer was given');
    },
    end: () => {
      if (!headerSeen) findings.add('COUNT_MISMATCH', headerKey, 'there are rows for the peer, but not this one');
      requireCounts();
    },
  } satisfies SectionCheck);
};
harden(makePeerCheck);
