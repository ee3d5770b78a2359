/** Does the page of the command line name every command and every option that there is? */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../src/cli/program.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/reference/cli.md', import.meta.url)), 'utf8');

const helpOf = (command: string): string => {
  const parsed = parseArguments([...command.split(' ').filter(Boolean), '--help'], '0');
  return 'text' in parsed ? parsed.text : '';
};

/** The names in the list of commands that a help has, without `help` itself. */
const commandsIn = (help: string): string[] => {
  const list = /^Commands:\n((?: .*\n)+)/m.exec(help)?.[1] ?? '';
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
};

const optionsIn = (help: string): string[] =>
  [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name = '']) => name).filter((name) => name !== '--help');

const leaves = (command: string): string[] => {
  const below = commandsIn(helpOf(command));
  return below.length === 0 ? [command] : below.flatMap((name) => leaves(`${command} ${name}`.trim()));
};

describe('the page of the command line', () => {
  const commands = leaves('');

  test('is about commands that were found', () => {
    expect(commands).toContain('machine create');
    expect(optionsIn(helpOf('machine create'))).toContain('--provider');
  });

  test.each(commands)('names gobs %s, and its options', (command) => {
    const [group, verb] = command.split(' ');
    const names = verb === undefined ? [`\`gobs ${group}`] : [`\`gobs ${command}`, `\`${verb} `];
    expect(names.some((name) => page.includes(name))).toBe(true);
    expect(optionsIn(helpOf(command)).filter((option) => !page.includes(option))).toEqual([]);
  });
});
