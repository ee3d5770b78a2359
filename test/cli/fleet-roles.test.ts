/** Providers, options, labels and roles in fleet documents. */
/* eslint-disable no-template-curly-in-string -- what is tested here looks like that */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFleetDocument, readFleetDocument } from '../../src/cli/fleet-document.ts';
import { describeError } from '../../src/errors/gobs-error.ts';

const good = `providers:
  dc1:
    type: ssh
    settings: { user: root, agent: true, port: 22, passphrase: { secret: ssh-passphrase } }
roles:
  web:
    parameters:
      port: { type: number, default: 80 }
      title: { type: text }
      also: { type: list, default: [] }
      strict: { type: boolean, default: false }
    resources:
      - { id: root, type: directory, path: /srv/web, after: "\${also}" }
      - { id: page, type: file, path: "/srv/web/\${title}.html", content: "\${title} on \${port}, $\${HOME}", after: [root] }
  base:
    resources:
      - { id: motd, type: file, path: /etc/motd, content: hello }
machines:
  web1:
    provider: dc1
    options: { host: 10.0.0.1, port: 2222, sudo: true }
    labels: { role: web, canary: "true" }
    roles: [base, { web: { title: hello, port: 8080 } }]
    resources:
      - { id: own, type: noop, after: [page] }
`;

const faultsOf = (text: string): string[] =>
  (readFleetDocument(text, 'f.yaml').faults ?? []).map(
    ({ line, path, message, hint }) => `${line}: ${path}: ${message}${hint === undefined ? '' : ` | ${hint}`}`,
  );
const changed = (from: string | RegExp, to: string): string => {
  const text = good.replace(from, () => to);
  expect(text).not.toBe(good);
  return text;
};
const resourcesOf = (text: string, index = 0) => parseFleetDocument(text, 'f.yaml').machines[index]!.resources;
/** A document with this role, and one machine that uses it so. */
const withRole = (resources: string, uses: string, parameters = '{}'): string =>
  `roles: { r: { parameters: ${parameters}, resources: ${resources} } }\nmachines: { m: { provider: local, roles: ${uses} } }`;

describe('a document with all that there is', () => {
  test('is data in which roles are resources', () => {
    expect(parseFleetDocument(good, 'f.yaml')).toEqual({
      providers: [
        {
          name: 'dc1',
          type: 'ssh',
          settings: { user: 'root', agent: true, port: 22, passphrase: { secret: 'ssh-passphrase' } },
        },
      ],
      roles: 2,
      machines: [
        {
          name: 'web1',
          provider: 'dc1',
          options: { host: '10.0.0.1', port: 2222, sudo: true },
          labels: { role: 'web', canary: 'true' },
          policy: 'report',
          resources: [
            { id: 'motd', type: 'file', path: '/etc/motd', content: 'hello' },
            { id: 'root', type: 'directory', path: '/srv/web', after: [] },
            {
              id: 'page',
              type: 'file',
              path: '/srv/web/hello.html',
              content: 'hello on 8080, ${HOME}',
              after: ['root'],
            },
            { id: 'own', type: 'noop', after: ['page'] },
          ],
        },
      ],
    });
  });

  test('is hardened', () => {
    const { providers, machines } = parseFleetDocument(good, 'f.yaml');
    expect(Object.isFrozen(providers[0]!.settings['passphrase'])).toBe(true);
    expect(Object.isFrozen(machines[0]!.resources[2]!.after)).toBe(true);
  });

  test('may give the same role twice, with a prefix that stands before its ids, and before after', () => {
    const role = '[{ id: a, type: noop }, { id: b, type: noop, after: [a] }]';
    expect(resourcesOf(withRole(role, '[r, { r: {}, prefix: true }, { r: , prefix: two }]'))).toEqual([
      { id: 'a', type: 'noop' },
      { id: 'b', type: 'noop', after: ['a'] },
      { id: 'r-a', type: 'noop' },
      { id: 'r-b', type: 'noop', after: ['r-a'] },
      { id: 'two-a', type: 'noop' },
      { id: 'two-b', type: 'noop', after: ['two-a'] },
    ]);
  });

  test('may share what it says by anchors, in roles and machines', () => {
    const text = `roles:
  r: { parameters: { n: { type: text } }, resources: [ &one { id: a, type: file, path: "\${n}" }, { id: b, type: noop } ] }
machines:
  m1: &m { provider: local, roles: [ { r: &with { n: /x } } ], labels: &l { role: r } }
  m2: *m
  m3: { provider: local, roles: [ { r: *with, prefix: p } ], labels: *l, resources: [ *one ] }
`;
    const { machines } = parseFleetDocument(text.replace('*one ', '{ id: c, type: noop } '), 'f.yaml');
    expect(machines[1]!.resources).toEqual(machines[0]!.resources);
    expect(machines[2]!.resources.map(({ id }) => id)).toEqual(['p-a', 'p-b', 'c']);
    // Outside of the role the same text is no argument, but text.
    expect(faultsOf(text)).toEqual([
      '2: machines.m3.resources[0].path: must be absolute, beginning with "/", not "${n}"',
    ]);
  });

  test('has machines without roles as before: a dollar sign means nothing there', () => {
    const text = 'machines: { m: { provider: local, resources: [{ id: a, type: noop, note: "${x} $${y}" }] } }';
    expect(resourcesOf(text)).toEqual([{ id: 'a', type: 'noop', note: '${x} $${y}' }]);
  });
});

