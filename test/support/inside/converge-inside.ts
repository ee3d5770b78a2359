/**
 * Converges once inside a host for tests, as its hob would: in its root, as root, with its commands, and with the production lockdown. Bundled into
 * one file (program.ts). Takes a list of orders as JSON on standard input; prints a list of answers.
 */
import '../../../src/lockdown.ts';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import process from 'node:process';
import { makeAccounts } from '../../../src/hob/accounts.ts';
import { makeCommands } from '../../../src/hob/commands.ts';
import { gatherFacts } from '../../../src/hob/facts.ts';
import { noSecretOf } from '../../../src/hob/opened-secrets.ts';
import { openOwedNotes } from '../../../src/hob/owed.ts';
import { reconcile } from '../../../src/hob/reconcile.ts';
import type { Host, TogetherOutcome } from '../../../src/hob/resources/contract.ts';
import { shippedTypes } from '../../../src/hob/resources/shipped.ts';
import { openRootedFiles } from '../../../src/hob/rooted-files.ts';
import type { ShippedType } from '../../../src/protocol/resources/shipped.ts';
import type { Change, Findings, Resource } from '../../../src/protocol/shapes.ts';

export interface InsideOrder {
  /** Of one type: all at once, where the type can do that. */
  readonly resources: readonly Resource[];
  readonly apply: boolean;
  readonly notified?: boolean;
  /** By name; others are not there. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Of any types, in a round with what is owed; answered with findings. */
  readonly round?: true;
  /** Commands that contain this word are not run: the process kills itself instead. */
  readonly killAt?: string;
}

/** One for each resource. An error is its message, with code and hint. */
export type InsideAnswer = readonly ({ readonly changes: readonly Change[] } | { readonly error: string })[];

const setTimer = (callback: () => void, milliseconds: number) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};

const outcomesOf = async (
  { resources, apply, notified }: InsideOrder,
  host: Host,
): Promise<readonly TogetherOutcome[]> => {
  const type = shippedTypes[resources[0]!.type as ShippedType];
  if (type.convergeTogether !== undefined) return type.convergeTogether(resources, host, apply);
  const outcomes: TogetherOutcome[] = [];
  for (const resource of resources) {
    const given = notified === true ? { notified } : {};
    const outcome = type.converge(resource, host, apply, given);
    outcomes.push(
      await outcome.then(
        (changes) => ({ changes }),
        (error: unknown) => ({ error }),
      ),
    );
  }
  return outcomes;
};

const withHost = async <Result>(order: InsideOrder, work: (host: Host) => Promise<Result>): Promise<Result> => {
  const { commands, stop } = makeCommands({ spawn, process, setTimer });
  const run: typeof commands.run = async (command, options) => {
    if (order.killAt !== undefined && command.includes(order.killAt)) process.kill(process.pid, 'SIGKILL');
    return commands.run(command, options);
  };
  const files = await openRootedFiles('/', { fs, randomBytes });
  const facts = () => gatherFacts({ os, fs, now: Date.now, root: '/', version: '0.0.0' });
  const secretOf = (name: string): string => order.secrets?.[name] ?? noSecretOf(name);
  const own = { uid: process.getuid!(), gid: process.getgid!() };
  const host: Host = { files, accounts: makeAccounts({ fs }), own, commands: { run }, facts, secretOf };
  const result = await work(host);
  await files.close();
  await stop(0);
  return result;
};

const answer = async (order: InsideOrder): Promise<InsideAnswer> => {
  const outcomes = await withHost(order, (host) => outcomesOf(order, host));
  return outcomes.map((one) => ('changes' in one ? one : { error: String((one.error as Error).message) }));
};

/** A whole round, as a hob makes it that has just been started. */
const round = async (order: InsideOrder): Promise<Findings> =>
  withHost(order, async (host) =>
    reconcile({
      desired: { generation: 1, policy: 'correct', resources: order.resources },
      mode: order.apply ? 'converge' : 'check',
      reason: 'asked',
      types: shippedTypes,
      host,
      owed: await openOwedNotes('/opt/test/owed', { fs }),
      now: () => 0,
    }),
  );

const answers: (InsideAnswer | Findings)[] = [];
for (const order of JSON.parse(fs.readFileSync(0, 'utf8')) as readonly InsideOrder[]) {
  answers.push(await (order.round === true ? round(order) : answer(order)));
}
process.stdout.write(JSON.stringify(answers));
