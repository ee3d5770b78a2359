/** `gobs plan` and `apply` where somebody else was there too, with labels, options and providers; `gobs validate` and `schema`. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MachineAdmin } from '../../src/protocol/remotes.ts';
import { makeHarness } from './run-in-process.ts';

let at: Awaited<ReturnType<typeof makeHarness>>;
beforeEach(async () => {
  at = await makeHarness();
});
afterEach(() => at.end());

const json = (text: string): unknown => JSON.parse(text);
const lines = (text: string): unknown[] => text.trim().split('\n').map(json);
const document = (content: string): string =>
  `machines:
  web1:
    provider: local
    resources: [{ id: motd, type: file, path: /etc/motd, content: ${content} }]
  web2: { provider: local }
`;
const motd = (content: string) => ({ id: 'motd', type: 'file', path: '/etc/motd', content });
/** As from a REPL. */
const byHand = (name: string, content: string) =>
  (at.machines.get(name)!.facets.admin as MachineAdmin).setDesired({ resources: [motd(content)] });
const contentOf = (name: string) => at.machines.get(name)!.desired.resources[0]?.['content'];

describe('what was changed by hand since a document was applied', () => {
  beforeEach(async () => {
    await at.write('fleet.yaml', document('hello'));
    await at.gobs('apply fleet.yaml');
    byHand('web1', 'by hand');
    at.calls.length = 0;
  });

  test('is shown by plan', async () => {
    const { code, stdout } = await at.gobs('plan fleet.yaml');
    expect(code).toBe(2);
    expect(stdout).toBe(`~ update web1
    ~ motd (file)
        content: "by hand" → "hello"
    changed since the last apply (1970-01-01 00:00:01Z), and undone by this; apply wants --overwrite:
        ~ motd (file)
            content: "hello" → "by hand"
1 to update, 1 unchanged
`);
  });

  test('is not undone by apply, which ends with 3, and does what there is to do elsewhere', async () => {
    await at.write(
      'fleet.yaml',
      document('hello').replace('web2: { provider: local }', 'web2: { provider: local, policy: correct }'),
    );
    const { code, stderr } = await at.gobs('apply fleet.yaml');
    expect(code).toBe(3);
    expect(stderr).toContain(
      'gobs: CHANGED_MEANWHILE: web1: motd was changed by hand since the last apply, and the document would undo it\n' +
        'hint: nothing was changed on web1: write it into the document, or apply with --overwrite\n',
    );
    expect(stderr).not.toContain('as the document says');
    expect(contentOf('web1')).toBe('by hand');
    expect(at.calls).toEqual(['apply web2']);
    const { stdout } = await at.gobs('apply fleet.yaml --json');
    expect(lines(stdout)).toContainEqual(
      expect.objectContaining({ name: 'web1', action: 'update', outcome: 'refused' }),
    );
  });

  test('is refused with 3 also where there is nothing else', async () => {
    await at.write('fleet.yaml', document('hello').replace(/ {2}web2.*\n/, ''));
    expect((await at.gobs('apply fleet.yaml')).code).toBe(3);
  });

  test('is undone by apply --overwrite', async () => {
    expect((await at.gobs('apply fleet.yaml --overwrite')).code).toBe(0);
    expect(contentOf('web1')).toBe('hello');
    expect((await at.gobs('plan fleet.yaml')).code).toBe(0);
  });

  test('is well when the document says it too, and from then on the document has said it', async () => {
    await at.write('fleet.yaml', document('by hand'));
    expect(await at.gobs('plan fleet.yaml')).toMatchObject({ code: 0, stdout: '2 unchanged\n' });
    expect((await at.gobs('apply fleet.yaml')).code).toBe(0);
    await at.write('fleet.yaml', document('next'));
    expect((await at.gobs('apply fleet.yaml')).code).toBe(0);
    expect(contentOf('web1')).toBe('next');
  });

  test('while apply is under way is not undone either', async () => {
    await at.gobs('apply fleet.yaml --overwrite');
    await at.write('fleet.yaml', `providers: { dc1: { type: ssh } }\n${document('next')}`);
    const running = at.gobs('apply fleet.yaml');
    // The plan is made by then.
    await at.whenCalled('add provider dc1');
    byHand('web1', 'again');
    const { code, stderr } = await running;
    expect(code).toBe(3);
    expect(stderr).toContain('CHANGED_MEANWHILE: web1');
    expect(contentOf('web1')).toBe('again');
  });
});