describe('a value of a role', () => {
  const value = (text: string, parameters: string, given: string): unknown =>
    resourcesOf(
      withRole(`[{ id: a, type: noop, note: ${text} }]`, `[{ r: ${given} }]`, parameters).replace('noop', 'noop'),
    )[0]!['note'];

  test.each([
    ['"${a}"', 'x', 'x'],
    ['"<${a}>"', 'x', '<x>'],
    ['"${a}${a}"', 'xy', 'xyxy'],
    ['"$${a}"', 'x', '${a}'],
    ['"$${a}-${a}"', 'x', '${a}-x'],
    ['"$$${a}"', 'x', '$${a}'],
    ['"$a ${a} $"', 'x', '$a x $'],
    // What an argument says is not looked through again.
    ['"${a}"', '"${a}"', '${a}'],
  ])('%s with a = %s is %s', (text, a, expected) => {
    expect(value(text, '{ a: { type: text } }', `{ a: ${a} }`)).toBe(expected);
  });

  test('keeps the type of a whole argument, and is text within text', () => {
    const parameters = '{ n: { type: number }, b: { type: boolean }, l: { type: list } }';
    const role =
      '[{ id: a, type: noop, note: "${n} ${b}", after: "${l}" }, { id: b, type: noop }, { id: "n${n}", type: file, path: /a, absent: "${b}" }]';
    expect(resourcesOf(withRole(role, '[{ r: { n: 8080, b: true, l: [b] } }]', parameters))).toEqual([
      { id: 'a', type: 'noop', note: '8080 true', after: ['b'] },
      { id: 'b', type: 'noop' },
      { id: 'n8080', type: 'file', path: '/a', absent: true },
    ]);
  });

  test('is filled in wherever a value is, and keys are left alone', () => {
    const text = withRole(
      '[{ id: a, type: noop, after: ["${x}"] }, { id: b, type: noop }]',
      '[{ r: { x: b } }]',
      '{ x: { type: text } }',
    );
    expect(resourcesOf(text)[0]!.after).toEqual(['b']);
    expect(
      faultsOf(withRole('[{ id: a, type: noop, "${x}": 1 }]', '[{ r: { x: note } }]', '{ x: { type: text } }')),
    ).toEqual([expect.stringContaining('["${x}"]: a noop has no such property')]);
  });

  test('is what each of its parts says, whatever the argument', () => {
    const piece = fc.oneof(
      fc.constant({ name: true }),
      fc.string({ maxLength: 5 }).map((literal) => ({ literal })),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), fc.string(), (pieces, argument) => {
        const written = pieces.map((each) =>
          'name' in each ? '${a}' : each.literal.replaceAll('$', '').replaceAll('{', ''),
        );
        const document = {
          roles: {
            r: {
              parameters: { a: { type: 'text' } },
              resources: [{ id: 'x', type: 'file', path: '/x', content: written.join('') }],
            },
          },
          machines: { m: { provider: 'local', roles: [{ r: { a: argument } }] } },
        };
        const expected = written.map((each, index) => ('name' in pieces[index]! ? argument : each)).join('');
        const { document: read, faults = [] } = readFleetDocument(JSON.stringify(document), 'f.json');
        if (!expected.isWellFormed()) expect(faults).toHaveLength(1);
        else expect(read!.machines[0]!.resources[0]!['content']).toBe(expected);
      }),
    );
  });
});

