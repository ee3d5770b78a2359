import { describe, expect, test } from 'vitest';
import { traceText } from '../../../src/cli/views/trace.ts';
import type { JoinedRecord } from '../../../src/protocol/trace.ts';
import { aRecord } from '../near-traces.ts';

const record = (more: Partial<JoinedRecord>): JoinedRecord => ({ ...aRecord, where: 'boss', ...more });

test('a turn is a line, and what came of it another', () => {
  const sent = { id: 'bossboss-1-2', target: `peer:${'a'.repeat(52)}/3`, method: 'push' };
  expect(traceText([record({ changed: ['vat:boss/machine/7/self'], effects: [sent], omitted: 2 }), record({})])).toBe(
    `2023-11-14 22:13:20.000Z  boss  bossboss-1-1  boss/machine/7/admin.converge  from client  ok
  changed boss/machine/7; sent bossboss-1-2 peer:aaaaaaaa…/3.push; and 2 more
2023-11-14 22:13:20.000Z  boss  bossboss-1-1  boss/machine/7/admin.converge  from client  ok`,
  );
});

test('why it failed and what caused it are said', () => {
  const failed = { from: `peer:${'b'.repeat(52)}`, cause: 'hobhobho-1-1', error: { code: 'BAD_REPORT', message: '' } };
  expect(traceText([record(failed)])).toMatch(/ from peer:bbbbbbbb… because of hobhobho-1-1 {2}failed BAD_REPORT$/);
});

describe('text of a host', () => {
  const evil = '\n2026-01-01  boss  x  y  ok\r\u001b[2J\u009b1m\u202eright-to-left\u200b\u2028';
  const fields: [string, Partial<JoinedRecord>][] = [
    ['an error', { error: { code: 'X_Y', message: evil } }],
    ['a code', { error: { code: evil, message: '' } }],
    ['a method', { method: evil }],
    ['a target', { target: evil }],
    ['an id', { id: evil }],
    ['a cause', { cause: evil }],
    ['a sender', { from: evil }],
    ['a changed actor', { changed: [evil] }],
    ['an effect', { effects: [{ id: evil, target: evil, method: evil }] }],
    ['where it is', { where: evil }],
    ['a time', { at: 1e300 }],
  ];
  test.each(fields)('cannot forge a line, nor turn one round, by %s', (_what, more) => {
    const lines = traceText([record(more)]).split('\n');
    expect(lines.length).toBe(more.changed === undefined && more.effects === undefined ? 1 : 2);
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/);
  });

  test('is quoted where a name is expected', () => {
    expect(traceText([record({ method: 'x  from client  ok' })])).toContain(
      'boss/machine/7/admin."x  from client  ok"  from',
    );
  });

  test('has no secrets of locators in it', () => {
    const message = `gobs://${'a'.repeat(52)}.tls/s/SECRETSECRET?host=x`;
    expect(traceText([record({ error: { code: 'X_Y', message } })])).not.toContain('SECRET');
  });
});
