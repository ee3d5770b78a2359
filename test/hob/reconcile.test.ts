import { mustMatch } from '@endo/patterns';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { reconcile, type ReconcileRequest } from '../../src/hob/reconcile.ts';
import type { Host, ResourceType, ResourceTypes } from '../../src/hob/resources/contract.ts';
import { shippedTypes } from '../../src/hob/resources/shipped.ts';
import { shippedDefinitions } from '../../src/protocol/resources/shipped.ts';
import { ReportShape, type Change, type Findings, type Resource } from '../../src/protocol/shapes.ts';
import { convergeInChild } from './run-child.ts';
import { hostForEach } from './each-host.ts';
import { isRoot, openHost, openOwed, snapshot, type TemporaryRoot } from './temporary-root.ts';

let place: TemporaryRoot;
let host: Host;
hostForEach((...made) => ([place, host] = made));

/** A clock that says 1000, 1001, … */
const makeClock = () => {
  let time = 999;
  return () => (time += 1);
};

const round = async (resources: readonly Resource[], more: Partial<ReconcileRequest> = {}): Promise<Findings> => {
  const report = await reconcile({
    desired: { generation: 7, policy: 'report', resources },
    mode: 'converge',
    reason: 'interval',
    types: shippedTypes,
    host,
    owed: await openOwed(place.root),
    now: makeClock(),
    ...more,
  });
  mustMatch(harden({ ...report, digest: '' }), ReportShape);
  return report;
};

const file = (id: string, more: object = {}): Resource => ({
  id,
  type: 'file',
  path: `/${id}`,
  content: `${id}\n`,
  ...more,
});
const states = ({ resources }: Findings) => resources.map(({ id, state }) => `${id} ${state}`);

