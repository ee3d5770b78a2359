/** A boss of a sandbox in whose process the test has a hand: see boss-in-hand.ts. */
import fs from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Boss } from '../../../src/protocol/remotes.ts';
import { enliven } from './gobs.ts';
import type { Ended, Sandbox } from './sandbox.ts';
import type { Transcript } from './transcript.ts';

const entry = fileURLToPath(new URL('boss-in-hand.ts', import.meta.url));

export interface BossInHand {
  readonly state: string;
  readonly peer: string;
  /** HOST:PORT for hobs. */
  readonly listen: string;
  /** All that it logged so far. */
  readonly log: Transcript;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  /** The admin facet, for a new client. */
  admin(): Promise<Boss>;
  /** From now on its points count; it dies at that one. 0: at none. */
  doom(point: number): Promise<void>;
  /** What it has met so far: `before write of v/boss/a/machine`, `after create`. */
  points(): readonly string[];
  /** Puts its clock forward. */
  advance(milliseconds: number): Promise<void>;
  /** SIGTERM. Resolves with the exit code when it is gone. */
  stop(): Promise<number | null>;
}

export interface HoldOptions {
  readonly state?: string;
  /** Program and first arguments in place of the real hob's. */
  readonly hobCommand?: readonly string[];
  /** HOST:PORT for hobs; a port of 127.0.0.1, unless told. */
  readonly listen?: string;
}

/** Resolves when it serves. */
export const holdBoss = async (sandbox: Sandbox, options: HoldOptions = {}): Promise<BossInHand> => {
  const { state = sandbox.at('state'), hobCommand = [], listen: wanted } = options;
  const env = { LISTEN: wanted };
  const running = sandbox.start(process.execPath, [entry, state, ...hobCommand], { env });
  const ready = await running.stdout.said(/^\{.*\}\n/).catch((error: unknown) => {
    throw Error(`the boss did not serve: ${running.stderr.text}`, { cause: error });
  });
  const { listen, peer } = JSON.parse(ready) as { listen: string; peer: string };
  let orders = 0;
  const order = async (line: string): Promise<void> => {
    orders += 1;
    running.type(`${line}\n`);
    await running.stdout.said(RegExp(`(^ok\\n[^]*?){${orders}}`, 'm'));
  };
  return {
    state,
    peer,
    listen,
    log: running.stderr,
    ended: running.ended,
    admin: () => enliven<Boss>(sandbox, fs.readFileSync(`${state}/admin.locator`, 'utf8')),
    doom: (point) => order(`doom ${point}`),
    points: () => [...running.stdout.text.matchAll(/^point \d+: (.*)$/gm)].map(([, what]) => what!),
    advance: (milliseconds) => order(`advance ${milliseconds}`),
    stop: async () => (await running.kill('SIGTERM')).code,
  };
};
