import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { codeOf } from '../../../src/errors/gobs-error.ts';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { fileType } from '../../../src/hob/resources/file.ts';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';
import { describeResource } from '../../contracts/resource.ts';
import { hostForEach } from '../each-host.ts';
import { openCommands } from '../real-commands.ts';
import { snapshot, type TemporaryRoot } from '../temporary-root.ts';

const conf = { id: 'conf', type: 'file', path: '/conf', content: 'good\n' } as const;
const says = (script: string): readonly string[] => ['sh', '-c', script, 'sh', '{file}'];
const good = says('grep -q good "$1"');
const old = (root: string): void => fs.writeFileSync(path.join(root, 'conf'), 'old\n', { mode: 0o644 });

describeResource('file', {
  type: fileType,
  commands: true,
  cases: [
    {
      name: 'that is validated',
      resource: { ...conf, mode: '0640', validate: good },
      changes: [{ what: 'type', from: 'absent', to: 'file' }],
      drifts: [
        {
          name: 'its content was changed',
          byHand: (root) => fs.writeFileSync(path.join(root, 'conf'), 'bad\n'),
          changes: [{ what: 'content', from: expect.any(String) as string, to: expect.any(String) as string }],
        },
      ],
    },
    {
      name: 'whose candidate has the mode that it will have, and lies beside its place',
      resource: {
        ...conf,
        mode: '0440',
        validate: says('test "$(stat -c %a "$1")" = 440 && test -f "$(dirname "$1")/neighbour"'),
      },
      arrange: (root) => fs.writeFileSync(path.join(root, 'neighbour'), ''),
      changes: [{ what: 'type', from: 'absent', to: 'file' }],
    },
  ],
});

describe('a file that is validated', () => {
  let place: TemporaryRoot;
  let host: Host;
  hostForEach((...made) => ([place, host] = made));
  const kit = openCommands();
  afterAll(() => kit.stop(0));

  it('cannot be looked at where the hob has no commands', async () => {
    const looked = fileType.converge({ ...conf, validate: good }, host, false);
    expect(codeOf(await looked.catch((error: unknown) => error))).toBe('CANNOT_LOOK');
  });

  it('is not asked about where its content stays', async () => {
    fs.writeFileSync(path.join(place.root, 'conf'), 'good\n', { mode: 0o600 });
    const resource = { ...conf, mode: '0644', validate: ['false', '{file}'] };
    expect(await fileType.converge(resource, { ...host, commands: kit.commands }, true)).toEqual([
      { what: 'mode', from: '0600', to: '0644' },
    ]);
  });

  it.each([
    [says('echo "$1: line 1: no" >&2; exit 1'), 'sh: {file}: line 1: no'],
    [['no-such-program', '{file}'], 'no-such-program: there is no program no-such-program'],
    [['false', '{file}'], 'false: it ended with 1'],
  ])('stays as it was where %j finds the candidate not valid, in a check too', async (validate, said) => {
    old(place.root);
    const before = snapshot(place.root);
    const resource = { ...conf, validate };
    const changes = [{ what: 'content', from: '"old\\n"', to: '"good\\n"' }];
    expect(await fileType.converge(resource, { ...host, commands: kit.commands }, false)).toEqual(changes);
    await expect(fileType.converge(resource, { ...host, commands: kit.commands }, true)).rejects.toThrow(
      `VALIDATION_FAILED: /conf: not replaced, as what was to take its place is not valid: ${said}`,
    );
    const { '.': directory, ...after } = snapshot(place.root);
    expect(after).toEqual({ conf: before['conf'] });
    expect(directory).toBeDefined();
  });

  it('leaves no candidate, and says nothing of the content that not everybody may read', async () => {
    const before = snapshot(place.root);
    const resource = { ...conf, content: 'hunter2\n', mode: '0600', validate: says('cat "$1" >&2; exit 1') };
    const failed = await fileType
      .converge(resource, { ...host, commands: kit.commands }, true)
      .catch((error: unknown) => error as Error);
    expect((failed as Error).message).toBe(
      'VALIDATION_FAILED: /conf: not replaced, as what was to take its place is not valid: sh: it ended with 1\nhint: what it said is not shown: not everybody on the host may read the file',
    );
    expect(Object.keys(snapshot(place.root))).toEqual(Object.keys(before));
  });

  it('has a command that names the candidate', () => {
    const problem = (more: object) =>
      findResourceProblems([{ ...conf, ...more }]).map(({ path: where, message }) => `${where}: ${message}`);
    expect(problem({ validate: ['nginx', '-t'] })).toEqual([
      'resources[0].validate: must have {file} where the path of the candidate goes',
    ]);
    expect(problem({ validate: 'nginx -t -c {file}' })).toEqual([
      'resources[0].validate: must be a list of words, such as ["systemctl", "daemon-reload"], not "nginx -t -c {file}": no shell takes it apart',
    ]);
    expect(problem({ validate: [] })).toEqual(['resources[0].validate: must not be empty']);
    expect(problem({ validate: ['A=b', '{file}'] })).toEqual([
      'resources[0].validate: must begin with a program, not "A=b"',
    ]);
    expect(problem({ content: undefined, validate: good })).toEqual([expect.stringMatching(/\.content: must be text/)]);
    expect(problem({ template: 'x' })).toEqual([
      'resources[0].template: must not stand beside content: it is one or the other',
    ]);
    expect(problem({ data: {} })).toEqual(['resources[0].data: is for a template, and there is none']);
    const { content: _, ...bare } = conf;
    expect(findResourceProblems([{ ...bare, validate: good }]).map(({ message }) => message)).toEqual([
      'needs content or a template: nothing else is replaced',
    ]);
    expect(findResourceProblems([{ ...bare, template: '', data: { facts: 1 } }]).map(({ message }) => message)).toEqual(
      ['must not have a key facts: that is what the host is'],
    );
  });
});