describe('labels in a document', () => {
  const labelled = `machines:
  web1: { provider: local, labels: { role: web } }
  web2: { provider: local, labels: { role: web, canary: "true" } }
  db1: { provider: local, labels: { role: db } }
`;

  test('are set, shown, changed, and chosen by', async () => {
    await at.write('fleet.yaml', labelled);
    expect((await at.gobs('plan fleet.yaml --on role=web,!canary')).stdout).toBe(
      '+ create web1 at local\n1 to create, 0 unchanged\n',
    );
    expect((await at.gobs('apply fleet.yaml --on role=web')).code).toBe(0);
    expect([...at.machines.keys()].sort()).toEqual(['web1', 'web2']);
    expect((await at.gobs('machine list --on canary')).stdout).toMatch(/LABELS\nweb2 .* canary=true, role=web\n$/);
    await at.write('fleet.yaml', labelled.replace('role: web }', 'role: web, zone: a }'));
    const planned = await at.gobs('plan fleet.yaml --on role=web');
    expect(planned.stdout).toBe('~ update web1\n    label zone: "" → "a"\n1 to update, 1 unchanged\n');
    expect((await at.gobs('apply fleet.yaml --on role=web')).code).toBe(0);
    expect(at.machines.get('web1')!.status).toMatchObject({ labels: { role: 'web', zone: 'a' }, generation: 0 });
  });

  test('of the document choose what is pruned neither more nor less', async () => {
    await at.write('fleet.yaml', labelled);
    await at.gobs('apply fleet.yaml');
    at.addReady('old1', { labels: { role: 'web' } });
    at.addReady('old2', { labels: { role: 'db' } });
    // db1 is in the document, whatever it says of its labels now; it is not to be pruned for that.
    await at.write('fleet.yaml', labelled.replace('role: db', 'role: store'));
    expect((await at.gobs('plan fleet.yaml --on role=db --prune')).stdout).toBe(
      '- destroy old2\n1 to destroy, 0 unchanged\n',
    );
    expect((await at.gobs('plan fleet.yaml --on role=store --prune')).stdout).toContain('label role: "db" → "store"');
  });

  test('that nobody has choose nothing', async () => {
    await at.write('fleet.yaml', labelled);
    expect(await at.gobs('plan fleet.yaml --on role=none')).toMatchObject({ code: 0, stdout: '0 unchanged\n' });
  });

  test('are chosen by with a selector that says where it is wrong', async () => {
    const { code, stderr } = await at.gobs('plan fleet.yaml --on role==web');
    expect(code).toBe(1);
    expect(stderr).toContain('at column 6: one = is enough');
  });
});

