import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeHostDriver } from '../../src/hob/host-driver.ts';
import type { Host, ResourceTypes } from '../../src/hob/resources/contract.ts';
import { shippedTypes } from '../../src/hob/resources/shipped.ts';
import { copyContext, type SealedCopies } from '../../src/hob/secret-copies.ts';
import { findResourceProblems } from '../../src/protocol/resources/resource-problems.ts';
import { secretNamesIn } from '../../src/protocol/resources/secret-references.ts';
import type { Findings, Resource } from '../../src/protocol/shapes.ts';
import { makeSeal } from '../../src/sealing/seal.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { hostForEach } from './each-host.ts';
import { openCommands } from './real-commands.ts';
import { openOwed, type TemporaryRoot } from './temporary-root.ts';

const seal = makeSeal(randomBytes(32));
const text = 'canary-of-a-password\nand-its-second-line\n';
const copy = (name: string, version: string, content = text): SealedCopies => ({
  [name]: { version, secret: { sealed: seal.seal(copyContext(name, version), content) } },
});

let place: TemporaryRoot;
let host: Host;
hostForEach((...made) => ([place, host] = made));

const round = async (
  resources: readonly Resource[],
  secrets: SealedCopies,
  { apply = true, types = shippedTypes as ResourceTypes, more = {} as Partial<Host> } = {},
): Promise<Findings> => {
  const { driver } = makeHostDriver({
    types,
    host: { ...host, ...more },
    owed: await openOwed(place.root),
    unseal: (context, sealed) => seal.unseal(context, sealed),
    now: () => 1,
  });
  const desired = harden({ generation: 1, policy: 'correct', resources } as const);
  return E(driver).reconcile(harden({ desired, secrets, apply, reason: 'asked' }));
};
const keyed: Resource = { id: 'key', type: 'file', path: '/key', mode: '0600', content: { secret: 'token' } };
const at = (name: string): string => path.join(place.root, name);

describe('a file that is a secret', () => {
  it('has its text, byte for byte, and reports nothing of it', async () => {
    expect(await round([keyed], copy('token', '1'))).toMatchObject({ resources: [{ state: 'corrected' }] });
    expect(fs.readFileSync(at('key'), 'utf8')).toBe(text);
    expect(fs.statSync(at('key')).mode & 0o777).toBe(0o600);
    expect(await round([keyed], copy('token', '1'))).toMatchObject({ resources: [{ state: 'ok' }] });
    for (const apply of [false, true]) {
      fs.writeFileSync(at('key'), 'short\n', { mode: 0o600 });
      const { resources } = await round([keyed], copy('token', '1'), { apply });
      expect(resources[0]!.changes).toEqual([
        { what: 'content', from: 'not shown', to: 'not shown: it holds a secret' },
      ]);
    }
  });

  it('is unknown, and not touched, where the hob has no copy of it', async () => {
    fs.writeFileSync(at('key'), 'as it was');
    for (const apply of [false, true]) {
      expect(await round([keyed], {}, { apply })).toMatchObject({
        resources: [{ state: 'unknown', why: expect.stringContaining('the secret token is not here yet') as string }],
      });
    }
    expect(fs.readFileSync(at('key'), 'utf8')).toBe('as it was');
  });

  it('is in a template, whose mistakes are not told then', async () => {
    const page: Resource = {
      ...{ id: 'page', type: 'file', path: '/page', mode: '0640' },
      template: 'password = {{ password | strip }}; port = {{ port }}',
      data: { password: { secret: 'token' }, port: 80 },
    };
    await round([page], copy('token', '1', 'hunter22\n'));
    expect(fs.readFileSync(at('page'), 'utf8')).toBe('password = hunter22; port = 80');
    const { resources } = await round([{ ...page, template: '\n{{ password.nothing }}' }], copy('token', '1'));
    expect(resources[0]!.why).toBe(
      'CANNOT_CHANGE: /page: its template in line 2 cannot be rendered: why is not shown, as its data hold a secret',
    );
  });

  it('says nothing of what its validation said', async () => {
    const kit = openCommands();
    const broken = { ...keyed, mode: '0640', validate: ['sh', '-c', 'cat "$1" >&2; exit 1', 'sh', '{file}'] };
    const { resources } = await round([broken], copy('token', '1'), { more: { commands: kit.commands } });
    await kit.stop(0);
    expect(resources[0]).toMatchObject({ state: 'failed', why: expect.stringMatching(/^VALIDATION_FAILED/) as string });
    expect(JSON.stringify(resources)).not.toContain('canary');
  });

  it('is closed to others, and says so in the document', () => {
    const problems = (more: object) =>
      findResourceProblems([{ ...keyed, ...more }]).map(({ path: where, message }) => `${where}: ${message}`);
    expect(problems({})).toEqual([]);
    const open = 'resources[0].mode: must be given, and closed to others ("0600"): the content holds a secret';
    expect(problems({ mode: '0644' })).toEqual([open]);
    const { mode: _, ...bare } = keyed;
    expect(findResourceProblems([bare])).toHaveLength(1);
    expect(problems({ content: { secret: 'A B' } })).toEqual([
      'resources[0].content: must name a secret, such as { secret: db-password }, not "A B"',
    ]);
    expect(problems({ content: { secret: 'a', more: 1 } })).toEqual([
      'resources[0].content: must have nothing beside secret',
    ]);
    expect(problems({ path: { secret: 'a' } })).toEqual(['resources[0].path: must be a path, not a mapping']);
    const template = { id: 'key', type: 'file', path: '/key', mode: '0600', template: 'x' };
    expect(findResourceProblems([{ ...template, data: { secret: 'a' } }]).map(({ message }) => message)).toEqual([
      'must not have a key secret: each text in it can be one, as in password: { secret: db-password }',
    ]);
  });
});

describe('a report', () => {
  it('has no line of a secret that a type let through, in the words of a tool', async () => {
    const leaking: ResourceTypes = {
      file: {
        ...shippedTypes.file,
        converge: async ({ id }, { secretOf }) => {
          const secret = secretOf('token');
          if (id === 'key') throw Error(`tool: bad password ${secret}`);
          return [{ what: secret, from: `"${secret}"`, to: 'and-its-second-line' }];
        },
      },
    };
    const findings = await round([keyed, { ...keyed, id: 'other', path: '/other' }], copy('token', '1'), {
      types: leaking,
    });
    expect(findings.resources).toMatchObject([
      { why: 'UNEXPECTED: tool: bad password [secret] [secret]' },
      { changes: [{ what: '[secret] [secret]', from: '"[secret] [secret] "', to: '[secret]' }] },
    ]);
  });
});

describe('names of secrets', () => {
  it('are found wherever a resource may have one, each once', () => {
    const data = { a: { secret: 'b' }, c: 1, d: ['x'], e: { secret: 'a' } };
    expect(secretNamesIn([keyed, { ...keyed, id: 'x' }, { id: 'y', type: 'file', data }])).toEqual(['a', 'b', 'token']);
    expect(secretNamesIn([{ id: 'secret', type: 'noop', note: 'secret' }])).toEqual([]);
  });
});
