/**
 * `.vats`, `.actors [VAT]`, `.portrait NAME`, `.trace [NAME]`, `.graph [NAME]` and `.help`: looking into the boss's store. The boss's inspector answers with names and
 * texts only, so nothing that is shown here gives a reference.
 */
import { E } from '@endo/far';
import { makeError } from '../../errors/gobs-error.ts';
import { printable } from '../../protocol/printable.ts';
import type { ActorEntry, Boss, Inspector } from '../../protocol/remotes.ts';
import { askGraph, askTrace } from './ask-trace.ts';
import { showValue, type ReplTables } from './writer.ts';

export interface DotCommand {
  readonly help: string;
  /** The text to show. `words` is what stands behind the command. */
  run(words: string): Promise<string>;
}

export interface DotCommandPowers {
  /** Undefined where the REPL is not about a boss. */
  readonly boss: object | undefined;
  readonly tables: ReplTables;
  /** The value of a name that was declared in the REPL. Rejects if there is none. */
  readonly lookUp: (name: string) => Promise<unknown>;
}

const PAGE = 500;
/** Of a vat's actors, no more are shown. */
const MOST_SHOWN = 5_000;
/** Of each side. */
const SHOWN_TURNS = 50;

const allActors = async (
  inspector: Inspector,
  vat: string,
): Promise<{ actors: readonly ActorEntry[]; more: boolean }> => {
  const actors: ActorEntry[] = [];
  let after: string | undefined;
  do {
    const page = await E(inspector).actors(vat, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    actors.push(...page.actors);
    // A page that goes nowhere would be asked for again for ever.
    after = page.next === after ? undefined : (page.next ?? undefined);
  } while (after !== undefined && actors.length < MOST_SHOWN);
  return { actors, more: after !== undefined };
};

const showActors = async (inspector: Inspector, words: string, tables: ReplTables): Promise<string> => {
  const vats = words === '' ? (await E(inspector).vats()).map(({ name }) => name) : [words];
  const parts: string[] = [];
  for (const vat of vats) {
    const { actors, more } = await allActors(inspector, vat);
    const rows = actors.map(({ name, kind, version, change }) => [name, kind, version, change]);
    parts.push(tables.rows(['ACTOR', 'KIND', 'VERSION', 'CHANGE'], rows));
    if (more) parts.push(`… vat ${printable(vat)} has more`);
  }
  return parts.join('\n');
};

const portraitText = async (
  inspector: Inspector,
  words: string,
  { tables, lookUp }: DotCommandPowers,
): Promise<string> => {
  if (words === '') {
    throw makeError('BAD_USAGE', '.portrait wants a reference or its name', { hint: '.actors lists names' });
  }
  const target = words.includes(':') ? words : ((await lookUp(words)) as object);
  const { name, kind, version, change, portrait, references } = await E(inspector).portrait(target);
  const lines = [
    `${printable(name)}: ${printable(kind)} version ${Number(version)}, change ${Number(change)}`,
    // As the store has it, it is text, in which $0 stands for the first reference.
    typeof portrait === 'string' ? printable(portrait) : showValue(portrait, tables),
    ...references.map((reference, index) => `  $${index} is ${printable(reference)}`),
  ];
  return lines.join('\n');
};

const helpLines = [
  'boss                  the boss: await E(boss).machines()',
  "machine('web1')       a machine: await E(machine('web1')).status()",
  'locatorFor(ref)       text that names a reference; whoever has it has the authority',
  'enliven(text)         the reference that a locator names',
  'gobs secret set NAME  outside of here, keeps a secret; lines with setSecret are not in the history',
  'E, Far, harden        E(ref).method(…) asks from afar; Far makes an object that others can ask',
];

/** By name, without the dot. */
export const makeDotCommands = (powers: DotCommandPowers): Readonly<Record<string, DotCommand>> => {
  const requireBoss = (): Boss => {
    if (powers.boss !== undefined) return powers.boss as Boss;
    throw makeError('BAD_USAGE', 'what was shared is not a boss, so its store cannot be looked into');
  };
  const inspector = async (): Promise<Inspector> => E(requireBoss()).inspector();
  const commands: Record<string, DotCommand> = {
    vats: {
      help: 'the vats of the boss',
      run: async () => {
        const vats = await E(await inspector()).vats();
        return powers.tables.rows(
          ['VAT', 'ACTORS', 'CACHED'],
          vats.map(({ name, actors, cached, open }) => [name, actors, open ? cached : 'not open']),
        );
      },
    },
    actors: {
      help: '[VAT] actors, all or those of one vat',
      run: async (words) => showActors(await inspector(), words, powers.tables),
    },
    portrait: {
      help: 'NAME what an actor is stored as',
      run: async (words) => portraitText(await inspector(), words, powers),
    },
    trace: {
      help: '[NAME] the last turns, all or those of one machine and its hob',
      run: async (words) => {
        const { records, notes } = await askTrace(requireBoss(), words === '' ? undefined : words, SHOWN_TURNS);
        const text = records.length === 0 ? '(nothing happened yet)' : powers.tables.trace(records);
        return [text, ...notes.map((note) => printable(`(${note})`))].join('\n');
      },
    },
    graph: {
      help: '[NAME] who refers to whom, as Mermaid text',
      run: async (words) => powers.tables.graph(await askGraph(requireBoss(), words === '' ? undefined : words, {})),
    },
    help: {
      help: 'this text',
      run: async () => {
        const dotLines = Object.entries(commands).map(([name, { help }]) => `${`.${name}`.padEnd(22)}${help}`);
        return [...helpLines, ...dotLines, `${'.exit'.padEnd(22)}leave; boss and hobs go on`].join('\n');
      },
    },
  };
  return harden(commands);
};
harden(makeDotCommands);