describe('what a new user types is told where it is wrong', () => {
  test.each<[string, string | RegExp, string, string]>([
    ['a provider without a type', 'type: ssh\n    ', '', '3: providers.dc1.type: is missing'],
    ['a provider of the wrong name', 'dc1:\n', 'DC1:\n', '2: providers.DC1: a name has lower-case letters'],
    [
      'a list of settings',
      'settings: {',
      'settings: [1] #',
      '4: providers.dc1.settings: must be a mapping, not a list',
    ],
    [
      'a list in settings',
      'agent: true',
      'agent: [a]',
      '4: providers.dc1.settings.agent: must be text, a number, true, false or { secret: NAME }, not a list',
    ],
    [
      'a secret of the wrong name',
      'ssh-passphrase',
      '"my passphrase"',
      '4: providers.dc1.settings.passphrase.secret: must be the name of a secret, as gobs secret set takes it, not "my passphrase"',
    ],
    [
      'a secret that is mistyped',
      'secret: ssh',
      'secrets: ssh',
      '4: providers.dc1.settings.passphrase: must be text, a number, true, false or { secret: NAME }, not a mapping',
    ],
    [
      'settings beside settings',
      'settings:',
      'setting:',
      '4: providers.dc1.setting: there is no such property | did you mean "settings"? there are type, settings',
    ],
    [
      'an option that is a list',
      'sudo: true',
      'sudo: [a]',
      '21: machines.web1.options.sudo: must be text, a number, true or false, not a list',
    ],
    [
      'a label that is no text',
      '"true"',
      'true',
      '22: machines.web1.labels.canary: must be text: write "true", with quotes',
    ],
    [
      'a label of the wrong name',
      'canary:',
      'Canary:',
      "22: machines.web1.labels.Canary: a label's name has lower-case",
    ],
    [
      'a label with a blank',
      'role: web,',
      'role: my web,',
      '22: machines.web1.labels.role: must be letters, digits and . _ - + : / @ ~, at least one and at most 200, not "my web"',
    ],
    ['labels as a list', /labels: .*/, 'labels: [web]', '22: machines.web1.labels: must be a mapping, not a list'],
    [
      'roles as a mapping',
      /roles: \[base.*/,
      'roles: { web: { title: x } }',
      '23: machines.web1.roles: must be a list, not a mapping',
    ],
    ['roles as text', /roles: \[base.*/, 'roles: web', '23: machines.web1.roles: must be a list, not "web"'],
    [
      'a role that there is not',
      '[base,',
      '[bas,',
      '23: machines.web1.roles[0]: there is no role "bas" | did you mean "base"? there are web, base',
    ],
    [
      'a role that is a number',
      '[base,',
      '[7,',
      '23: machines.web1.roles[0]: must be one role, such as "web" or { web: { port: 80 } }, not the number 7',
    ],
    [
      'two roles in one entry',
      '[base, {',
      '[{ base: {}, ',
      '23: machines.web1.roles[0]: must be one role, such as "web" or { web: { port: 80 } }, not 2 of them | each role is an entry of the list',
    ],
    [
      'an argument that is missing',
      'title: hello, ',
      '',
      '23: machines.web1.roles[1].web.title: is missing; the role web needs it (text)',
    ],
    [
      'an argument that is mistyped',
      'title: hello',
      'titel: hello',
      '23: machines.web1.roles[1].web.titel: the role web has no such parameter | did you mean "title"? there are port, title, also, strict',
    ],
    [
      'an argument of the wrong type',
      '8080',
      '"8080"',
      '23: machines.web1.roles[1].web.port: must be a number, not "8080"',
    ],
    [
      'a number that is to be text',
      'title: hello',
      'title: 7',
      '23: machines.web1.roles[1].web.title: must be text: write "7", with quotes',
    ],
    [
      'yes for true',
      'port: 8080',
      'strict: yes',
      '23: machines.web1.roles[1].web.strict: must be true or false, not "yes"',
    ],
    [
      'a list of numbers',
      'port: 8080',
      'also: [1]',
      '23: machines.web1.roles[1].web.also: must be a list of texts, not a list',
    ],
    [
      'arguments as a list',
      '{ title: hello, port: 8080 }',
      '[hello]',
      "23: machines.web1.roles[1].web: must be a mapping with the role's parameters, not a list",
    ],
    [
      'arguments to a role that has none',
      '[base,',
      '[{ base: { port: 1 } },',
      '23: machines.web1.roles[0].base.port: the role base has no such parameter | it has none',
    ],
    [
      'a prefix that is a list',
      '8080 } }',
      '8080 }, prefix: [a] }',
      '23: machines.web1.roles[1].prefix: must be true, or a text of one line and at most 60 characters, not a list',
    ],
    [
      'a default of the wrong type',
      'default: 80 ',
      'default: "80" ',
      '8: roles.web.parameters.port.default: must be a number, not "80"',
    ],
    [
      'a parameter without a type',
      '{ type: text }',
      '{}',
      '9: roles.web.parameters.title.type: must be "text" or "number" or "boolean" or "list", not undefined',
    ],
    [
      'a type as in other languages',
      '{ type: text }',
      '{ type: string }',
      '9: roles.web.parameters.title.type: must be "text" or "number" or "boolean" or "list", not "string"',
    ],
    [
      'a parameter of an odd name',
      'title:',
      '"my title":',
      '9: roles.web.parameters["my title"]: the name of a parameter has letters',
    ],
    ['a role of an odd name', '  base:', '  Base:', '15: roles.Base: the name of a role has lower-case'],
    ['a role that is called prefix', '  base:', '  prefix:', '15: roles.prefix: a role cannot be called prefix'],
    [
      'a merge key',
      'provider: dc1',
      'provider: dc1\n    <<: {}',
      '21: machines.web1["<<"]: merge keys are not known here | an alias stands for a whole value; what several machines have is a role',
    ],
    [
      'a role with roles',
      '  base:\n',
      '  base:\n    roles: [web]\n',
      '16: roles.base.roles: there is no such property',
    ],
    [
      'resources of a role as a mapping',
      'resources:\n      - { id: motd,',
      'resources:\n      { id: motd,',
      '17: roles.base.resources: must be a list, not a mapping',
    ],
    [
      'a name that there is not',
      '${title}.html',
      '${titel}.html',
      '14: roles.web.resources[1].path: the role has no parameter "titel" | did you mean "${title}"? there are port, title, also, strict; for the characters themselves write $${',
    ],
    [
      'braces of a shell',
      '$${HOME}',
      '${HOME:-/root}',
      '14: roles.web.resources[1].content: a "${" has no name and "}" behind it | for the characters themselves write $${',
    ],
    [
      'a list within text',
      '${title} on',
      '${also} on',
      '14: roles.web.resources[1].content: the parameter also is a list, which cannot stand within a text',
    ],
    [
      'a property of a role that there is not',
      'content: hello',
      'contnt: hello',
      '17: roles.base.resources[0].contnt: a file has no such property (as machines.web1.roles[0] has it) | did you mean "content"?',
    ],
    [
      'after something outside of the role',
      'after: [root]',
      'after: [own]',
      '14: roles.web.resources[1].after: the role web has no resource "own" | here it can name those of its own role only',
    ],
    ['an argument that makes no sense there', 'title: hello', 'title: "a\\0b"', '14: roles.web.resources[1].path: '],
  ])('%s', (_what, from, to, expected) => {
    expect(faultsOf(changed(from, to)).join('\n')).toContain(expected);
  });

  test('whose resources are not there is no mistake of those that name them', () => {
    for (const [from, to] of [
      ['title: hello', 'titel: hello'],
      ['{ web: {', '{ wob: {'],
      ['${title} on', '${titel} on'],
    ] as const) {
      expect(faultsOf(changed(from, to)).filter((fault) => fault.includes('machines.web1.resources'))).toEqual([]);
    }
  });

  test('of two with one id both places are told, and what helps', () => {
    const help = 'prefix: true, where a machine uses a role, puts the name of the role before the ids';
    expect(faultsOf(changed('id: own, type: noop, after: [page]', 'id: page, type: noop'))).toEqual([
      `25: machines.web1.resources[0].id: "page" is the id of roles.web.resources[1] (line 14) too | ${help}`,
    ]);
    expect(faultsOf(changed('[base,', '[base, base,'))).toEqual([
      `17: roles.base.resources[0].id: "motd" is the id of roles.base.resources[0] (line 17) too (as machines.web1.roles[1] has it) | ${help}`,
      '17: roles.base.resources[0].path: "/etc/motd" is the path of roles.base.resources[0] (line 17) too (as machines.web1.roles[1] has it)',
    ]);
  });

  test('what is wrong in a role is told once, however many machines have it', () => {
    const machines = Array.from({ length: 50 }, (_, n) => `  m${n}: { provider: local, roles: [r] }`).join('\n');
    const text = `roles: { r: { resources: [{ id: a, type: fil }] } }\nmachines:\n${machines}\n`;
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(
        /^1: roles\.r\.resources\[0\]\.type: there is .* "fil" \(as machines\.m0\.roles\[0\] has it\)/,
      ),
    ]);
  });

  test('a role that nobody uses is looked at too, if it needs no arguments', () => {
    const text = 'roles: { r: { resources: [{ id: a, type: fil }] } }\nmachines: {}\n';
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/^1: roles\.r\.resources\[0\]\.type: there is no resource type "fil" \|/),
    ]);
  });

  test('whatever it is, a message is one line without control characters', () => {
    for (const [from, to] of [
      ['base:', '"\\e[2J\\n\\u202e":'],
      ['[base,', '["\\e[2J\\n\\u202e",'],
      ['title: hello', '"\\e[2J\\n\\u202e": 1'],
      ['${title}.html', '${\\e[2J\\n}'],
      ['canary:', '"\\e[2J\\n\\u202e":'],
      ['port: 22', '"\\e[2J\\n\\u202e": [1]'],
    ] as const) {
      try {
        parseFleetDocument(changed(from, to), 'f.yaml');
        expect.unreachable();
      } catch (error) {
        const { message, hint = '' } = describeError(error);
        expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
        expect(hint).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
      }
    }
  });
});

