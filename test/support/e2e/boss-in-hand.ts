/**
 * Run as `node boss-in-hand.ts STATE [HOB COMMAND…]`: the boss that `gobs boss --json` runs, in whose process a test has a hand. It
 * stands between the boss and its store, its providers and its clock. Lines on stdin, each answered with `ok`:
 *   doom N       from now on the moments before and after every write and every call of a provider, and before everything that a
 *                provider changes in the world, are points, said on stdout; at the N-th the process ends by SIGKILL. 0: it lives on
 *   advance MS   its clock goes forward
 * It listens at `LISTEN` of its environment, if that is set. See hold-boss.ts for the other side.
 */
import '../../../src/lockdown.ts';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { runBoss } from '../../../src/boss/main.ts';
import type { BossPowers } from '../../../src/boss/start-boss.ts';
import type { ProviderPowers, ProviderType } from '../../../src/providers/contract.ts';
import { countingDriver } from '../counting-driver.ts';
import { countingStore } from '../counting-store.ts';
import type { Life } from '../life.ts';
import { mortalPowers } from '../mortal-powers.ts';

const [, , state = '', ...hobWords] = process.argv;
let ahead = 0;
let last: number | undefined;
let points = 0;

const say = (line: string): void => void writeSync(1, `${line}\n`);

const meet = (what: string): void => {
  if (last === undefined) return;
  points += 1;
  say(`point ${points}: ${what}`);
  if (points === last) process.kill(process.pid, 'SIGKILL');
};

/** Which sorts of rows, for people: `v/boss/a/machine`. */
const sortsOf = (ops: readonly { readonly key: string }[]): string =>
  [...new Set(ops.map(({ key }) => key.split('/').slice(0, 4).join('/')))].join(' ');

const life: Life = {
  effect: () => meet('before an effect of the provider'),
  look: () => undefined,
  end: () => undefined,
  effects: 0,
  ended: false,
};

const inHand = (type: ProviderType): ProviderType => ({
  ...type,
  make: (powers, settings) => {
    const driver = type.make(mortalPowers(powers, life) as ProviderPowers, settings);
    return countingDriver(driver, ({ method, moment }) => meet(`${moment} ${method}`)).driver;
  },
});

const adjust = (powers: BossPowers): BossPowers => ({
  ...powers,
  now: () => powers.now() + ahead,
  openStore: async (options) => {
    const ledger = await powers.openStore(options);
    const { store } = countingStore(ledger, ({ moment, ops }) => meet(`${moment} write of ${sortsOf(ops)}`));
    return harden({ ...ledger, ...store });
  },
  providerTypes: Object.fromEntries(Object.entries(powers.providerTypes).map(([name, type]) => [name, inHand(type)])),
  hobCommand: hobWords.length === 0 ? powers.hobCommand : hobWords,
});

const orders: Readonly<Record<string, (value: number) => void>> = {
  doom: (number) => {
    last = number;
  },
  advance: (milliseconds) => {
    ahead += milliseconds;
  },
};
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [order = '', value] = line.split(' ');
  orders[order]!(Number(value));
  say('ok');
});
// Whoever had a hand in it is gone.
lines.on('close', () => process.kill(process.pid, 'SIGKILL'));

const { LISTEN: listen } = process.env;
process.exit(await runBoss({ state, json: true, hobInterval: 3600, ...(listen && { listen }) }, adjust));
