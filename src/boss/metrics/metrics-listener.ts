/**
 * `/metrics` for Prometheus and `/healthz` for whoever watches over the boss, on a listener of their own. Who can connect can read: counts, no name and no secret.
 * It takes nothing: a request is its first line, and what is slow or large is cut off.
 */
import { Buffer } from 'node:buffer';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { makeError } from '../../errors/gobs-error.ts';
import { textOfAddress, type HostAndPort } from '../listen-address.ts';

export interface MetricsListenerOptions {
  readonly http: Pick<typeof import('node:http'), 'createServer'>;
  readonly address: HostAndPort;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** The text of `/metrics`. */
  readonly metrics: () => Promise<string>;
  /** Resolves if the boss works. */
  readonly health: () => Promise<unknown>;
}

export interface MetricsListener {
  /** Where it really listens: HOST:PORT. */
  readonly address: string;
  close(): Promise<void>;
}

/** Milliseconds: a boss that needs longer is not well. */
const PATIENCE = 5_000;
const MOST_CONNECTIONS = 16;
const PLAIN = 'text/plain; charset=utf-8';
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8';

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly text: string;
}

const notWell: Answer = harden({ status: 503, text: 'the boss does not answer\n' });

export const listenForMetrics = async (options: MetricsListenerOptions): Promise<MetricsListener> => {
  const { http, address, setTimer, metrics, health } = options;

  const inTime = async (work: Promise<Answer>): Promise<Answer> => {
    const late = Promise.withResolvers<Answer>();
    const cancel = setTimer(() => late.resolve(notWell), PATIENCE);
    return Promise.race([work.catch(() => notWell), late.promise]).finally(cancel);
  };
  const pages: Readonly<Record<string, () => Promise<Answer>>> = {
    '/metrics': async () => ({ status: 200, type: EXPOSITION, text: await metrics() }),
    '/healthz': async () => {
      await health();
      return { status: 200, text: 'ok\n' };
    },
  };
  const answerTo = async ({ method, url = '' }: IncomingMessage): Promise<Answer> => {
    const path = url.split('?', 1)[0]!;
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined) return { status: 404, text: 'there are /metrics and /healthz\n' };
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'only GET\n' };
    return inTime(page());
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, type = PLAIN, text } = await answerTo(request);
    response.writeHead(status, {
      'content-type': type,
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };

  const limits = { headersTimeout: PATIENCE, requestTimeout: PATIENCE, maxHeaderSize: 8 * 1024, keepAlive: false };
  const server: Server = http.createServer(limits, (request, response) => void serve(request, response));
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        makeError('ADDRESS_UNUSABLE', `metrics: ${textOfAddress(address)} cannot be listened on (${error.message})`, {
          cause: error,
        }),
      ),
    );
    server.listen({ host: address.host, port: Number(address.port) }, resolve);
  });
  server.on('error', () => {});
  const { port } = server.address() as { readonly port: number };
  return harden({
    address: textOfAddress({ host: address.host, port: String(port) }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
};
harden(listenForMetrics);
