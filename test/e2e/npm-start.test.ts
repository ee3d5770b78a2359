/** From a fresh clone to a machine that is ready, and to nothing again. Issue 2, done when 1. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cloneRepository, hasTerminals } from '../support/e2e/checkout.ts';
import { hobPid, machineAt, readIfThere } from '../support/e2e/machine-files.ts';
import { processesIn } from '../support/e2e/processes-in.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

const farewell = 'The boss and its hobs go on. gobs down ends the boss, gobs down --all the local hobs too';

test('npm start opens the REPL, a second one attaches to the same boss, and gobs down --all ends it all', async () => {
  const checkout = await cloneRepository(sandbox);
  const state = `${sandbox.home}/.local/state/gobs`;
  const bossPid = () => (JSON.parse(readFileSync(`${state}/boss.json`, 'utf8')) as { pid: number }).pid;

  // On a terminal, if there can be one: nothing is installed yet.
  const onTerminal = hasTerminals();
  const first = onTerminal ? checkout.npmStartOnTerminal() : checkout.npmStart();
  const shown = first.stdout;
  if (onTerminal) {
    await shown.said('boss is a reference to your boss').catch((error: unknown) => {
      throw Error(`there is no REPL; the boss said: ${readIfThere(`${state}/boss.log`) ?? 'nothing'}`, {
        cause: error,
      });
    });
  }
  first.type("const asked = E(boss).createMachine('web1', { provider: 'local' })\r\n");
  first.type("const at = (what, s) => [what, s.state, s.online, String(s.lastSeen)].join(' ')\r\n");
  first.type("at('at once', await E(asked).status())\r\n");
  // It was answered before there was a machine.
  await shown.said(/at once (requested|creating) false null/);
  first.type("const ready = async (s) => (s.state === 'ready' ? s : ready(await E(asked).nextStatus(s.revision)))\r\n");
  first.type("at('by itself', await ready(await E(asked).status()))\r\n");
  await shown.said('by itself ready true ');
  const pid = bossPid();
  const hob = hobPid(machineAt(state, 'm1').directory);

  const second = checkout.npmStart();
  second.type('(await E(machine("web1")).status()).id\n');
  second.endInput();
  expect(await second.ended).toMatchObject({ code: 0 });
  expect(second.stdout.text).toMatch(/^m1$/m);
  expect(second.stderr.text).toContain(`gobs: a boss is running in ${state}\n`);
  expect(second.stderr.text).toContain(farewell);
  expect(bossPid()).toBe(pid);

  // Ctrl-D, or the end of input.
  if (onTerminal) first.type('\u0004');
  first.endInput();
  expect(await first.ended).toMatchObject({ code: 0 });
  expect(onTerminal ? shown.text : first.stderr.text).toContain(farewell);
  expect(await processesIn(sandbox.path)).toEqual(expect.arrayContaining([pid, hob]));

  const down = await sandbox.run(`${checkout.path}/bin/gobs`, ['down', '--all']);
  expect(down).toMatchObject({ code: 0, stderr: expect.stringContaining('stopped web1') });
  expect(await processesIn(sandbox.path)).toEqual([]);
}, 300_000);