describe('a round', () => {
  it('that checks says drifted, and touches nothing; one that converges says corrected, and when', async () => {
    const resources = [file('a'), { id: 'n', type: 'noop' }, file('b')];
    const before = snapshot(place.root);
    const changes = [{ what: 'type', from: 'absent', to: 'file' }];
    expect(await round(resources, { mode: 'check', reason: 'asked' })).toEqual({
      generation: 7,
      reason: 'asked',
      at: 1000,
      resources: [
        { id: 'a', type: 'file', state: 'drifted', changes },
        { id: 'n', type: 'noop', state: 'ok' },
        { id: 'b', type: 'file', state: 'drifted', changes },
      ],
    });
    expect(snapshot(place.root)).toEqual(before);
    expect((await round(resources)).resources).toEqual([
      { id: 'a', type: 'file', state: 'corrected', changes, at: 1000 },
      { id: 'n', type: 'noop', state: 'ok' },
      { id: 'b', type: 'file', state: 'corrected', changes, at: 1001 },
    ]);
    const after = snapshot(place.root);
    expect(states(await round(resources))).toEqual(['a ok', 'n ok', 'b ok']);
    expect(snapshot(place.root)).toEqual(after);
  });

  it('goes through the document in its order', async () => {
    const parent = { id: 'd', type: 'directory', path: '/d', mode: '0700' };
    const child = file('f', { path: '/d/f' });
    await round([parent, child]);
    expect(fs.statSync(path.join(place.root, 'd')).mode & 0o777).toBe(0o700);
    fs.rmSync(path.join(place.root, 'd'), { recursive: true });
    expect(states(await round([child, parent]))).toEqual(['f corrected', 'd corrected']);
  });

  it('goes on after a resource that fails, and says why', async () => {
    fs.mkdirSync(path.join(place.root, 'b'));
    fs.symlinkSync(place.outside, path.join(place.root, 'link'));
    const report = await round([file('a'), file('b'), file('c', { path: '/link/c' }), file('d')]);
    expect(states(report)).toEqual(['a corrected', 'b failed', 'c failed', 'd corrected']);
    expect(report.resources[1]!.why).toBe(
      'CANNOT_CHANGE: /b: it is a directory, and stays one (remove it by hand, if a file is to be there)',
    );
    expect(report.resources[2]!.why).toMatch(
      /^OUTSIDE_ROOT: \/link: it is a symlink \(to .*\(name the path without symlinks\)$/,
    );
  });

  it('leaves what left the document on the host', async () => {
    await round([file('a'), file('b')]);
    expect(states(await round([file('b')]))).toEqual(['b ok']);
    expect(fs.readFileSync(path.join(place.root, 'a'), 'utf8')).toBe('a\n');
  });

  it('fails what makes no sense by itself, and looks after the rest', async () => {
    const resources = [
      file('a'),
      { id: 'p', type: 'zebra', name: 'nginx' },
      file('b', { mdoe: '0644' }),
      file('a', { path: '/other' }),
      file('c', { path: '/a' }),
      file('d', { path: '/../outside/d' }),
      file('e'),
    ];
    const report = await round(resources);
    expect(states(report)).toEqual([
      'a corrected',
      'p failed',
      'b failed',
      'a failed',
      'c failed',
      'd failed',
      'e corrected',
    ]);
    const whys = report.resources.map(({ why }) => why?.replace(/ \(.*/, ''));
    expect(whys).toEqual([
      undefined,
      'BAD_DESIRED_STATE: resources[1].type: there is no resource type "zebra"',
      'BAD_DESIRED_STATE: resources[2].mdoe: a file has no such property',
      'BAD_DESIRED_STATE: resources[3].id: "a" is the id of resources[0] too',
      'BAD_DESIRED_STATE: resources[4].path: "/a" is the path of resources[0] too',
      'BAD_DESIRED_STATE: resources[5].path: must not contain "..", not "/../outside/d"',
      undefined,
    ]);
    expect(fs.readdirSync(place.root).toSorted()).toEqual(['a', 'e']);
    expect(fs.existsSync(path.join(place.outside, 'd'))).toBe(false);
  });

  it('goes by what comes after what, one at a time, and reports in the order of the document', async () => {
    const child = file('f', { path: '/d/f', after: ['d', 'n'] });
    const parent = { id: 'd', type: 'directory', path: '/d', mode: '0700', after: ['n'] };
    const resources = [child, parent, { id: 'n', type: 'noop', after: [] }];
    const report = await round(resources);
    expect(report.resources.map(({ id, state, at }) => [id, state, at])).toEqual([
      ['f', 'corrected', 1001],
      ['d', 'corrected', 1000],
      ['n', 'ok', undefined],
    ]);
    expect(fs.statSync(path.join(place.root, 'd')).mode & 0o777).toBe(0o700);
    const after = snapshot(place.root);
    expect(states(await round(resources))).toEqual(['f ok', 'd ok', 'n ok']);
    expect(snapshot(place.root)).toEqual(after);
  });

  it('does not touch what comes after one that failed, when it converges; a check looks at it as always', async () => {
    fs.mkdirSync(path.join(place.root, 'b'));
    const resources = [
      file('d', { after: ['c', 'a'] }),
      file('a'),
      file('c', { after: ['a', 'b'] }),
      file('b', { content: 'x' }),
      file('e', { after: ['a'] }),
    ];
    const before = snapshot(place.root);
    expect(states(await round(resources, { mode: 'check' }))).toEqual([
      'd drifted',
      'a drifted',
      'c drifted',
      'b failed',
      'e drifted',
    ]);
    expect(snapshot(place.root)).toEqual(before);
    const report = await round(resources);
    expect(states(report)).toEqual(['d unknown', 'a corrected', 'c unknown', 'b failed', 'e corrected']);
    expect(report.resources[2]!.why).toBe('PREDECESSOR_FAILED: not touched: it comes after "b", which failed');
    expect(report.resources[0]!.why).toBe('PREDECESSOR_FAILED: not touched: it comes after "c", which is unknown');
    expect(fs.readdirSync(place.root).toSorted()).toEqual(['a', 'b', 'e']);
    fs.rmdirSync(path.join(place.root, 'b'));
    expect(states(await round(resources))).toEqual(['d corrected', 'a ok', 'c corrected', 'b corrected', 'e ok']);
  });

  it('fails what closes a circle or names nothing, and does not touch what comes after it', async () => {
    const report = await round([
      file('a', { after: ['b'] }),
      file('b', { after: ['a'] }),
      file('c', { after: ['none'] }),
      file('d', { after: ['c'] }),
      file('e'),
    ]);
    expect(states(report)).toEqual(['a unknown', 'b failed', 'c failed', 'd unknown', 'e corrected']);
    expect(report.resources[1]!.why).toBe('BAD_DESIRED_STATE: resources[1].after: must not go in a circle: a → b → a');
    expect(fs.readdirSync(place.root)).toEqual(['e']);
  });

  it('sweeps what a killed hob left, when it converges and not when it checks', async () => {
    const leftover = path.join(place.root, `.gobs-tmp-${'a'.repeat(32)}`);
    await round([file('a')]);
    await host.files.close();
    host = await openHost(place.root);
    fs.writeFileSync(leftover, 'half');
    await round([file('a')], { mode: 'check' });
    expect(fs.existsSync(leftover)).toBe(true);
    expect(states(await round([file('a')]))).toEqual(['a ok']);
    expect(fs.existsSync(leftover)).toBe(false);
  });
});

describe('a file, lines in it and a link to it', () => {
  const line = (id: string, more: object): Resource => ({ id, type: 'line', path: '/conf', after: ['conf'], ...more });
  const resources: readonly Resource[] = [
    line('port', { line: 'port = 80', prefix: 'port =' }),
    line('old', { line: 'port = 8080', absent: true }),
    { id: 'link', type: 'symlink', path: '/link', target: 'conf', after: ['port'] },
    { id: 'conf', type: 'file', path: '/conf', mode: '0640' },
  ];

  it('are made in their order, and the next round touches nothing', async () => {
    expect(states(await round(resources))).toEqual(['port corrected', 'old ok', 'link corrected', 'conf corrected']);
    expect(fs.readFileSync(path.join(place.root, 'link'), 'utf8')).toBe('port = 80\n');
    expect(fs.statSync(path.join(place.root, 'conf')).mode & 0o777).toBe(0o640);
    const after = snapshot(place.root);
    expect(states(await round(resources))).toEqual(['port ok', 'old ok', 'link ok', 'conf ok']);
    expect(snapshot(place.root)).toEqual(after);
  });
  it('leave nothing half-written behind, where only a line is looked after', async () => {
    fs.writeFileSync(path.join(place.root, 'conf'), '');
    fs.writeFileSync(path.join(place.root, `.gobs-tmp-${'a'.repeat(32)}`), 'half');
    expect(states(await round([line('port', { line: 'a', after: [] })]))).toEqual(['port corrected']);
    expect(fs.readdirSync(place.root)).toEqual(['conf']);
  });
});

describe('a resource type that misbehaves', () => {
  const typeThat = (converge: ResourceType['converge']): ResourceTypes => ({
    noop: { definition: shippedDefinitions.noop, converge },
  });
  const outcome = async (converge: ResourceType['converge']) => {
    const resources = [
      { id: 'a', type: 'noop' },
      { id: 'b', type: 'noop' },
    ];
    const { resources: reports } = await round(resources, { types: typeThat(converge) });
    expect(reports).toHaveLength(2);
    return reports[0]!;
  };

  it('costs itself its state: what has no code is unexpected, what cannot be looked at is unknown', async () => {
    expect(await outcome(() => Promise.reject(new TypeError('x is not a function')))).toMatchObject({
      state: 'failed',
      why: 'UNEXPECTED: x is not a function',
    });
    expect(
      await outcome(() => {
        throw makeError('CANNOT_LOOK', '/x: permission denied');
      }),
    ).toMatchObject({ state: 'unknown', why: 'CANNOT_LOOK: /x: permission denied' });
  });
  it('cannot make a report that the boss would refuse, or that a terminal would obey', async () => {
    const change: Change = { what: '\x1b[2J', from: 'x'.repeat(10_000), to: 'a\r\nb' };
    const { changes } = await outcome(async () => Array.from({ length: 1_000 }, () => change));
    expect(changes).toHaveLength(100);
    expect(changes![0]).toEqual({ what: '[2J', from: `${'x'.repeat(3_999)}…`, to: 'a b' });
    const { why } = await outcome(() => Promise.reject(Error(`\x1b]0;${'x'.repeat(10_000)}\x07`)));
    expect(why).toMatch(/^UNEXPECTED: {2}\]0;x+…$/);
    expect(why!.length).toBe(4_000);
  });
});

describe('a hob that is not root', () => {
  const NOBODY = 65_534;
  const as = isRoot ? { user: NOBODY } : {};
  const converge = async (resources: readonly Resource[], mode: 'check' | 'converge' = 'converge') => {
    const { answer } = await convergeInChild({ root: place.root, resources, mode, ...as });
    return answer!.report.resources;
  };
  const give = (name: string) => {
    if (isRoot) fs.chownSync(path.join(place.root, name), NOBODY, NOBODY);
  };
  beforeEach(() => {
    // The directory above belongs to the test.
    fs.chmodSync(path.dirname(place.root), 0o711);
    give('.');
  });

  it('makes what it may, through directories that it may not list', async () => {
    fs.mkdirSync(path.join(place.root, 'hall/room'), { recursive: true });
    give('hall/room');
    fs.chmodSync(path.join(place.root, 'hall'), 0o711);
    const resources = [file('a', { path: '/hall/room/a', mode: '0600' }), { id: 'd', type: 'directory', path: '/x/y' }];
    expect(await converge(resources)).toMatchObject([{ state: 'corrected' }, { state: 'corrected' }]);
    expect(await converge(resources)).toMatchObject([{ state: 'ok' }, { state: 'ok' }]);
  });
  it('says which file it may not give away, and leaves it and its directory as they were', async () => {
    fs.writeFileSync(path.join(place.root, 'a'), 'old\n');
    give('a');
    const before = snapshot(place.root)['a'];
    const [report] = await converge([file('a', { owner: '0:0' })]);
    expect(report).toMatchObject({
      state: 'failed',
      why: 'CANNOT_CHANGE: /a: not permitted (does the user that the hob runs as have the right to?)',
    });
    expect(snapshot(place.root)['a']).toBe(before);
    expect(fs.readdirSync(place.root)).toEqual(['a']);
  });
  it('says what it may not look at, in a check and when it converges', async () => {
    fs.mkdirSync(path.join(place.root, 'closed/in'), { recursive: true });
    fs.chmodSync(path.join(place.root, 'closed'), 0o000);
    fs.writeFileSync(path.join(place.root, 'secret'), 'x', { mode: 0o000 });
    const why = (where: string) =>
      `CANNOT_LOOK: ${where}: permission denied (does the user that the hob runs as have the right to?)`;
    const resources = [file('a', { path: '/closed/in/a' }), file('secret')];
    for (const mode of ['check', 'converge'] as const) {
      expect(await converge(resources, mode)).toMatchObject([
        { state: 'unknown', why: why('/closed/in') },
        { state: 'unknown', why: why('/secret') },
      ]);
    }
    fs.chmodSync(path.join(place.root, 'closed'), 0o755);
  });
});
