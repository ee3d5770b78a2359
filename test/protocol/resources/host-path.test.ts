import fc from 'fast-check';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostPathProblem } from '../../../src/protocol/resources/host-path.ts';

describe('a path on a host', () => {
  it('is absolute, in one spelling', () => {
    for (const good of ['/a', '/etc/motd', '/a b/ü', '/...', '/..a', '/a..', `/${'é'.repeat(127)}x`, '/.gobs-tmp']) {
      expect(hostPathProblem(good), good).toBeUndefined();
    }
  });
  it('would lead out with ".." or when it is relative', () => {
    for (const bad of ['..', '/..', '/a/../b', 'a', './a', 'a/../../b']) {
      expect(hostPathProblem(bad), bad).toMatchObject({ leadsOut: true });
    }
  });
  it('that is accepted is below the root, whatever it looks like, and is its own normal form', () => {
    const part = fc.constantFrom(
      '.',
      '..',
      '',
      'a',
      '...',
      '\0',
      '\n',
      '~',
      '$HOME',
      '*',
      '.gobs-tmp-x',
      '%2e%2e',
      '\\',
    );
    const texts = fc.oneof(
      fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`),
      fc.string({ unit: 'binary' }),
    );
    let accepted = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (hostPathProblem(text) !== undefined) return;
        accepted += 1;
        expect(path.posix.normalize(text)).toBe(text);
        expect(path.posix.join('/root', text).startsWith('/root/')).toBe(true);
        expect(text).not.toMatch(/[\0\n]/);
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
  it('is not longer than systems take', () => {
    expect(hostPathProblem(`/${'x'.repeat(256)}`)?.message).toMatch(/255/);
    expect(hostPathProblem(`/${'👋'.repeat(64)}`)?.message).toMatch(/255/);
    expect(hostPathProblem('/x'.repeat(2_049))?.message).toMatch(/4096/);
  });
});
