import { describe, expect, it } from 'vitest';
import { codeOf } from '../../../src/errors/gobs-error.ts';
import type { CommandOutcome, Commands } from '../../../src/hob/commands.ts';
import { act, ask, sayingOf } from '../../../src/hob/resources/commanding.ts';
import type { Host } from '../../../src/hob/resources/contract.ts';

const outcome = (more: Partial<CommandOutcome>): CommandOutcome => ({
  code: 0,
  stdout: '',
  stderr: '',
  cut: false,
  ...more,
});
const hostWith = (commands: Commands | undefined): Host => ({ commands }) as unknown as Host;
const saying = (more: Partial<CommandOutcome>): Host => hostWith({ run: async () => outcome(more) });

describe('what a command said', () => {
  it.each([
    ['its last errors', { code: 1, stderr: 'a\nb\n\nc\nd\n', stdout: 'x\n' }, 'tool: b; c; d'],
    ['its output, if it had no errors', { code: 1, stdout: 'x\ny\n' }, 'tool: x; y'],
    ['that it said nothing', { code: 7 }, 'tool: it ended with 7'],
    [
      'that it did not end by itself',
      { code: null, why: 'it did not end within 1 s' },
      'tool: it did not end within 1 s',
    ],
    ['that, and its last errors', { code: null, why: 'it was killed', stderr: 'a\n' }, 'tool: it was killed; a'],
  ])('is told: %s', (_what, more, text) => {
    expect(sayingOf(outcome(more), 'tool')).toBe(text);
  });

  it('is told by the lines that matter, where there are some', () => {
    const stderr = 'W: first\nE: this\nsee the log\n';
    expect(sayingOf(outcome({ code: 1, stderr }), 'tool', /^E:/)).toBe('tool: E: this');
    expect(sayingOf(outcome({ code: 1, stderr }), 'tool', /^X:/)).toBe('tool: W: first; E: this; see the log');
  });

  it('can forge no line, and is no longer than a line', () => {
    const stderr = `\u001b[2J\u202eevil\r\n${'x'.repeat(5_000)}`;
    const told = sayingOf(outcome({ code: 1, stderr }), 'tool');
    expect(told).toMatch(/^tool: \[2J evil; x+…$/);
    expect(told).toHaveLength(400);
  });
});

describe.each([
  ['asking', ask, 'CANNOT_LOOK'],
  ['doing', act, 'CANNOT_CHANGE'],
])('%s by a command', (_what, run, code) => {
  const failure = async (host: Host): Promise<unknown> =>
    run(host, 'nginx', ['tool', 'word']).then(
      (found) => ({ found }),
      (error: unknown) => error,
    );

  it('gives what it said', async () => {
    expect(await run(saying({ stdout: 'yes' }), 'nginx', ['tool'])).toMatchObject({ stdout: 'yes' });
    expect(await run(saying({ code: 3 }), 'nginx', ['tool'], { codes: [0, 3] })).toMatchObject({ code: 3 });
  });

  it.each([
    ['it failed', { code: 1, stderr: 'no\n' }, 'nginx: tool: no'],
    ['it could not begin', { code: null, why: 'there is no program tool' }, 'nginx: tool: there is no program tool'],
    ['it failed, and said much', { code: 1, stderr: 'no\n', cut: true }, 'nginx: tool: no'],
  ])(`fails with ${code} if %s`, async (_why, more, message) => {
    const error = await failure(saying(more));
    expect(codeOf(error)).toBe(code);
    expect(error).toHaveProperty('message', `${code}: ${message}`);
  });

  it('cannot be done by a hob that keeps no whole host', async () => {
    const error = await failure(hostWith(undefined));
    expect(codeOf(error)).toBe('CANNOT_LOOK');
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/nginx: it needs a hob that runs as root and keeps the whole host/),
    );
  });
});

describe('a command that said more than can be read', () => {
  it('is no answer for whoever reads it', async () => {
    await expect(ask(saying({ cut: true }), 'nginx', ['tool'])).rejects.toThrow(
      'CANNOT_LOOK: nginx: tool: it said more than can be read',
    );
  });

  it('has done what it does all the same', async () => {
    expect(await act(saying({ cut: true }), 'nginx', ['tool'])).toMatchObject({ code: 0 });
  });

  it('says with its code what was asked, where nothing else is read', async () => {
    expect(await ask(saying({ cut: true }), 'nginx', ['tool'], { parsed: false })).toMatchObject({ code: 0 });
  });
});
