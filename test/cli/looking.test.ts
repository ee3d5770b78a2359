import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aRecord } from './near-traces.ts';
import { makeHarness } from './run-in-process.ts';

let at: Awaited<ReturnType<typeof makeHarness>>;
beforeEach(async () => {
  at = await makeHarness();
  at.addReady('web1');
});
afterEach(() => {
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

const bossPeer = `bossboss${'a'.repeat(44)}`;
const effect = { id: 'bossboss-1-2', target: `peer:${'h'.repeat(52)}/1`, method: 'converge' };
const asked = { id: 'bossboss-1-1', effects: [effect] };
const done = { id: 'bossboss-1-2', from: `peer:${bossPeer}`, target: 'vat:hob/hob/1/hob', vat: 'hob' };

describe('trace', () => {
  test('shows what the boss did', async () => {
    at.traces.happen('boss', asked);
    const { code, stdout, stderr } = await at.gobs('trace');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toMatch(
      /boss {2}bossboss-1-1 {2}boss\/machine\/7\/admin\.converge {2}from client {2}ok$/,
    );
  });

  test('of a machine shows what its hob did about it, too', async () => {
    at.traces.happen('boss', asked);
    at.traces.happen('web1', done);
    const { code, stdout, stderr } = await at.gobs('trace web1 --json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual([
      { ...aRecord, ...asked, where: 'boss', cause: null },
      { ...aRecord, ...done, where: 'web1', cause: 'bossboss-1-1' },
    ]);
  });

  test('says in one line why a hob has nothing to say, and shows the rest', async () => {
    at.traces.happen('boss', asked);
    at.set('web1', { online: false });
    const { code, stdout, stderr } = await at.gobs('trace web1');
    expect(code).toBe(0);
    expect(stdout).toContain('bossboss-1-1');
    expect(stderr).toBe('gobs: records of web1 are not shown: HOB_UNREACHABLE: web1: its hob is not connected\n');
  });

  test('says that there is more', async () => {
    for (let n = 0; n < 3; n += 1) at.traces.happen('boss', {});
    const { stdout, stderr } = await at.gobs('trace --limit 2 --json');
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect(stderr).toBe('gobs: boss has older records than these\n');
  });

  test('of nothing prints nothing', async () => {
    expect(await at.gobs('trace')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await at.gobs('trace --json')).stdout).toBe('[]\n');
  });

  test.each(['trace nope', 'graph nope', 'trace nope --follow'])('gobs %s is refused in one line', async (words) => {
    const { code, stdout, stderr } = await at.gobs(words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^gobs: NO_SUCH_MACHINE: [^\n]*nope[^\n]*\n(hint: [^\n]*\n)?$/);
  });

  test.each(['trace --limit 0', 'trace --limit 301', 'graph --depth x', 'graph --format svg'])(
    'gobs %s is refused',
    async (words) => {
      const { code, stderr } = await at.gobs(words);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^gobs: BAD_USAGE: /);
    },
  );

  test('--follow goes on with what happens on both sides, and ends with 0 when somebody interrupts', async () => {
    at.traces.happen('boss', { id: 'bossboss-1-0' });
    const running = at.gobs('trace web1 --follow --json');
    await at.traces.waited(2);
    at.traces.happen('boss', asked);
    await at.traces.waited(2);
    at.traces.happen('web1', done);
    await at.traces.waited(2);
    at.interrupt();
    const { code, stdout, stderr } = await running;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { where: string; id: string });
    expect(lines.map(({ where, id }) => `${where} ${id}`)).toEqual([
      'boss bossboss-1-0',
      'boss bossboss-1-1',
      'web1 bossboss-1-2',
    ]);
  });

  const none = (last: number) => harden({ records: [], last, cut: false });
  test.each([
    ['where it was', (after: number) => none(after)],
    ['further on', (after: number) => none(after + 1)],
    ['further and further back', (after: number) => none(after - 1)],
    ['here and there', (after: number) => none(after > 50 ? 7 : 99)],
    ['with what was shown', (after: number) => harden({ records: [aRecord], last: after, cut: false })],
  ])('--follow does not ask again a hob that answers at once that it is %s', async (_where, answer) => {
    let asked = 0;
    at.traces.lie('web1', ({ after }) => {
      asked += 1;
      return after === undefined ? none(99) : answer(after);
    });
    const running = at.gobs('trace web1 --follow');
    await at.traces.waited(1);
    at.traces.happen('boss', { id: 'bossboss-1-0' });
    await at.traces.waited(1);
    at.traces.happen('boss', { id: 'bossboss-1-1' });
    await at.traces.waited(1);
    at.interrupt();
    const { stderr } = await running;
    expect(stderr).toBe(
      'gobs: records of web1 are not shown: PROTOCOL_ERROR: web1 answers who waits with nothing new\n',
    );
    expect(asked).toBeLessThan(8);
  });

  test('--follow goes on with a hob whose store is another by now', async () => {
    at.traces.lie('web1', ({ after = 0 }) => {
      if (after === 0) return none(99);
      if (after === 99) return none(7);
      if (after === 7) return harden({ records: [{ ...aRecord, ...done, number: 8 }], last: 8, cut: false });
      at.interrupt();
      return none(8);
    });
    const { stdout, stderr } = await at.gobs('trace web1 --follow');
    expect(stderr).toBe('');
    expect(stdout).toContain('bossboss-1-2');
  });

  test('--follow goes on without a hob, says so once, and with it when it is back', async () => {
    at.set('web1', { online: false });
    const running = at.gobs('trace web1 --follow');
    await at.traces.waited(1);
    at.traces.happen('boss', asked);
    await at.traces.waited(1);
    at.traces.happen('web1', done);
    at.set('web1', { online: true });
    at.traces.happen('boss', { id: 'bossboss-1-3' });
    await at.traces.waited(2);
    at.interrupt();
    const { code, stdout, stderr } = await running;
    expect(code).toBe(0);
    expect(stderr).toBe('gobs: records of web1 are not shown: HOB_UNREACHABLE: web1: its hob is not connected\n');
    expect(stdout).toContain('web1  bossboss-1-2  hob/hob/1/hob.converge');
  });
});

describe('graph', () => {
  beforeEach(() => {
    at.graph.whole = harden({
      nodes: [
        { name: 'root:boss', kind: 'vat' },
        { name: 'vat:boss/boss/1', kind: 'boss' },
      ],
      edges: [{ from: 'root:boss', to: 'vat:boss/boss/1', label: 'boss: process' }],
      omitted: ['more than 2 actors'],
    });
  });

  test('is Mermaid, and what is left out is said in it and beside it', async () => {
    const { code, stdout, stderr } = await at.gobs('graph');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^flowchart LR\n {2}%% left out: more than 2 actors\n/);
    expect(stderr).toBe('gobs: left out: more than 2 actors\n');
  });

  test('is DOT or JSON', async () => {
    expect((await at.gobs('graph --format dot')).stdout).toMatch(/^digraph gobs \{\n[^]*\}\n$/);
    expect(JSON.parse((await at.gobs('graph --json')).stdout)).toEqual(at.graph.whole);
  });
});
