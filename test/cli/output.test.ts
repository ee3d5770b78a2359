import { describe, expect, test } from 'vitest';
import { errorText, makeOutput } from '../../src/cli/output.ts';
import { makeError } from '../../src/errors/gobs-error.ts';

const locator = 'gobs://aaaa.tls/s/verySecret?host=h';

const makeSaid = (isTTY: boolean) => {
  const said = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    isTTY,
    write: (text: string) => {
      said[name] += text;
    },
  });
  return { said, output: makeOutput(sink('stdout'), sink('stderr')) };
};

describe('output', () => {
  test('data goes to standard output, everything else to standard error', () => {
    const { said, output } = makeSaid(false);
    output.data('table');
    output.json({ a: 1 });
    output.note('note');
    output.error(makeError('NAME_TAKEN', 'web1', { hint: 'another' }));
    expect(said).toEqual({ stdout: 'table\n{"a":1}\n', stderr: 'note\ngobs: NAME_TAKEN: web1\nhint: another\n' });
  });

  test('progress is on a terminal only, in one line, and gone before anything else is said', () => {
    const silent = makeSaid(false);
    silent.output.progress('creating');
    expect(silent.said.stderr).toBe('');
    const { said, output } = makeSaid(true);
    output.progress('x\u001b[2J\n'.repeat(50));
    output.note('note');
    output.progress('');
    expect(said.stderr).toMatch(/^x\\u\{1b\}[^\u001b\n]{1,78}\r\u001b\[Knote\n$/);
  });

  test('nothing that is said carries control characters of others, nor the secret of a locator', () => {
    const { said, output } = makeSaid(false);
    const evil = `\u001b[2J\u009b\r\u202e ${locator}`;
    output.note(evil);
    output.note('wrote a\ngobs: forged');
    output.error(makeError('PROVIDER_FAILED', evil, { hint: evil }));
    output.error(Error(`${evil}\ngobs: forged`));
    output.error(evil);
    expect(said.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(said.stderr).not.toContain('verySecret');
    expect(said.stderr).not.toMatch(/^gobs: forged/m);
    expect(said.stderr).toContain('\nwrote a\\ngobs: forged\n');
    output.json({ evil: '\u009b\u202e\u001b\u007f' });
    expect(said.stdout).toBe('{"evil":"\\u009b\\u202e\\u001b\\u007f"}\n');
  });

  test('an error without a code has one all the same', () => {
    expect(errorText(Error('bad\nthing'))).toBe('gobs: UNEXPECTED: bad thing');
  });
});
