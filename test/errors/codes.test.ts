import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../src/errors/codes.ts';

const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8');
const listed = [...page.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, code, meaning]) => `${code}: ${meaning}`);
const given = Object.entries(errorCodes).map(([code, meaning]) => `${code}: ${meaning}`);

describe('docs/reference/errors.md (npm run errors-page writes it)', () => {
  test('lists every code of src/errors/codes.ts, with its meaning', () => {
    expect(given.filter((row) => !listed.includes(row))).toEqual([]);
  });

  test('lists nothing else, and nothing twice', () => {
    expect(listed.filter((row, index) => !given.includes(row) || listed.indexOf(row) !== index)).toEqual([]);
  });
});

describe('the codes', () => {
  test('are words in capitals, at least two, so that no other error looks like one', () => {
    expect(Object.keys(errorCodes).filter((code) => !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code))).toEqual([]);
  });

  test('have a meaning of one line that fits a table', () => {
    expect(Object.values(errorCodes).filter((meaning) => !/^[^\n|]+$/.test(meaning))).toEqual([]);
  });

  test('cannot be changed by who imports them', () => {
    expect(() => Object.assign(errorCodes, { BAD_NAME: 'fine' })).toThrow(TypeError);
  });
});