describe('providers in a document', () => {
  const text = `providers:
  dc1: { type: ssh, settings: { user: root, passphrase: { secret: pass } } }
machines:
  web1: { provider: dc1, options: { host: 10.0.0.1, jumpKeys: a, hostKey: b } }
`;

  test('are made before machines', async () => {
    await at.write('fleet.yaml', text);
    expect((await at.gobs('plan fleet.yaml')).stdout).toBe(
      '+ create provider dc1 (ssh)\n+ create web1 at dc1\n1 to create, 0 unchanged\n',
    );
    expect((await at.gobs('apply fleet.yaml')).code).toBe(0);
    expect(at.calls).toEqual(['add provider dc1', 'confirmations dc1', 'create web1']);
    expect(at.providers.get('dc1')!.settings).toEqual({ user: 'root', passphrase: { secret: 'pass' } });
    expect(await at.gobs('plan fleet.yaml')).toMatchObject({ code: 0, stdout: '1 unchanged\n' });
  });

  test('that cannot be made end it before any machine is touched', async () => {
    at.unwritable.add('dc1');
    await at.write('fleet.yaml', text);
    const { code, stderr } = await at.gobs('apply fleet.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('BAD_SPEC: provider dc1');
    expect(at.machines.size).toBe(0);
  });

  test('that are others are told, and left as they are', async () => {
    at.providers.set('dc1', { type: 'ssh', settings: { user: 'admin' } });
    await at.write('fleet.yaml', text);
    const { code, stderr } = await at.gobs('apply fleet.yaml');
    expect(code).toBe(3);
    expect(stderr).toContain('PROVIDER_EXISTS: provider dc1 is another one than the document says');
    expect(stderr).toContain('web1 was not made');
    expect(at.machines.size).toBe(0);
  });

  test('a machine whose options are others is left alone, and told', async () => {
    await at.write('fleet.yaml', text);
    await at.gobs('apply fleet.yaml');
    await at.write(
      'fleet.yaml',
      text.replace('10.0.0.1', '10.0.0.2').replace('hostKey: b } }', 'hostKey: b }, policy: correct }'),
    );
    expect((await at.gobs('plan fleet.yaml')).stdout).toContain('    host: "10.0.0.1" → "10.0.0.2"\n');
    const { code, stderr } = await at.gobs('apply fleet.yaml --overwrite');
    expect(code).toBe(3);
    expect(stderr).toContain('BAD_SPEC: web1: it was made with another host');
    expect(at.machines.get('web1')!.desired.policy).toBe('report');
  });
});

describe('what has to be confirmed of hosts', () => {
  const text = `providers: { dc1: { type: ssh } }
machines:
  web1: { provider: dc1, options: { host: 10.0.0.1 } }
  web2: { provider: dc1, options: { host: 10.0.0.2, jumpKeys: a, hostKey: b } }
`;

  test('is asked on a terminal, and is among the options from then on, whatever the document says', async () => {
    await at.write('fleet.yaml', text);
    expect((await at.gobs('apply fleet.yaml', { tty: true, answer: 'yes' })).code).toBe(0);
    expect(at.questions).toEqual([
      'web1: root@10.0.0.1 shows a key that nobody knows. Is that its jumpKeys? [y/N] ',
      'web1: root@10.0.0.1 shows a key that nobody knows. Is that its hostKey? [y/N] ',
    ]);
    expect(at.machines.get('web1')!.options).toMatchObject({ host: '10.0.0.1', hostKey: 'SHA256:hostKey' });
    expect(await at.gobs('plan fleet.yaml')).toMatchObject({ code: 0, stdout: '2 unchanged\n' });
  });

  test('is a failure of that machine where there is nobody to ask, and tells what to write', async () => {
    await at.write('fleet.yaml', text);
    const { code, stderr } = await at.gobs('apply fleet.yaml');
    expect(code).toBe(3);
    expect(stderr).toContain('HOST_KEY_UNKNOWN: web1: root@10.0.0.1 shows a key that nobody knows');
    expect(stderr).toContain('hint: set jumpKeys=SHA256:jumpKeys');
    expect([...at.machines.keys()]).toEqual(['web2']);
  });

  test('is asked of one machine after the other', async () => {
    await at.write('fleet.yaml', text.replace(', jumpKeys: a, hostKey: b', ''));
    let asked = 0;
    const ask = async () => {
      asked += 1;
      expect(asked).toBe(1);
      await Promise.resolve();
      asked -= 1;
      return 'y';
    };
    expect((await at.gobs('apply fleet.yaml', { tty: true, powers: { ask } })).code).toBe(0);
  });
});

describe('gobs validate', () => {
  test('needs no boss, and says that nothing is wrong', async () => {
    await at.write('fleet.yaml', document('hello'));
    const { code, stdout, stderr } = await at.run('validate fleet.yaml');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: 'gobs: fleet.yaml: 2 machines; nothing is wrong\n',
    });
  });

  test('says all that is wrong, a line for each, with hints', async () => {
    await at.write('a.yaml', document('hello').replace('content: hello', 'contnt: hello, mode: 0644'));
    await at.write('b.yaml', document('hello'));
    const { code, stdout, stderr } = await at.run('validate a.yaml b.yaml c.yaml');
    expect(code).toBe(1);
    const [contents, mode, missing, end] = stdout.split('\n');
    expect(contents).toMatch(
      /^a\.yaml:4: machines\.web1\.resources\[0\]\.contnt: a file has no such property \(did you mean "content"\? it has /,
    );
    expect(mode).toMatch(/^a\.yaml:4: machines\.web1\.resources\[0\]\.mode: must be three .* not the number 644$/);
    expect(missing).toMatch(/^c\.yaml: \S/);
    expect(end).toBe('');
    expect(stderr).toBe('gobs: b.yaml: 2 machines; nothing is wrong\n');
  });

  test('prints JSON for programs', async () => {
    await at.write('a.yaml', 'machines: { m: { provider: local, polcy: report } }');
    await at.write('b.yaml', document('hello'));
    const { code, stdout } = await at.run('validate a.yaml b.yaml c.yaml --json');
    expect(code).toBe(1);
    expect(json(stdout)).toEqual([
      {
        file: 'a.yaml',
        sound: false,
        faults: [
          {
            line: 1,
            path: 'machines.m.polcy',
            message: 'there is no such property',
            hint: expect.stringContaining('did you mean "policy"?') as string,
          },
        ],
      },
      { file: 'b.yaml', sound: true, faults: [] },
      {
        file: 'c.yaml',
        sound: false,
        faults: [{ line: null, path: '', message: expect.any(String) as string, hint: null }],
      },
    ]);
  });

  test('takes standard input', async () => {
    expect(await at.run('validate -', { stdin: 'machines: 1' })).toMatchObject({
      code: 1,
      stdout: 'standard input:1: machines: must be a mapping, not the number 1\n',
    });
  });

  test('forges no lines, whatever the document says', async () => {
    await at.write('a.yaml', 'machines: { "\\e[2J\\nfleet.yaml:1: all is well\\u202e": { provider: 1 } }');
    const { stdout } = await at.run('validate a.yaml');
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });
});

test('gobs schema prints a JSON Schema', async () => {
  const { code, stdout } = await at.run('schema');
  expect(code).toBe(0);
  expect(json(stdout)).toMatchObject({ $schema: expect.stringContaining('json-schema.org') as string, type: 'object' });
});
