import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../src/cli/program.ts';
import { describeError } from '../../src/errors/gobs-error.ts';

const parse = (words: string) => parseArguments(words.split(' ').filter(Boolean), '1.2.3');
const request = (words: string) => {
  const parsed = parse(words);
  if (!('request' in parsed)) throw Error('no request');
  return parsed.request;
};

const five = 300_000;

describe('words become a request', () => {
  test.each<[string, object]>([
    ['up', { do: 'up' }],
    ['up --state d --listen [::1]:0', { do: 'up', state: 'd', listen: '[::1]:0' }],
    ['down', { do: 'down', all: false, timeout: five }],
    ['down --all --state d', { do: 'down', all: true, state: 'd', timeout: five }],
    ['boss --state d --listen 127.0.0.1:0 --json', { do: 'boss', state: 'd', listen: '127.0.0.1:0', json: true }],
    ['up --hob-interval 2', { do: 'up', hobInterval: 2 }],
    ['boss --hob-interval 500ms', { do: 'boss', hobInterval: 0.5, json: false }],
    ['hob --directory d', { do: 'hob', directory: 'd' }],
    ['hob --interval 2m --directory d', { do: 'hob', directory: 'd', interval: 120 }],
    ['repl --socket s', { do: 'repl', at: { socket: 's' } }],
    ['provider list --json', { do: 'provider list', at: {}, json: true }],
    [
      'machine create web1 --provider local --policy correct',
      {
        do: 'machine create',
        at: {},
        name: 'web1',
        spec: { provider: 'local', policy: 'correct' },
        json: false,
        wait: true,
        timeout: five,
      },
    ],
    ['machine list --connect-file -', { do: 'machine list', at: { connectFile: '-' }, json: false }],
    ['machine show', { do: 'machine show', at: {}, json: false }],
    ['machine start a b --no-wait', { do: 'machine start', at: {}, names: ['a', 'b'], wait: false, timeout: five }],
    ['machine stop a --timeout 90', { do: 'machine stop', at: {}, names: ['a'], wait: true, timeout: 90_000 }],
    [
      'machine destroy a --yes --timeout 1.5m',
      { do: 'machine destroy', at: {}, name: 'a', yes: true, wait: true, timeout: 90_000 },
    ],
    ['machine forget a --json', { do: 'machine forget', at: {}, name: 'a', json: true }],
    ['plan f --prune', { do: 'plan', at: {}, file: 'f', prune: true, json: false }],
    [
      'apply f --yes --json',
      {
        do: 'apply',
        at: {},
        file: 'f',
        prune: false,
        overwrite: false,
        yes: true,
        json: true,
        wait: true,
        timeout: five,
      },
    ],
    [
      'plan f --on role=web',
      {
        do: 'plan',
        at: {},
        on: [{ key: 'role', values: ['web'], negated: false }],
        file: 'f',
        prune: false,
        json: false,
      },
    ],
    ['validate a.yaml b.yaml', { do: 'validate', files: ['a.yaml', 'b.yaml'], json: false }],
    ['schema', { do: 'schema' }],
    [
      'drift a b --cached',
      { do: 'drift', at: {}, names: ['a', 'b'], cached: true, follow: false, json: false, timeout: five },
    ],
    ['converge a b --timeout 30s', { do: 'converge', at: {}, names: ['a', 'b'], json: false, timeout: 30_000 }],
    ['doctor --json', { do: 'doctor', at: {}, json: true }],
    [
      'logs a -f --since 1m',
      { do: 'logs', at: {}, name: 'a', of: 'machine', follow: true, since: 60_000, json: false },
    ],
    ['logs a --unit x', { do: 'logs', at: {}, name: 'a', of: { unit: 'x' }, follow: false, json: false }],
    ['exec a -- ls --json -- x', { do: 'exec', at: {}, name: 'a', argv: ['ls', '--json', '--', 'x'] }],
    ['cp a b', { do: 'cp', at: {}, from: 'a', to: 'b' }],
    ['status --limit 3', { do: 'status', at: {}, limit: 3, json: false }],
    [
      'status --on role=web,!canary',
      {
        do: 'status',
        at: {},
        on: [
          { key: 'role', values: ['web'], negated: false },
          { key: 'canary', values: [], negated: true },
        ],
        limit: 15,
        json: false,
      },
    ],
    ['facts a b --json', { do: 'facts', at: {}, names: ['a', 'b'], json: true }],
    ['share a --as operator', { do: 'share', at: {}, name: 'a', as: 'operator' }],
    ['init', { do: 'init', file: 'fleet.yaml' }],
    ['boss --sealing-key k', { do: 'boss', json: false, sealingKey: 'k' }],
    ['up --passphrase-file -', { do: 'up', passphraseFile: '-' }],
    ['hob --directory d --sealing-key k', { do: 'hob', directory: 'd', sealingKey: 'k' }],
    ['secret set token', { do: 'secret set', at: {}, name: 'token' }],
    ['secret list --json', { do: 'secret list', at: {}, json: true }],
    ['secret remove token --state s', { do: 'secret remove', at: { state: 's' }, name: 'token', json: false }],
  ])('%s', (words, expected) => {
    expect(request(words)).toEqual(expected);
  });
});

