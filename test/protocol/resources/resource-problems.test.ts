import { describe, expect, it } from 'vitest';
import { shippedDefinitions } from '../../../src/protocol/resources/shipped.ts';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';

const good = [
  { id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n', mode: '0644', owner: 'root:adm' },
  { id: 'empty', type: 'file', path: '/etc/empty', content: '' },
  { id: 'kept', type: 'file', path: '/etc/kept', mode: '644', owner: '1000:0' },
  { id: 'old', type: 'file', path: '/etc/old', absent: true },
  { id: 'logs', type: 'directory', path: '/var/log/app', mode: '1777', owner: 'www-data' },
  { id: 'site', type: 'symlink', path: '/etc/site', target: '../site', owner: 'root' },
  { id: 'link', type: 'symlink', path: '/etc/link', absent: true },
  { id: 'a line', type: 'line', path: '/etc/kept', line: '\ta: 1 ', prefix: '\ta:' },
  { id: 'no line', type: 'line', path: '/etc/kept', line: 'b', absent: true },
  { id: 'no other line', type: 'line', path: '/etc/kept', line: '\ta: 2', absent: true },
  { id: 'Größe 7', type: 'noop', note: 'any', after: ['logs', 'motd'] },
];

/** As a person sees them: `path: message (hint)`. */
const lines = (resources: unknown): readonly string[] =>
  findResourceProblems(resources).map(
    ({ path, message, hint }) => `${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
const file = (more: object) => [{ id: 'a', type: 'file', path: '/a', ...more }];

/** By id, what each comes after. */
const noops = (after: Readonly<Record<string, unknown>>) =>
  Object.entries(after).map(([id, names]) => ({ id, type: 'noop', after: names }));

const line = (id: string, more: object, path = '/x') => ({ id, type: 'line', path, ...more });

const allTypes = Object.keys(shippedDefinitions).toSorted().join(', ');

describe('a list of resources', () => {
  it('that makes sense has no problems', () => {
    expect(lines(good)).toEqual([]);
    expect(lines([])).toEqual([]);
  });

  const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['is no list', { a: 1 }, ['resources: must be a list, not a mapping']],
    ['is text', 'file', ['resources: must be a list, not "file"']],
    ['is too long', Array.from({ length: 10_001 }), ['resources: must not be over 10000; there are 10001']],
    [
      'holds something else',
      [null, 'a', []],
      [
        'resources[0]: must be a mapping with id and type, not null',
        'resources[1]: must be a mapping with id and type, not "a"',
        'resources[2]: must be a mapping with id and type, not a list',
      ],
    ],
    ['holds nothing', [{}], ['resources[0].id: is missing', `resources[0].type: is missing (there are ${allTypes})`]],
    [
      'has a type that is near another',
      [...good, { id: 'x', type: 'fiel', path: '/x' }],
      [`resources[11].type: there is no resource type "fiel" (did you mean "file"? there are ${allTypes})`],
    ],
    [
      'has a type that is near nothing',
      [{ id: 'x', type: 'zebra' }],
      [`resources[0].type: there is no resource type "zebra" (there are ${allTypes})`],
    ],
    [
      'has a type that every object has',
      [{ id: 'x', type: 'constructor' }],
      [`resources[0].type: there is no resource type "constructor" (there are ${allTypes})`],
    ],
    ['has a type that is no text', [{ id: 'x', type: 7 }], ['resources[0].type: must be text, not the number 7']],
    [
      'has a property that is near another',
      [...good.slice(0, 2), ...file({ mdoe: '0644' })],
      [
        'resources[2].mdoe: a file has no such property (did you mean "mode"? it has absent, after, content, data, id, mode, notify, owner, path, template, validate, when)',
      ],
    ],
    [
      'has a property that every object has',
      file({ toString: 'x' }),
      [
        'resources[0].toString: a file has no such property (it has absent, after, content, data, id, mode, notify, owner, path, template, validate, when)',
      ],
    ],
    [
      'has a property of another type',
      [{ id: 'd', type: 'directory', path: '/d', content: 'x' }],
      [
        'resources[0].content: a directory has no such property (it has absent, after, id, mode, notify, owner, path, when)',
      ],
    ],
    ['lacks a path', [{ id: 'x', type: 'file', content: 'x' }], ['resources[0].path: is missing; a file needs it']],
    [
      'has a mode without quotes',
      file({ mode: 644 }),
      ['resources[0].mode: must be three or four octal digits in quotes, such as "0644", not the number 644'],
    ],
    ...['0o644', '64', '00644', '0888', 'rw-r--r--', ''].map(
      (mode) =>
        [
          `has the mode ${mode}`,
          file({ mode }),
          [`resources[0].mode: must be three or four octal digits in quotes, such as "0644", not "${mode}"`],
        ] as const,
    ),
    ...['', ':adm', 'root:', 'a:b:c', 'two words', '-1', '4294967295', '01', 'root:4294967295', '../x'].map(
      (owner) =>
        [
          `has the owner ${owner}`,
          file({ owner }),
          [`resources[0].owner: must be "user" or "user:group", by name or number, not "${owner}"`],
        ] as const,
    ),
    ['has content that is no text', file({ content: null }), ['resources[0].content: must be text, not null']],
    [
      'has content that is too long',
      file({ content: 'x'.repeat(1_000_001) }),
      ['resources[0].content: must not be over 1000000 characters; it has 1000001'],
    ],
    [
      'has content that cannot be written',
      file({ content: '\ud800' }),
      ['resources[0].content: must be well-formed Unicode'],
    ],
    ['says absent: false', file({ absent: false }), ['resources[0].absent: must be true or left out, not false']],
    [
      'has content for what is absent',
      file({ absent: true, content: 'x' }),
      ['resources[0].content: must not stand beside absent: true'],
    ],
    [
      'has a mode for what is absent',
      [{ id: 'd', type: 'directory', path: '/d', absent: true, mode: '0755' }],
      ['resources[0].mode: must not stand beside absent: true'],
    ],
    [
      'has several problems',
      file({ mode: 'x', owner: '', path: 'a' }),
      [
        'resources[0].path: must be absolute, beginning with "/", not "a"',
        'resources[0].mode: must be three or four octal digits in quotes, such as "0644", not "x"',
        'resources[0].owner: must be "user" or "user:group", by name or number, not ""',
      ],
    ],
    ...['..', '/..', '/a/../b', '/a/..'].map(
      (path) =>
        [
          `has the path ${path}`,
          file({ path }),
          [expect.stringMatching(/^resources\[0\]\.path: must/) as string],
        ] as const,
    ),
    [
      'has one id twice',
      [...good, { id: 'motd', type: 'noop' }],
      ['resources[11].id: "motd" is the id of resources[0] too'],
    ],
    [
      'has one path twice',
      [...good, { id: 'again', type: 'directory', path: '/etc/motd' }],
      ['resources[11].path: "/etc/motd" is the path of resources[0] too'],
    ],
    [
      'has an id that would end its line',
      [{ id: 'a\nb', type: 'noop' }],
      ['resources[0].id: must be one printable line'],
    ],
    ['has an empty id', [{ id: '', type: 'noop' }], ['resources[0].id: must not be empty']],
    [
      'has an id that is too long',
      [{ id: 'x'.repeat(201), type: 'noop' }],
      ['resources[0].id: must not be over 200 characters; it has 201'],
    ],
    [
      'has a symlink without a target',
      [{ id: 'l', type: 'symlink', path: '/l' }],
      ['resources[0].target: is missing; a symlink needs it, or absent: true'],
    ],
    [
      'has a symlink that is to be absent and say something',
      [{ id: 'l', type: 'symlink', path: '/l', target: 'x', absent: true }],
      ['resources[0].target: must not stand beside absent: true'],
    ],
    ...[
      ['', 'must not be empty'],
      ['a\0b', 'must be one printable line'],
      ['a\nb', 'must be one printable line'],
      [7, 'must be text, not the number 7'],
      ['x'.repeat(4_096), 'must not be over 4095 characters; it has 4096'],
      ['é'.repeat(2_048), 'must not be over 4095 bytes'],
    ].map(
      ([target, problem]) =>
        [
          `has a symlink to ${JSON.stringify(target).slice(0, 20)}`,
          [{ id: 'l', type: 'symlink', path: '/l', target }],
          [`resources[0].target: ${problem}`],
        ] as const,
    ),
    [
      'has a symlink with a mode',
      [{ id: 'l', type: 'symlink', path: '/l', target: '..', mode: '0777' }],
      [
        'resources[0].mode: a symlink has no such property (it has absent, after, id, notify, owner, path, target, when)',
      ],
    ],
    ...[
      [
        { line: 'a b', prefix: 'b' },
        'prefix: must be what the line begins with (else each round would add the line again)',
      ],
      [{ line: 'a', prefix: 'a', absent: true }, 'prefix: must not stand beside absent: true'],
      [{ line: 'a\nb' }, 'line: must be one line without control characters'],
      [{ line: 'a\r' }, 'line: must be one line without control characters'],
      [{ line: '' }, 'line: must not be empty'],
      [{ line: 'a', prefix: '' }, 'prefix: must not be empty'],
    ].map(
      ([more, problem]) =>
        [
          `has the line ${JSON.stringify(more)}`,
          [line('l', more as object)],
          [`resources[0].${String(problem)}`],
        ] as const,
    ),
    [
      'has lines in what others keep whole',
      [line('l', { line: 'a' }), line('m', { line: 'b' }, '/b'), ...file({ path: '/x', content: '' })],
      ['resources[0].path: resources[2] keeps all of it'],
    ],
    [
      'has a line in a file that is to be absent',
      [...file({ path: '/x', absent: true }), line('l', { line: 'a' })],
      ['resources[1].path: resources[0] keeps all of it'],
    ],
    [
      'has lines that would undo each other',
      [
        line('l', { line: 'a = 1', prefix: 'a' }),
        line('m', { line: 'ab = 1' }),
        line('n', { line: 'b' }),
        line('o', { line: 'b', absent: true }),
        line('p', { line: 'b' }, '/other'),
      ],
      [
        'resources[1]: is at odds with resources[0] about a line',
        'resources[3]: is at odds with resources[2] about a line',
      ],
    ],
    ['has an after that is no list', noops({ a: 'b', b: [] }), ['resources[0].after: must be a list of ids, not "b"']],
    [
      'has an after with something else than an id',
      noops({ a: ['b', 7], b: [''] }),
      ['resources[0].after: each id must be text, not the number 7', 'resources[1].after: each id must not be empty'],
    ],
    ['names one twice', noops({ a: [], b: ['a', 'a'] }), ['resources[1].after: names "a" twice']],
    [
      'names too many',
      noops({ a: Array.from({ length: 101 }, (_, index) => `x${index}`) }),
      ['resources[0].after: must not be over 100 ids; there are 101'],
    ],
    ['has one that comes after itself', noops({ a: ['a'] }), ['resources[0].after: must not name the resource itself']],
    [
      'names what there is not',
      noops({ nginx: [], a: ['ngnix', 'no'], b: ['nothing'] }),
      [
        'resources[1].after: this machine has no resource "ngnix" (did you mean "nginx"?)',
        'resources[2].after: this machine has no resource "nothing"',
      ],
    ],
    ['goes in a circle', noops({ a: ['b'], b: ['a'] }), ['resources[1].after: must not go in a circle: a → b → a']],
    [
      'goes in two circles, and has some that only lead there',
      noops({ x: ['a'], a: ['b'], b: ['c'], c: ['b', 'a'], d: ['e'], e: ['d'], y: ['e'] }),
      [
        'resources[3].after: must not go in a circle: b → c → b',
        'resources[5].after: must not go in a circle: d → e → d',
      ],
    ],
    [
      'goes in a circle that is as long as a list may be',
      Array.from({ length: 10_000 }, (_, index) => ({
        id: `r${index}`,
        type: 'noop',
        after: [`r${(index + 1) % 10_000}`],
      })),
      ['resources[9999].after: must not go in a circle: r0 → … → r9995 → r9996 → r9997 → r9998 → r9999 → r0'],
    ],
    [
      'names one that has a problem of its own',
      [...noops({ a: ['bad'] }), { id: 'bad', type: 'noop', after: ['a'], x: 1 }],
      ['resources[1].x: a noop has no such property (it has after, id, note, notify, when)'],
    ],
  ];
  for (const [name, resources, problems] of cases) {
    it(`that ${name} has exactly that problem`, () => expect(lines(resources)).toEqual(problems));
  }

  it('names the resource of each problem by its place', () => {
    expect(
      findResourceProblems([...good, ...file({ x: 1 }), ...file({ id: 'b', mode: 1 })]).map(({ index }) => index),
    ).toEqual([11, 12]);
  });
});
