import { makeMarshal } from '@endo/marshal';
import { passStyleOf } from '@endo/pass-style';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, describeError, makeError } from '../../src/errors/gobs-error.ts';

describe('an error that gobs makes', () => {
  test('says code, message and hint in its message', () => {
    const error = makeError('BAD_NAME', 'machine Web1: not a name', { hint: 'use small letters' });
    expect(error.message).toBe('BAD_NAME: machine Web1: not a name\nhint: use small letters');
  });

  test('is taken apart into the same three', () => {
    const error = makeError('BAD_NAME', 'machine Web1: not a name', { hint: 'use small letters' });
    expect(describeError(error)).toEqual({
      code: 'BAD_NAME',
      message: 'machine Web1: not a name',
      hint: 'use small letters',
    });
    expect(codeOf(error)).toBe('BAD_NAME');
  });

  test('has no hint if it was given none', () => {
    expect(describeError(makeError('BAD_NAME', 'Web1'))).toEqual({ code: 'BAD_NAME', message: 'Web1' });
  });

  test('keeps its cause to itself', () => {
    const cause = new Error('EACCES');
    const error = makeError('STORE_UNUSABLE', '/state', { cause });
    expect(error.cause).toBe(cause);
    expect(error.message).not.toContain('EACCES');
  });

  test('cannot be changed', () => {
    const error = makeError('BAD_NAME', 'Web1');
    expect(() => Object.assign(error, { message: 'all is well' })).toThrow(TypeError);
  });

  test('is passable, as an error', () => {
    expect(passStyleOf(makeError('BAD_NAME', 'Web1', { hint: 'no', cause: new Error('x') }))).toBe('error');
  });

  test('comes out of marshalling with code, message and hint, and without its cause', () => {
    const { toCapData, fromCapData } = makeMarshal(undefined, undefined, {
      serializeBodyFormat: 'smallcaps',
      marshalSaveError: () => {},
    });
    const error = makeError('BAD_NAME', 'Web1', { hint: 'use small letters', cause: new Error('secret') });
    const sent = toCapData(error);
    expect(sent.body).not.toContain('secret');
    expect(describeError(fromCapData(sent))).toEqual(describeError(error));
  });

  test('reads back whatever text it was made of, with line breaks folded', () => {
    const folded = (text: string) => text.replace(/[\r\n]+\s*/g, ' ');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.option(fc.string({ unit: 'binary' })), (message, hint) => {
        const description = describeError(makeError('BAD_NAME', message, hint === null ? {} : { hint }));
        expect(description).toEqual({
          code: 'BAD_NAME',
          message: folded(message),
          ...(hint === null ? {} : { hint: folded(hint) }),
        });
      }),
    );
  });
});

const fail = () => {
  throw new Error('a trap');
};

describe('an error that gobs did not make', () => {
  test.each([
    ['an Error', new Error('boom'), 'boom'],
    ['a text', 'boom', 'boom'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an error whose message only begins like a code', new Error('E: boom'), 'E: boom'],
    ['an error of several lines', new Error('boom\n  at dawn'), 'boom at dawn'],
    ['an object without a prototype', { __proto__: null }, expect.any(String)],
    ['a symbol', Symbol('boom'), 'Symbol(boom)'],
    [
      'an error whose message is a trap',
      Object.defineProperty(new Error(''), 'message', { get: () => fail() }),
      expect.any(String),
    ],
    ['an object that refuses to be text', { toString: () => ({}) }, expect.any(String)],
  ])('is UNEXPECTED: %s', (_what, thrown, message) => {
    expect(describeError(thrown)).toEqual({ code: 'UNEXPECTED', message });
  });
});
