/** Do the sessions that the pages show happen? Whoever follows a page must see what it shows. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { asOnPage, replShownIn, runRepl, runShell, shellShownIn, type Exchange } from '../support/shown-session.ts';

const TIMEOUT = 240_000;
const tutorial = 'docs/tutorial/first-fleet.md';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await makeSandbox();
});

afterEach(() => sandbox.end());

const typedIn = (exchanges: readonly Exchange[]): string[] =>
  exchanges.map(({ typed }) => typed).filter((typed) => typed !== '');

const expectRepl = async (page: string): Promise<void> => {
  const shown = replShownIn(page);
  expect(asOnPage(shown, await runRepl(typedIn(shown), sandbox))).toEqual(shown);
};

const expectShell = async (page: string): Promise<void> => {
  const shown = shellShownIn(page);
  expect(asOnPage(shown, await runShell(typedIn(shown), sandbox))).toEqual(shown);
};

describe('a reader sees what is shown', () => {
  test('in the README', () => expectRepl('README.md'), TIMEOUT);

  test(
    'in the tutorial, in one home from the first line to the last',
    async () => {
      await expectRepl(tutorial);
      await expectShell(tutorial);
    },
    TIMEOUT,
  );
});
