import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFleetDocument } from '../../src/cli/fleet-document.ts';
import { describeError } from '../../src/errors/gobs-error.ts';

const good = `machines:
  web1:
    provider: local
    policy: correct
    resources:
      - { id: motd, type: file, path: /etc/motd, content: "hello\\n", mode: "0644" }
      - { id: logs, type: directory, path: /var/log/app, mode: "0750" }
  web2:
    provider: local
`;

const web1 = {
  name: 'web1',
  provider: 'local',
  options: {},
  labels: {},
  policy: 'correct',
  resources: [
    { id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n', mode: '0644' },
    { id: 'logs', type: 'directory', path: '/var/log/app', mode: '0750' },
  ],
};
const web2 = { name: 'web2', provider: 'local', options: {}, labels: {}, policy: 'report', resources: [] };

const refusal = (text: string) => {
  try {
    parseFleetDocument(text, 'fleet.yaml');
  } catch (error) {
    const { code, message, hint = '' } = describeError(error);
    expect(code).toBe('BAD_DOCUMENT');
    return `${message} | ${hint}`;
  }
  throw Error('it was taken');
};

describe('a document', () => {
  test('in YAML is data with its defaults, machines in their order', () => {
    expect(parseFleetDocument(good, 'fleet.yaml')).toEqual({ providers: [], machines: [web1, web2], roles: 0 });
  });

  test('in JSON is the same', () => {
    const { name: _, ...machine } = web1;
    const json = JSON.stringify({ machines: { web1: machine, web2: { provider: 'local' } } }, undefined, '\t');
    expect(parseFleetDocument(json, 'fleet.json')).toEqual({ providers: [], machines: [web1, web2], roles: 0 });
  });

  test('may repeat itself with an alias', () => {
    const text = good
      .replace('resources:\n', 'resources: &all\n')
      .replace('  web2:\n    provider: local', '  web2:\n    provider: local\n    resources: *all');
    expect(parseFleetDocument(text, 'fleet.yaml').machines[1]!.resources).toEqual(web1.resources);
  });

  test('is hardened', () => {
    expect(Object.isFrozen(parseFleetDocument(good, 'f').machines[0]!.resources)).toBe(true);
  });
});

describe('what is wrong is named with file, line and path', () => {
  test.each([
    [
      '"0644" }',
      '0644 }',
      'fleet.yaml:6: machines.web1.resources[0].mode: must be three or four octal digits in quotes, such as "0644", not the number 644 | ',
    ],
    ['mode: "0750"', 'mode: 750', 'fleet.yaml:7: machines.web1.resources[1].mode: '],
    ['policy:', 'polcy:', 'fleet.yaml:4: machines.web1.polcy: there is no such property | did you mean "policy"?'],
    ['correct', 'corect', 'fleet.yaml:4: machines.web1.policy: must be "report" or "correct", not "corect"'],
    ['provider: local\n    policy', 'policy', 'fleet.yaml:3: machines.web1.provider: is missing'],
    [
      'machines:',
      'machine:',
      'fleet.yaml:1: machine: there is no such property (and 1 more) | did you mean "machines"?',
    ],
    [
      'type: file',
      'type: fil',
      'fleet.yaml:6: machines.web1.resources[0].type: there is no resource type "fil" | did you mean "file"?',
    ],
    [
      'content:',
      'contnt:',
      'fleet.yaml:6: machines.web1.resources[0].contnt: a file has no such property | did you mean "content"?',
    ],
    ['id: logs', 'id: motd', 'fleet.yaml:7: machines.web1.resources[1].id: "motd" is the id of resources[0] too'],
    [
      'id: logs',
      'id: logs, after: [mott]',
      'fleet.yaml:7: machines.web1.resources[1].after: this machine has no resource "mott" | did you mean "motd"?',
    ],
    [
      'id: logs',
      'id: logs, after: [logs]',
      'fleet.yaml:7: machines.web1.resources[1].after: must not name the resource itself',
    ],
    ['path: /etc/motd', 'path: ../motd', 'fleet.yaml:6: machines.web1.resources[0].path: must be absolute'],
    ['web2', 'Web_2', 'fleet.yaml:8: machines.Web_2: a name has lower-case letters'],
    ['web2', 'web1', 'fleet.yaml:8: the same key stands here twice'],
    [
      'content: "hello\\n"',
      'content: [1]',
      'fleet.yaml:6: machines.web1.resources[0].content: must be text, not a list',
    ],
    ['content: "hello\\n"', 'content: "a", content: "b"', 'fleet.yaml:6: the same key stands here twice'],
    ['provider: local\n    policy', 'provider: !!js/function local\n    policy', 'fleet.yaml:3: Unresolved tag'],
    ['web2', '__proto__', 'fleet.yaml:8: a key must be text'],
    ['web2', '7', 'fleet.yaml:8: a key must be text'],
    ['  web2:\n    provider: local', '  web2:\n  - x', 'fleet.yaml:9: machines.web2: must be a mapping, not a list'],
    ['  web2:', '\tweb2:', 'fleet.yaml:8: '],
    ['provider: local\n    policy', 'provider: [\n    policy', 'fleet.yaml:'],
  ])('%j made %j', (from, to, expected) => {
    expect(refusal(good.replace(from, to))).toContain(expected);
  });

  test.each([
    ['', 'fleet.yaml:1: is empty'],
    ['machines:', 'fleet.yaml:1: machines: must not be empty'],
    ['just text', 'fleet.yaml:1: must be a mapping, not "just text"'],
    [`${good}---\nmachines: {}\n`, 'fleet.yaml:10: Source contains multiple documents'],
    ['machines: *nobody', 'fleet.yaml:1: Unresolved alias'],
    ['['.repeat(20_000), 'nested too deeply'],
    ['x'.repeat(17 * 1024 * 1024), 'is larger than 16 MiB'],
  ])('%#', (text, expected) => {
    expect(refusal(text)).toContain(expected);
  });

  test('aliases that unfold to too much are refused before they do', () => {
    const names = 'abcdefghijklmnop';
    const bomb = [...names].map((name, index) => {
      const inner = index === 0 ? '"lol"' : `*${names[index - 1]}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => inner).join(', ')}]`;
    });
    expect(refusal(`${bomb.join('\n')}\nmachines: *p\n`)).toContain('its aliases unfold to too much');
  });

  test('a message is one line without control characters, whatever the document holds', () => {
    const message = refusal(good.replace('correct', '"\\e[2J\\n\\u202e"').replace('web2', '"\\e[31m\\n"'));
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});

test('no text makes it fail with anything but BAD_DOCUMENT', () => {
  const pieces = fc.constantFrom(
    'machines',
    ':',
    ' ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '"',
    "'",
    '|',
    '!t ',
    '? ',
    'web1',
    '#',
    '\t',
    '0',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      try {
        parseFleetDocument(parts.join(''), 'fleet.yaml');
      } catch (error) {
        expect(describeError(error).code).toBe('BAD_DOCUMENT');
      }
    }),
    { numRuns: 500 },
  );
});
