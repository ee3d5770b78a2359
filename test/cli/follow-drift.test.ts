import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeHarness } from './run-in-process.ts';

type Harness = Awaited<ReturnType<typeof makeHarness>>;
let at: Harness;
beforeEach(async () => {
  at = await makeHarness();
  for (const name of ['web1', 'web2']) at.addReady(name, { resources: [{ id: 'motd', type: 'noop' }] });
});
afterEach(() => {
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

const differ = (name: string): void => {
  at.machines.get(name)!.differences.set('motd', [{ what: 'mode', from: '0600', to: '0644\u202e\n' }]);
};
/** Resolves when it waits again for something new. */
const waits = (name: string): Promise<void> => at.whenCalled(`nextStatus ${name}`);

test('drift --follow shows what there is, then each change once, until Ctrl-C', async () => {
  const both = Promise.all([waits('web1'), waits('web2')]);
  const running = at.gobs('drift --follow --json');
  await both;
  const step = async (name: string, work: () => void): Promise<void> => {
    const waiting = waits(name);
    work();
    await waiting;
  };
  differ('web1');
  await step('web1', () => at.look('web1', 'drifted', 'interval'));
  // The same once more is no news.
  await step('web1', () => at.look('web1', 'drifted', 'interval'));
  await step('web2', () => at.set('web2', { online: false }));
  at.machines.get('web1')!.differences.clear();
  await step('web1', () => at.look('web1', 'drifted', 'interval'));
  at.interrupt();
  const { code, stdout, stderr } = await running;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const said = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; online: boolean; resources: { state: string }[] });
  expect(said.map(({ name, online, resources }) => `${name} ${online} ${resources[0]!.state}`)).toEqual([
    'web1 true ok',
    'web2 true ok',
    'web1 true drifted',
    'web2 false ok',
    'web1 true ok',
  ]);
});

test('for people each thing is a line, which no host forges', async () => {
  differ('web1');
  at.look('web1', 'drifted', 'interval');
  const both = Promise.all([waits('web1'), waits('web2')]);
  const running = at.gobs('drift web1 web2 --follow');
  await both;
  at.interrupt();
  const { stdout } = await running;
  expect(stdout.split('\n').sort()).toEqual([
    '',
    '1970-01-01 00:00:01Z  web1  motd  drifted  mode  0600  0644\\u{202e}\\n',
    '1970-01-01 00:00:01Z  web2  as wanted',
  ]);
});

test('ends by itself when all that was followed is gone', async () => {
  const waiting = waits('web1');
  const running = at.gobs('drift web1 --follow');
  await waiting;
  at.set('web1', { state: 'gone' });
  expect(await running).toMatchObject({ code: 0 });
});

test('does not go with --cached', async () => {
  expect(await at.gobs('drift --follow --cached')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('BAD_USAGE'),
  });
});