describe('a mistake is BAD_USAGE in one line, with what there is', () => {
  test.each([
    ['mahcine list', "unknown command 'mahcine'", 'machine'],
    ['machine lst', "unknown command 'lst'", 'list'],
    ['machine list --jsn', "unknown option '--jsn'", '--json'],
    ['frobnicate', "unknown command 'frobnicate'", '--help'],
    ['machine create web1', "required option '--provider <name>' not specified", '--help'],
    ['machine forget', "missing required argument 'name'", '--help'],
    ['machine list extra', 'too many arguments', '--help'],
    ['share web1', "required option '--as <facet>'", '--help'],
    ['share web1 --as god', 'Allowed choices are observer, operator, admin', '--help'],
    ['machine create a --provider p --policy x', 'Allowed choices are report, correct', '--help'],
    ['machine list --state a --socket b', 'cannot be used with', '--help'],
    ['machine list --socket a --connect-file b', 'cannot be used with', '--help'],
    ['boss --listen localhost', 'It must be such as 127.0.0.1:0', '--help'],
    ['boss --hob-interval 0', 'It must be such as 90s', '--help'],
    ['boss --listen a:99999', 'It must be such as 127.0.0.1:0', '--help'],
    ['apply f --timeout soon', 'It must be a number of seconds', '--help'],
    ['hob', "required option '--directory <dir>'", '--help'],
    ['boss --sealing-key a --passphrase-file b', 'cannot be used with', '--help'],
    ['secret set token hunter2', 'too many arguments', '--help'],
  ])('%s', (words, message, hint) => {
    let thrown: unknown;
    try {
      parse(words);
    } catch (error) {
      thrown = error;
    }
    const described = describeError(thrown);
    expect(described.code).toBe('BAD_USAGE');
    expect(described.message).toContain(message);
    expect(described.hint).toContain(hint);
  });
});

describe('help', () => {
  test.each(['--help', 'help', 'machine --help', 'share --help', 'help apply'])('%s is asked for: exit 0', (words) => {
    expect(parse(words)).toEqual({ text: expect.stringContaining('Usage: gobs'), exit: 0 });
  });

  test.each(['', 'machine', 'provider'])('"%s" asks for nothing: help, and exit 1', (words) => {
    expect(parse(words)).toEqual({ text: expect.stringContaining('Usage: gobs'), exit: 1 });
  });

  test('every command has an example of itself', () => {
    const commands = ['up', 'down', 'boss', 'hob', 'repl', 'provider list', 'init', 'plan', 'apply', 'drift', 'share'];
    const machine = ['create', 'list', 'show', 'start', 'stop', 'destroy', 'forget'].map((verb) => `machine ${verb}`);
    const secret = ['set', 'list', 'remove'].map((verb) => `secret ${verb}`);
    for (const command of [...commands, ...machine, ...secret]) {
      const help = parse(`${command} --help`);
      expect('text' in help && help.text).toContain(`gobs ${command}`);
      expect('text' in help && help.text).toContain('Examples:');
    }
  });

  test("the version is the package's", () => {
    expect(parse('--version')).toEqual({ text: '1.2.3', exit: 0 });
  });
});
