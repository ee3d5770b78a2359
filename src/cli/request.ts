/**
 * What a command line asks for, as data: `program.ts` and `commands/` make it from words, `run.ts` and `actions/` do it. Nothing in
 * a request was looked up: it has no files, no environment and no network in it.
 */
import type { Selector } from '../protocol/selectors.ts';
import type { ProviderSpec } from '../protocol/remotes.ts';
import type { MachineSpec } from '../protocol/shapes.ts';
import type { Shell } from './completion/scripts.ts';
import type { GraphFormat } from './views/graph.ts';

/** How the boss was named. Nothing: by the environment, or the boss of `gobs up`. */
export interface BossPlace {
  readonly state?: string;
  readonly socket?: string;
  /** A file with a locator; `-` for standard input. */
  readonly connectFile?: string;
}

export interface Waiting {
  readonly wait: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

export const facets = harden(['observer', 'operator', 'admin', 'executor', 'copier', 'journal'] as const);
harden(facets);
export type Facet = (typeof facets)[number];

/** Where the sealing key is, as flags say it; `-` for a passphrase from standard input. */
export interface SealingPlace {
  readonly sealingKey?: string;
  readonly passphraseFile?: string;
}

/** Of several machines: only those with such labels. */
interface Chosen {
  readonly on?: Selector;
}

interface AtBoss {
  readonly at: BossPlace;
}

/** From where the sealing key is: paths, `-` for a passphrase from standard input. At most one of the two. */
interface SealingRequest {
  readonly sealingKey?: string;
  readonly passphraseFile?: string;
}

/** Of whoever starts a boss. What is not there is in the environment, or has a default. */
interface StartRequest extends SealingRequest {
  readonly state?: string;
  readonly listen?: string;
  readonly metrics?: string;
  /** Seconds. */
  readonly hobInterval?: number;
}

export type Request =
  | ({ readonly do: 'up' } & StartRequest)
  | { readonly do: 'down'; readonly state?: string; readonly all: boolean; readonly timeout: number }
  | ({ readonly do: 'boss'; readonly json: boolean } & StartRequest)
  /** The interval is in seconds. */
  | ({ readonly do: 'hob'; readonly directory: string; readonly interval?: number } & SealingRequest)
  | ({ readonly do: 'repl' } & AtBoss)
  | ({ readonly do: 'provider add'; readonly name: string; readonly provider: ProviderSpec } & AtBoss)
  | ({ readonly do: 'provider remove'; readonly name: string } & AtBoss)
  | ({ readonly do: 'provider list'; readonly json: boolean } & AtBoss)
  | ({
      readonly do: 'machine create';
      readonly name: string;
      readonly spec: MachineSpec;
      readonly json: boolean;
    } & AtBoss &
      Waiting)
  | ({ readonly do: 'machine list'; readonly json: boolean } & AtBoss & Chosen)
  | ({ readonly do: 'machine show'; readonly name?: string; readonly json: boolean } & AtBoss)
  | ({ readonly do: 'machine start'; readonly names: readonly string[] } & AtBoss & Waiting)
  | ({ readonly do: 'machine stop'; readonly names: readonly string[] } & AtBoss & Waiting)
  | ({ readonly do: 'machine destroy'; readonly name: string; readonly yes: boolean } & AtBoss & Waiting)
  /** Either names, or all that are held. */
  | ({ readonly do: 'machine confirm'; readonly names: readonly string[]; readonly all: boolean } & AtBoss)
  | ({ readonly do: 'machine forget'; readonly name: string; readonly json: boolean } & AtBoss)
  | ({ readonly do: 'plan'; readonly file: string; readonly prune: boolean; readonly json: boolean } & AtBoss & Chosen)
  | ({
      readonly do: 'apply';
      readonly file: string;
      readonly prune: boolean;
      readonly yes: boolean;
      /** What was changed by hand since the last document, too. */
      readonly overwrite: boolean;
      readonly json: boolean;
    } & AtBoss &
      Chosen &
      Waiting)
  | ({
      readonly do: 'drift';
      readonly names: readonly string[];
      readonly cached: boolean;
      readonly follow: boolean;
      readonly json: boolean;
      readonly timeout: number;
    } & AtBoss &
      Chosen)
  | ({
      readonly do: 'converge';
      readonly names: readonly string[];
      readonly json: boolean;
      readonly timeout: number;
    } & AtBoss)
  | ({ readonly do: 'status'; readonly limit: number; readonly json: boolean } & AtBoss & Chosen)
  /** No names: all machines. */
  | ({ readonly do: 'facts'; readonly names: readonly string[]; readonly json: boolean } & AtBoss & Chosen)
  | ({ readonly do: 'exec'; readonly name: string; readonly argv: readonly string[] } & AtBoss)
  /** The script of a shell, or the names that such scripts ask for. */
  | ({ readonly do: 'completion'; readonly of: Shell | 'machines' } & AtBoss)
  | ({ readonly do: 'doctor'; readonly json: boolean } & AtBoss)
  /** Of which log: the boss's of the machine, its hob's own, or that of a unit there. */
  | ({
      readonly do: 'logs';
      readonly name: string;
      readonly of: 'machine' | 'hob' | { readonly unit: string };
      readonly follow: boolean;
      /** Milliseconds. */
      readonly since?: number;
      readonly json: boolean;
    } & AtBoss)
  /** `NAME:/path`, or a path here. */
  | ({ readonly do: 'cp'; readonly from: string; readonly to: string } & AtBoss)
  | ({
      readonly do: 'trace';
      readonly name?: string;
      readonly limit: number;
      readonly follow: boolean;
      readonly json: boolean;
    } & AtBoss)
  | ({
      readonly do: 'graph';
      readonly name?: string;
      readonly format: GraphFormat;
      readonly depth?: number;
      readonly limit: number;
      readonly json: boolean;
    } & AtBoss)
  | ({ readonly do: 'share'; readonly name: string; readonly as: Facet } & AtBoss)
  | ({ readonly do: 'secret set'; readonly name: string } & AtBoss)
  | ({ readonly do: 'secret remove'; readonly name: string; readonly json: boolean } & AtBoss)
  | ({ readonly do: 'secret list'; readonly json: boolean } & AtBoss)
  | ({ readonly do: 'store backup'; readonly file: string; readonly force: boolean } & AtBoss & SealingPlace)
  | ({ readonly do: 'store verify'; readonly file?: string; readonly json: boolean } & AtBoss & SealingPlace)
  | ({ readonly do: 'store export'; readonly file?: string } & AtBoss)
  | {
      readonly do: 'store restore';
      readonly file: string;
      readonly state?: string;
      readonly replace: boolean;
      readonly sealingKey?: string;
      readonly passphraseFile?: string;
    }
  | { readonly do: 'store upgrade'; readonly state?: string; readonly dryRun: boolean; readonly json: boolean }
  | { readonly do: 'init'; readonly file: string }
  | { readonly do: 'validate'; readonly files: readonly string[]; readonly json: boolean }
  | { readonly do: 'schema' };

export type RequestOf<Kind extends Request['do']> = Extract<Request, { readonly do: Kind }>;

/** Where a group of commands puts what was asked for. */
export type Ask = (request: Request) => void;
