import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRepl } from './run-repl.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gobs-repl-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a person would see: without the sequences by which the line editor moves the cursor. */
const visible = (text: string): string => text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');

const startDialogue = (options: Parameters<typeof startRepl>[0] = {}) => {
  const started = startRepl({ isTTY: true, ...options });
  const running = started.repl.run();
  return {
    ...started,
    type: (text: string) => void started.input.write(text),
    until: async (pattern: RegExp) => visible(await started.output.until(pattern)),
    /** Ctrl-D, and what was on the screen. */
    leave: async () => {
      started.input.write('\u0004');
      await running;
      return visible(started.output.text());
    },
    running,
  };
};

describe('a REPL on a terminal', () => {
  test('begins with a banner that has three lines to paste, which work', async () => {
    const { until, type, leave, machines } = startDialogue();
    const banner = await until(/gobs> /);
    const lines = banner.split('\n').filter((line) => /^ {2}\S/.test(line));
    expect(lines).toHaveLength(3);
    type(`${lines.map((line) => line.trim()).join('\n')}\n`);
    const screen = await until(/gobs:\/\//);
    expect(screen).toMatch(/\nweb1 +ready +yes/);
    expect([...machines.keys()]).toEqual(['web1']);
    expect(await leave()).toMatch(/The boss and its hobs go on\.\n$/);
  });

  test('what is pasted while a promise is awaited waits for it', async () => {
    const { type, until, leave } = startDialogue();
    type(
      'const seen = []\nnew Promise((resolve) => setTimeout(resolve, 20)).then(() => void seen.push("first"))\nseen.push("second")\nseen\n',
    );
    await until(/\[ 'first', 'second' \]/);
    await leave();
  });

  test('shows errors with code and hint, and goes on', async () => {
    const { type, until, leave } = startDialogue();
    type("await E(boss).createMachine('web1', { provider: 'nowhere' })\n1 + 1\n");
    expect(await until(/\n2\r?\n/)).toContain(
      'NO_SUCH_PROVIDER: nowhere: there is no such provider\n  hint: gobs provider list\n',
    );
    await leave();
  });

  test('a statement of several lines is gone on with', async () => {
    const { type, until, leave } = startDialogue();
    type('const twice = (n) => {\nreturn n * 2;\n}\ntwice(21)\n');
    await until(/\n42\r?\n/);
    await leave();
  });

  test('Ctrl-C ends the waiting, not the REPL', async () => {
    const { type, until, leave } = startDialogue();
    await until(/gobs> /);
    type('new Promise(() => {})\n');
    await until(/\{\}\)\r?\n/);
    type('\u0003');
    await until(/interrupted: what was asked of the boss goes on/);
    type('6 * 7\n');
    await until(/\n42\r?\n/);
    await leave();
  });

  test('Tab completes the methods of a remote object', async () => {
    const { type, until, leave, output } = startDialogue();
    await until(/gobs> /);
    type('await E(boss).createM\t');
    await until(/createMachine$/);
    type("('web1', { provider: 'local' })\n");
    await until(/MachineAdmin \{…\}/);
    type("E(machine('web1')).asO");
    // The second Tab in a row lists what there is; it counts once the first was answered.
    while (!/asObserver\s+asOperator/.test(output.text())) {
      type('\t');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(visible(output.text())).not.toContain('__getMethodNames__');
    type('\u0003');
    await leave();
  });

  test('dot commands are there, with ours in .help', async () => {
    const { type, until, leave } = startDialogue();
    type('.help\n.vats\n.actors boss\n.portrait nonsense\n');
    const screen = await until(/ReferenceError: nonsense/);
    expect(screen).toMatch(/locatorFor\(ref\)/);
    expect(screen).toMatch(/boss +2 +1\n/);
    expect(screen).toMatch(/vat:boss\/machine\/2\/admin +machine/);
    await leave();
  });

  test('the history is kept in a file of mode 0600, with locators redacted, also for the up arrow', async () => {
    const historyFile = join(directory, 'repl-history');
    const { type, until, leave } = startDialogue({ historyFile });
    await until(/gobs> /);
    type("'gobs://aaaa.tls/s/verySecret?host=h'.length\n");
    await until(/\n35\r?\n/);
    type('\u001b[A');
    await until(/\[redacted\]/);
    type('\u0015');
    await leave();
    expect(readFileSync(historyFile, 'utf8')).toBe("'gobs://aaaa.tls/s/[redacted]?host=h'.length");
    expect(statSync(historyFile).mode & 0o777).toBe(0o600);
  });

  test('a statement that sets a secret works, and is kept in no history, file of .save, or up arrow', async () => {
    const historyFile = join(directory, 'repl-history');
    const saved = join(directory, 'saved.js');
    const { type, until, leave, secrets } = startDialogue({ historyFile });
    await until(/gobs> /);
    type("await E(boss).setSecret('one', 'hunter2'), 'first'\n");
    await until(/\n'first'\r?\n/);
    type("await E(boss).setSecret('two',\n'hunter2'), 'second'\n");
    await until(/\n'second'\r?\n/);
    expect([...secrets]).toEqual([
      ['one', 'hunter2'],
      ['two', 'hunter2'],
    ]);
    type(`.save ${saved}\n`);
    await until(/Session saved/);
    type('\u001b[A\u001b[A');
    await until(/is not kept/);
    type('\u0015');
    await leave();
    for (const file of [historyFile, saved]) {
      expect(readFileSync(file, 'utf8')).not.toMatch(/hunter2|'one'|'two'/);
      expect(readFileSync(file, 'utf8')).toContain('// what sets a secret is not kept');
    }
  });

  test('the history of the last session is there in the next', async () => {
    const historyFile = join(directory, 'repl-history');
    const first = startDialogue({ historyFile });
    await first.until(/gobs> /);
    first.type('40 + 2\n');
    await first.until(/\n42\r?\n/);
    await first.leave();
    const second = startDialogue({ historyFile });
    await second.until(/gobs> /);
    second.type('\u001b[A');
    await second.until(/gobs> 40 \+ 2$/);
    second.type('\u0015');
    await second.leave();
  });

  test('says when the session is lost', async () => {
    const { until, lost, leave } = startDialogue();
    await until(/gobs> /);
    lost.resolve(Error('SESSION_CLOSED: the boss ended'));
    await until(/the session with the boss ended: SESSION_CLOSED: the boss ended/);
    await leave();
  });

  test('an exception that nobody handled is shown, and does not end it', async () => {
    const { until, unhandled, type, leave } = startDialogue();
    await until(/gobs> /);
    unhandled[0]!(harden(Error('later')));
    await until(/unhandled: Error: later/);
    type('6 * 7\n');
    await until(/\n42\r?\n/);
    await leave();
  });

  test('.exit leaves too', async () => {
    const { type, running, output } = startDialogue();
    type('.exit\n');
    expect(await running).toBe(0);
    expect(output.text()).toContain('The boss and its hobs go on.');
  });
});
