/**
 * `npm test` runs no suite that needs real hosts: `npm run test:hosts` does. Here they are named, so that nobody takes them for passed; skipped are
 * those that could not be run on this machine at all.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { whyNoHostsAtOnce } from './support/hosts/capability.ts';

const suites = readdirSync(join(import.meta.dirname, 'hosts')).filter((name) => name.endsWith('.test.ts'));
const reason = await whyNoHostsAtOnce();

describe('suites with real hosts', () => {
  test('are not run by npm test, and are named', () => {
    const words =
      reason === undefined ? 'left to npm run test:hosts' : `skipped, also by npm run test:hosts: ${reason}`;
    console.log(suites.map((suite) => `test/hosts/${suite}: ${words}`).join('\n'));
    expect(suites).not.toEqual([]);
  });

  if (reason !== undefined) test.skip.each(suites)(`test/hosts/%s: ${reason}`, () => undefined);
});
