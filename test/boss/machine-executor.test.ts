/** What the boss makes of commands on machines: it hands them out, and keeps what happened in the machine's log. */
import { Far } from '@endo/far';
import { beforeEach, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { MachineAdmin } from '../../src/protocol/remotes.ts';
import type { CommandEnd } from '../../src/protocol/running-commands.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, ready, type BossWorld, type Life, type TestHob } from '../support/boss-world.ts';

let world: BossWorld;
let life: Life;
let machine: MachineAdmin;
let hob: TestHob;
beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
  machine = await E(life.boss).createMachine('web1', harden({ provider: 'fake' }));
  await ready(machine);
  hob = world.hobs.get('m1')!;
});

const exec = async (...argv: readonly string[]) =>
  E(await E(machine).asExecutor()).exec(harden(argv), harden({ by: 'ada@laptop' }));
const logged = async (): Promise<readonly string[]> => {
  await life.kernel.idle();
  await new Promise(setImmediate);
  await life.kernel.idle();
  return (await E(machine).log()).map(({ what }) => what).filter((what) => what.startsWith('exec'));
};
const refusal = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', codeOf);

const answering = (ended: Promise<unknown>): object => {
  const command = Far('RunningCommand', { read: () => 'something' } as never);
  hob.exec = () => harden({ handle: command, ended });
  return command;
};

test('what the hob gives is handed out, and the log says who ran what, and how it ended', async () => {
  const end = Promise.withResolvers<CommandEnd>();
  answering(end.promise);
  const command = await exec('sh', '-c', 'echo $HOME');
  expect(await E(command).read()).toBe('something');
  expect(await logged()).toEqual(['exec sh -c "echo $HOME", by ada@laptop']);
  end.resolve(harden({ code: 3, signal: null }));
  expect((await logged()).at(-1)).toBe('exec sh -c "echo $HOME" ended with 3');
});

test('it is in the log before the hob hears of it', async () => {
  let heard: unknown;
  hob.exec = () => {
    heard = world.store.entries();
    throw Error('no');
  };
  expect(await refusal(exec('true'))).toBe('UNEXPECTED');
  expect(JSON.stringify(heard)).toContain('exec true, by ada@laptop');
  expect((await logged()).at(-1)).toBe('exec true did not begin: UNEXPECTED');
});

const lost = Promise.withResolvers<never>();
lost.promise.catch(() => {});
lost.reject(Error('SESSION_CLOSED: gone'));
test.each([
  [
    'was ended by a signal',
    Promise.resolve(harden({ code: null, signal: 'SIGTERM' })),
    'exec true was ended by SIGTERM',
  ],
  ['is lost with its hob', lost.promise, 'exec true did not end well: SESSION_CLOSED'],
  ['lies about its end', Promise.resolve('fine\nweb2 ok'), 'exec true ended, and its hob does not say how'],
  [
    'names a signal that it made up',
    Promise.resolve(harden({ code: null, signal: 'A\n\u202eB' })),
    'exec true was ended by A B',
  ],
])('of a command that %s the log says so', async (_what, ended, line) => {
  answering(ended);
  await exec('true');
  expect((await logged()).at(-1)).toBe(line);
});

test('words with line ends and turned letters stand on one line of the log', async () => {
  await exec('printf', 'a\nexec fake ended with 0', '\u202e\u001b[2K');
  for (const line of await logged()) expect(line).not.toMatch(/[\n\u202e\u001b]/);
});

test.each([
  ['nothing', () => undefined],
  ['a text', () => 'yes'],
  ['a command without an end', () => harden({ handle: Far('RunningCommand', {} as never) })],
  ['an end without a command', () => harden({ handle: 'x', ended: Promise.resolve() })],
])('a hob that answers with %s is refused', async (_what, answer) => {
  hob.exec = answer;
  expect(await refusal(exec('true'))).toBe('PROTOCOL_ERROR');
  expect((await logged()).at(-1)).toBe('exec true did not begin: PROTOCOL_ERROR');
});

test('a machine whose hob is away runs nothing', async () => {
  await life.disconnect(hob);
  expect(await refusal(exec('true'))).toBe('HOB_UNREACHABLE');
  expect(await logged()).toEqual([]);
});

test('the facet is good after a restart of the boss', async () => {
  const executor = await E(machine).asExecutor();
  const facet = life.kernel.nameOf(executor)!;
  await life.stop();
  life = await world.open();
  await ready(E(life.boss).machine('web1'));
  const again = life.kernel.refOf(facet) as typeof executor;
  expect(await E(await E(again).exec(harden(['true']), {})).read()).toEqual({ end: { code: 0, signal: null } });
});