test('whatever is taken out of a document, or put in, is told as a fault and never thrown', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom(
      '${',
      '$${',
      '${a}',
      '*x',
      '&x ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      'null',
      '- ',
      '\n  ',
      'web',
      'prefix',
      '"',
    ),
  );
  const place = fc.nat({ max: good.length });
  fc.assert(
    fc.property(place, fc.nat({ max: 30 }), piece, (from, length, put) => {
      const text = `${good.slice(0, from)}${put}${good.slice(from + length)}`;
      const { document: read, faults } = readFleetDocument(text, 'f.yaml');
      expect(read === undefined).toBe(faults !== undefined);
      if (faults !== undefined) expect(faults.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});

describe('what is large', () => {
  test('roles that unfold to too much are refused before they do', () => {
    const resources = Array.from({ length: 1_000 }, (_, n) => ({
      id: `f${n}`,
      type: 'file',
      path: `/f${n}`,
      content: '${a}${a}',
    }));
    const machine = { provider: 'local', roles: [{ r: { a: 'x'.repeat(400_000) } }] };
    const document = {
      roles: { r: { parameters: { a: { type: 'text' } }, resources } },
      machines: { m1: machine, m2: machine },
    };
    expect(faultsOf(JSON.stringify(document))).toEqual(['1: roles: its roles unfold to too much']);
  });

  test('a machine that unfolds to more than it may have is told', () => {
    const role = JSON.stringify(Array.from({ length: 5_001 }, (_, n) => ({ id: `a${n}`, type: 'noop' })));
    expect(faultsOf(withRole(role, '[r, { r: , prefix: true }]'))).toEqual([
      '2: machines.m.resources: must not be over 10000; there are 10002',
    ]);
  });

  test('10,000 resources, all of them wrong, cost no look of each at each', () => {
    const list = Array.from({ length: 10_000 }, (_, n) => `      - { id: a${n}, type: fil${n} }`).join('\n');
    const text = `machines:\n  m:\n    provider: local\n    resources:\n${list}\n`;
    expect(faultsOf(text)).toHaveLength(10_000);
    const machines = Array.from({ length: 10_000 }, (_, n) => `  M${n}: { provider: local }`).join('\n');
    expect(faultsOf(`machines:\n${machines}\n`)).toHaveLength(10_000);
  });

  test('10,000 machines of one role are read', () => {
    const machines = Array.from(
      { length: 10_000 },
      (_, n) => `  m${n}: { provider: local, roles: [{ r: { n: x${n} } }] }`,
    );
    const text = `roles: { r: { parameters: { n: { type: text } }, resources: [{ id: a, type: noop, note: "<\${n}>" }] } }\nmachines:\n${machines.join('\n')}\n`;
    const { machines: read } = parseFleetDocument(text, 'f.yaml');
    expect(read).toHaveLength(10_000);
    expect(read[9_999]!.resources).toEqual([{ id: 'a', type: 'noop', note: '<x9999>' }]);
  });

  test('an alias to what is around it ends', () => {
    expect(
      faultsOf('roles: { r: { resources: &a [{ id: x, type: noop, note: *a }] } }\nmachines: {}\n').length,
    ).toBeGreaterThan(0);
  });
});
