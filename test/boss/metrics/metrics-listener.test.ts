import http from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeOf } from '../../../src/errors/gobs-error.ts';
import { listenForMetrics, type MetricsListener } from '../../../src/boss/metrics/metrics-listener.ts';
import { makeFakeClock, type FakeClock } from '../../support/fake-clock.ts';

let listener: MetricsListener;
let clock: FakeClock;
let metrics: () => Promise<string>;
let health: () => Promise<unknown>;
beforeEach(async () => {
  clock = makeFakeClock();
  metrics = async () => 'gobs_machines 1\n';
  health = async () => undefined;
  listener = await listenForMetrics({
    http,
    address: { host: '127.0.0.1', port: '0' },
    setTimer: clock.setTimer,
    metrics: () => metrics(),
    health: () => health(),
  });
});
afterEach(() => listener.close());

/** All that comes back for what is sent. */
const say = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(`http://${listener.address}`);
    const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(text));
    let said = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
    socket.on('close', () => resolve(said)).on('error', reject);
  });
const get = (path: string, method = 'GET'): Promise<string> => say(`${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);

test('gives metrics, and says what they are', async () => {
  const said = await get('/metrics');
  expect(said).toMatch(/^HTTP\/1\.1 200 /);
  expect(said).toMatch(/content-type: text\/plain; version=0\.0\.4; charset=utf-8/i);
  expect(said.endsWith('\r\n\r\ngobs_machines 1\n')).toBe(true);
  expect(await get('/metrics?x=1', 'HEAD')).toMatch(/^HTTP\/1\.1 200 [^]*content-length: 16[^]*\r\n\r\n$/i);
});

test('says whether the boss works', async () => {
  expect(await get('/healthz')).toMatch(/ 200 [^]*ok\n$/);
  health = () => Promise.reject(Error('COMMIT_FAILED: a secret'));
  const said = await get('/healthz');
  expect(said).toMatch(/ 503 /);
  expect(said).not.toContain('secret');
});

test.each(['/metrics', '/healthz'])('%s of a boss that never answers is 503 after a while', async (path) => {
  metrics = () => new Promise(() => {});
  health = () => new Promise(() => {});
  const asked = get(path);
  let said: string | undefined;
  void asked.then((text) => {
    said = text;
  });
  while (clock.timers === 0) await new Promise(setImmediate);
  while (said === undefined) await clock.advance(1_000);
  expect(said).toMatch(/ 503 /);
});

test.each([
  ['GET', '/', 404],
  ['GET', '/metrics/../etc', 404],
  ['GET', '/__proto__', 404],
  ['GET', '/constructor', 404],
  ['POST', '/metrics', 405],
  ['DELETE', '/healthz', 405],
])('%s %s is %i', async (method, path, status) => {
  expect(await get(path, method)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

test('what is no request, or too large, is cut off, and others are served', async () => {
  expect(await say('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect(await say(`GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await get('/healthz')).toMatch(/ 200 /);
});

test('a port that is taken is said so', async () => {
  const [, port = ''] = listener.address.split(':');
  const again = listenForMetrics({
    http,
    address: { host: '127.0.0.1', port },
    setTimer: clock.setTimer,
    metrics,
    health,
  });
  expect(await again.then(() => 'none', codeOf)).toBe('ADDRESS_UNUSABLE');
});
