import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const child = fileURLToPath(new URL('./repl-in-child.ts', import.meta.url));

const runChild = async (mode: string, input: string) => {
  const running = spawn(process.execPath, [child, mode], { stdio: 'pipe' });
  running.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(running.stdout),
    text(running.stderr),
    once(running, 'exit') as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
};

describe('under the lockdown of production', () => {
  test('a script runs', async () => {
    const { code, stdout, stderr } = await runChild(
      'script',
      "const web1 = await E(boss).createMachine('web1', { provider: 'local' })\nE(boss).machines()\nE(boss).machine('web9')\nlet z = )\n",
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NAME[^\n]*\nweb1 +ready/);
    expect(stderr).toBe(
      "NO_SUCH_MACHINE: web9: there is no such machine\nSyntaxError: Unexpected token ')'\nThe boss and its hobs go on.\n",
    );
  });

  test('a dialogue runs', async () => {
    const { code, stdout } = await runChild(
      'dialogue',
      "await E(boss).createMachine('web1', { provider: 'local' })\nE(boss).machines()\nE(boss).machine('web9')\nawait harden(Far('Mine', {}))\n.vats\n\u0004",
    );
    expect(code).toBe(0);
    expect(stdout).toContain('MachineAdmin {…}');
    expect(stdout).toMatch(/\nweb1 +ready/);
    expect(stdout).toContain('NO_SUCH_MACHINE: web9: there is no such machine\n');
    expect(stdout).toContain('Mine {…}');
    expect(stdout).toMatch(/\nboss +2 +1/);
    expect(stdout).toMatch(/The boss and its hobs go on\.\n$/);
  });
});
