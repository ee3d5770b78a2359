/** A session of which the test says every frame itself, with a key that it has. */
import { encodeFrames, makeFrameReader } from '../../../src/captp/framing.ts';
import { helloText } from '../../../src/captp/hello.ts';
import type { KeyPair } from '../../../src/captp/key-pair.ts';
import { parseLocator } from '../../../src/captp/locator.ts';
import { protocolVersions } from '../../../src/protocol/version.ts';
import { tlsOf } from './test-peer.ts';

type Frame = Readonly<Record<string, unknown>>;

/** Dials whom the locator names, says hello and these frames, and hangs up when all questions among them are answered. Gives all that it heard. */
export const sayFrames = async (
  keyPair: KeyPair,
  locator: string,
  frames: readonly Frame[],
): Promise<readonly Frame[]> => {
  const { peerId, address } = parseLocator(locator);
  const { stream } = await tlsOf(keyPair).dial(address, peerId);
  const hello = { versions: protocolVersions, peerId: keyPair.peerId, epoch: 1, software: 'raw', durable: true };
  const questions = frames.filter(({ questionID }) => questionID !== undefined).length;
  const reader = makeFrameReader(1 << 24);
  const heard: Frame[] = [];
  stream.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    for (let text = reader.next(); text !== undefined; text = reader.next()) heard.push(JSON.parse(text) as Frame);
    if (heard.filter(({ type }) => type === 'CTP_RETURN').length === questions) stream.end();
  });
  const gone = new Promise((resolve) => stream.once('close', resolve));
  stream.on('error', () => {});
  stream.write(encodeFrames([helloText(hello), ...frames.map((frame) => JSON.stringify(frame))]));
  await gone;
  return heard;
};
