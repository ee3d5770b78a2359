import { Far } from '@endo/far';
import { describe, expect, test } from 'vitest';
import { runScript, startRepl } from './run-repl.ts';

const farewell = 'The boss and its hobs go on.\n';

describe('a REPL without a terminal', () => {
  test('prints the results of statements and leaves with 0, saying that boss and hobs go on', async () => {
    const { exit, stdout, stderr } = await runScript('1 + 1\nlet x = 3\nx * 2\n');
    expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: '2\n6\n', stderr: farewell });
  });

  test('awaits promises without being told to', async () => {
    const { exit, stdout } = await runScript(
      "E(boss).createMachine('web1', { provider: 'local' })\nE(machine('web1')).desired()\n",
    );
    expect(exit).toBe(0);
    expect(stdout).toBe("MachineAdmin {…}\n{ generation: 0, policy: 'report', resources: [] }\n");
  });

  test('knows top-level await, and keeps what it declares', async () => {
    const { stdout } = await runScript(
      "const kept = await E(boss).createMachine('web1', { provider: 'local' })\n(await E(kept).status()).name\n",
    );
    expect(stdout).toBe('web1\n');
  });

  test('a list of machines is a table', async () => {
    const { stdout } = await runScript(
      "await E(boss).createMachine('web1', { provider: 'local' })\nE(boss).machines()\n",
    );
    expect(stdout).toMatch(/\nNAME +STATE +ONLINE[^\n]*\nweb1 +ready +yes +1 min ago/);
  });

  test('statements may have several lines, and the last needs no line end', async () => {
    const { exit, stdout } = await runScript('const add = (a, b) => {\n  return a +\n    b;\n};\n\nadd(\n  2,\n  3)');
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: '5\n' });
  });

  test('each statement waits for the one before it', async () => {
    const { stdout } = await runScript(
      'const order = []\nnew Promise((resolve) => setTimeout(resolve, 20)).then(() => void order.push("first"))\norder.push("second")\norder\n',
    );
    expect(stdout).toBe("2\n[ 'first', 'second' ]\n");
  });

  test('a failed statement is told of with code and hint, the next are run, and it leaves with 1', async () => {
    const { exit, stdout, stderr } = await runScript(
      "E(boss).createMachine('web1', { provider: 'nowhere' })\n'still here'\n",
    );
    expect(exit).toBe(1);
    expect(stdout).toBe('still here\n');
    expect(stderr).toBe(
      `NO_SUCH_PROVIDER: nowhere: there is no such provider\n  hint: gobs provider list\n${farewell}`,
    );
  });

  test.each([
    ['let y = )', /^SyntaxError: /],
    ['nobodyKnowsThis', /^ReferenceError: nobodyKnowsThis/],
    ['throw 7', /^thrown: 7\n/],
    [
      'let twice = 1\nlet twice = 2',
      /^SyntaxError: Identifier 'twice' .*\n {2}hint: leave out const or let: twice = …\n/,
    ],
    ['await boss.nope()', /^TypeError: .*\n {2}hint: if boss is a reference: E\(boss\)\.nope\(…\)\n/],
    ['const half = (1 +', /^SyntaxError: /],
  ])('%s is a failure', async (statement, message) => {
    const { exit, stderr } = await runScript(`${statement}\n`);
    expect(exit).toBe(1);
    expect(stderr).toMatch(message);
  });

  test('what is written as one statement does not go on after a failure', async () => {
    const { exit, stdout } = await runScript("{ await E(boss).machine('web9');\n  console.log('never'); };\n'next'\n");
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: 'next\n' });
  });

  test('text is printed as it is, so that a locator can be put in a file', async () => {
    const { stdout, locators } = await runScript(
      "const given = await E(boss).createMachine('web1', { provider: 'local' })\nlocatorFor(E(given).asObserver())\n",
    );
    expect(stdout).toBe(`${[...locators.keys()][0]}\n`);
  });

  test('a locator that was given out can be enlivened', async () => {
    const { stdout } = await runScript(
      "const back = await E(boss).createMachine('web1', { provider: 'local' })\nconst text = await locatorFor(E(back).asObserver())\nenliven(text)\n",
    );
    expect(stdout).toBe('MachineObserver {…}\n');
  });

  test('a locator is redacted in an error', async () => {
    const { stderr } = await runScript("enliven('gobs://aaaa.tls/s/verySecret?host=h')\n");
    expect(stderr).toBe(`LOCATOR_UNKNOWN: no object has the locator gobs://aaaa.tls/s/[redacted]?host=h\n${farewell}`);
  });

  test('text from elsewhere carries no escapes and forges no lines', async () => {
    const { stdout, stderr } = await runScript(
      "'a\\u001b[2Jb\\nc'\n({ text: '\\u001b[31m', ['\\u009bkey']: 1 })\nFar('\\u001b[31mEvil', {})\nthrow Error('x\\u001b[2J\\ny')\n",
    );
    expect(stdout.split('\n')).toEqual([
      'a\\u{1b}[2Jb\\nc',
      "{ text: '\\x1B[31m', '\\x9Bkey': 1 }",
      '\\u{1b}[31mEvil {…}',
      '',
    ]);
    expect(stderr).toBe(`Error: x\\u{1b}[2J y\n${farewell}`);
  });

  test('dot commands look into the store', async () => {
    const { exit, stdout, stderr } = await runScript(
      ".vats\n.actors\n.portrait vat:boss/machine/2/admin\nawait E(boss).createMachine('web1', { provider: 'local' })\nconst seen = await machine('web1')\n.portrait seen\n",
    );
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: farewell });
    expect(stdout).toMatch(
      /^VAT +ACTORS +CACHED\nboss +2 +1\nACTOR +KIND +VERSION +CHANGE\nvat:boss\/boss\/1\/self +boss +1 +3\nvat:boss\/machine\/2\/admin/,
    );
    expect(stdout).toContain(
      "vat:boss/machine/2/admin: machine version 1, change 9\n{ name: 'web1' }\n  $0 is vat:provider-local/provider/1/self\n",
    );
    expect(stdout.match(/change 9/g)).toHaveLength(2);
  });

  test('.trace and .graph show what happened and who refers to whom, and say in one line if there is no such machine', async () => {
    const { exit, stdout, stderr } = await runScript('.trace\n.graph\n.trace nope\n.graph nope\n');
    expect(stdout).toBe('(nothing happened yet)\nflowchart LR\n');
    expect(exit).toBe(1);
    expect(stderr.match(/^NO_SUCH_MACHINE: [^\n]*nope[^\n]*$/gm)).toHaveLength(2);
  });

  test('.help says what is in scope, .exit leaves, an unknown command is a failure', async () => {
    const { stdout } = await runScript(".help\n.exit\n'never run'\n");
    expect(stdout).toMatch(/locatorFor\(ref\)[^]*\.portrait/);
    expect(stdout).not.toContain('never run');
    expect((await runScript('.vast\n')).exit).toBe(1);
  });

  test('what it put in scope is gone afterwards, and what it hid is back', async () => {
    (globalThis as { machine?: unknown }).machine = 'mine';
    await runScript('1\n');
    expect((globalThis as { machine?: unknown }).machine).toBe('mine');
    expect('boss' in globalThis).toBe(false);
    Reflect.deleteProperty(globalThis, 'machine');
  });

  test('an exception that nobody handled is a failure too', async () => {
    const started = startRepl();
    const running = started.repl.run();
    started.input.write('1\n');
    await started.output.until(/1/);
    started.unhandled[0]!(Error('later'));
    started.input.end();
    expect(await running).toBe(1);
    expect(started.notes.text()).toBe(`Error: later\n${farewell}`);
  });

  test('where one machine was shared, that is in scope and no boss', async () => {
    const { stdout, exit } = await runScript('typeof boss\nshared\n', {
      subject: { name: 'shared', reference: Far('MachineObserver', {}) },
    });
    expect({ stdout, exit }).toEqual({ stdout: 'undefined\nMachineObserver {…}\n', exit: 0 });
  });
});
