/** What a peer tells its process, for logs and for whoever keeps count of who is there. */
import type { Refusal } from './admission.ts';
import type { Presenter } from './bootstrap.ts';
import type { PeerId } from './peer-id.ts';

/** An open session. */
export interface SessionInfo {
  readonly peerId: PeerId;
  readonly remoteAddress: string;
  /** Did this side dial? */
  readonly outgoing: boolean;
  /** Do references given in it outlive it? Then the peer's key is proven, too. */
  readonly durable: boolean;
  readonly epoch: number;
  readonly software: string;
  /** When it was opened, by this process's clock. */
  readonly since: number;
}

export interface OlderEpoch {
  readonly peerId: PeerId;
  readonly remoteAddress: string;
  /** The highest that it has shown before. */
  readonly seen: number;
  readonly shown: number;
}

export interface PeerHooks {
  onUp(info: SessionInfo): void;
  onDown(info: SessionInfo, reason: Error): void;
  /** A key was used from two places at once. */
  onRefused(refusal: Refusal): void;
  /** A peer that dialled us speaks no protocol of ours; the reason says which side to upgrade. */
  onMismatch(remoteAddress: string, reason: Error): void;
  /** A locator was presented that leads nowhere. */
  onGuess(presenter: Presenter): void;
  /** A peer's store is older than it was: a copy, or from a backup. */
  onOlderEpoch(event: OlderEpoch): void;
}

type Hook = (...args: never[]) => void;

/**
 * The same hooks, all of them there, which throw nothing into the code that calls them: what they threw is an unhandled rejection, as it would
 * be from a callback of their own.
 */
export const safely = <H extends { [name in keyof H]: Hook }>(hooks: Partial<H>): H =>
  new Proxy(harden({}), {
    get:
      (_target, name) =>
      (...args: unknown[]): void => {
        try {
          (hooks as Record<PropertyKey, ((...all: unknown[]) => void) | undefined>)[name]?.(...args);
        } catch (error) {
          void Promise.reject(error as Error);
        }
      },
  }) as unknown as H;
harden(safely);
