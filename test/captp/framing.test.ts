import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrames, makeFrameReader } from '../../src/captp/framing.ts';
import { checkShape } from '../../src/vats/json-shape.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';

const readAll = (limit: number, chunks: readonly Buffer[]): string[] => {
  const reader = makeFrameReader(limit);
  const texts: string[] = [];
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk));
    for (let text = reader.next(); text !== undefined; text = reader.next()) texts.push(text);
  }
  expect(reader.waiting).toBe(0);
  return texts;
};

const header = (length: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
};

describe('frames', () => {
  test('come out as they went in, however the bytes were cut', () => {
    const texts = fc.array(fc.string({ minLength: 1, unit: 'binary', maxLength: 3_000 }), { maxLength: 8 });
    fc.assert(
      fc.property(texts, fc.infiniteStream(fc.integer({ min: 1, max: 2_000 })), (sent, sizes) => {
        const wellFormed = sent.map((text) => text.toWellFormed());
        let bytes = encodeFrames(wellFormed);
        const chunks: Buffer[] = [];
        for (const size of sizes) {
          if (bytes.length === 0) break;
          chunks.push(bytes.subarray(0, size));
          bytes = bytes.subarray(size);
        }
        expect(readAll(100_000, chunks)).toEqual(wellFormed);
      }),
    );
  });

  test('over the limit are refused by their header alone', () => {
    const reader = makeFrameReader(100);
    reader.push(header(101));
    expect(() => reader.next()).toThrow(/LIMIT_EXCEEDED: a frame of 101 bytes, where 100 are allowed/);
    const patient = makeFrameReader(100);
    patient.push(header(0xffffffff));
    expect(() => patient.next()).toThrow(/LIMIT_EXCEEDED/);
  });

  test('may be larger once that is allowed', () => {
    const reader = makeFrameReader(4);
    reader.allow(5);
    reader.push(encodeFrames(['12345']));
    expect(reader.next()).toBe('12345');
  });

  test('of no bytes make no sense', () => {
    const reader = makeFrameReader(100);
    reader.push(header(0));
    expect(() => reader.next()).toThrow(/PROTOCOL_ERROR/);
  });

  test('cost memory as bytes come, not as they are promised', () => {
    const reader = makeFrameReader(1 << 30);
    reader.push(header(1 << 30));
    expect(reader.next()).toBeUndefined();
    const before = process.memoryUsage().arrayBuffers;
    for (let byte = 0; byte < 10_000; byte += 1) {
      reader.push(Buffer.from([0x5b]));
      expect(reader.next()).toBeUndefined();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });
});

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

const within = (text: string, depth: number, values: number): boolean => {
  try {
    checkShape(text, { depth, values });
    return true;
  } catch (error) {
    expect(codeOf(error)).toBe('LIMIT_EXCEEDED');
    return false;
  }
};

describe('the shape of a text', () => {
  test('is as deep as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        // Long enough that the short way is not taken.
        const text = JSON.stringify([value, 'x'.repeat(100)]);
        const depth = depthOf([value]);
        expect(within(text, depth, 1_000_000)).toBe(true);
        expect(within(text, depth - 1, 1_000_000)).toBe(false);
      }),
    );
  });

  test('is not counted in strings, also not after escapes', () => {
    for (const tricky of ['[[[[', '"[[', '\\"[[[', '\\', '{,,,,']) {
      expect(within(JSON.stringify([tricky, 'x'.repeat(100)]), 1, 2)).toBe(true);
    }
  });

  test('has a bound for the number of values', () => {
    const text = JSON.stringify(Array(1_000).fill(0));
    expect(within(text, 10, 1_000)).toBe(true);
    expect(within(text, 10, 999)).toBe(false);
    expect(within('['.repeat(100_000), 64, 1_000_000)).toBe(false);
    expect(within(','.repeat(100_000), 64, 99_999)).toBe(false);
  });

  test('of what is no JSON harms nobody', () => {
    for (const text of ['"'.repeat(999), `"${'\\'.repeat(998)}`, ']'.repeat(999), '}{'.repeat(999)]) {
      expect(() => checkShape(text, { depth: 10, values: 10_000 })).not.toThrow();
    }
  });
});
