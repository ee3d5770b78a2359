/** One secret line from a stream: standard input may go on with something else. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { makeError } from '../errors/gobs-error.ts';

const LONGEST = 65_536;

/** The first line, without its end, and nothing behind it: the stream is left where the second one begins. Rejects BAD_USAGE if it is too long. */
export const firstLineOf = async (stream: Readable): Promise<string> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array | string>) {
    const bytes = Buffer.from(chunk as string);
    const end = bytes.indexOf('\n');
    parts.push(end < 0 ? bytes : bytes.subarray(0, end));
    length += parts.at(-1)!.length;
    if (length > LONGEST) {
      throw makeError('BAD_USAGE', `the first line of standard input has more than ${LONGEST} bytes`);
    }
    if (end < 0) continue;
    if (end + 1 < bytes.length) stream.unshift(bytes.subarray(end + 1));
    break;
  }
  return new StringDecoder('utf8').end(Buffer.concat(parts)).replace(/\r$/, '');
};
harden(firstLineOf);
