/**
 * Work of a hob that an admin holds on to while it goes on: a command, a copy. The boss passes it on, and hands out what the hob gives for it:
 * bytes go between client and hob, through the boss's process and past its turns. What the boss keeps is lines in the machine's log: one that is durable
 * before the hob hears of it, and one of how it ended, which is the hob's word.
 */
import { M, matches } from '@endo/patterns';
import { codeOf, makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import type { Hob } from '../protocol/remotes.ts';
import { askHob, requireHob } from './machine-operator.ts';
import type { MachineTurn } from './machine-turn.ts';

/** What a hob answers. */
interface Started<Handle, End> {
  readonly handle: Handle;
  readonly ended: Promise<End>;
}
const StartedShape = M.splitRecord({ handle: M.remotable(), ended: M.promise() });

export interface PassedOn<Handle, End> {
  /** For the log: `exec uptime`. */
  readonly what: string;
  /** Who asks, as they say. */
  readonly by: string | undefined;
  readonly ask: (hob: Hob) => Promise<Started<Handle, End>>;
  /** Of what the hob says at the end; undefined: that makes no sense. */
  readonly endText: (said: unknown) => string | undefined;
}

/** Rejects HOB_UNREACHABLE, RESTORE_UNCONFIRMED, PROTOCOL_ERROR, and as the hob does. */
export const passOn = <Handle, End>(
  turn: MachineTurn,
  { what, by = 'somebody', ask, endText }: PassedOn<Handle, End>,
): Promise<Awaited<Handle | Promise<never>>> => {
  const { portrait, powers, note } = turn;
  const { name, log } = portrait;
  const hob = requireHob(turn);
  note(`${what}, by ${plainText(by, 60) || 'somebody'}`);
  const taken = askHob(turn, ask(hob), (answer): Handle => {
    if (!matches(answer as never, StartedShape)) {
      throw makeError('PROTOCOL_ERROR', `${name}: its hob answered with something that was not asked for`);
    }
    void powers.on(
      answer.ended,
      (end) => log.noteOfOthers(`${what} ${endText(end) ?? 'ended, and its hob does not say how'}`),
      (reason) => log.noteOfOthers(`${what} did not end well: ${codeOf(reason)}`),
    );
    return answer.handle;
  });
  return powers.on<Awaited<Handle>, Awaited<Handle> | Promise<never>>(
    taken,
    (handle) => handle,
    (reason) => {
      // A turn that throws leaves no trace, so the promise is rejected.
      log.noteOfOthers(`${what} did not begin: ${codeOf(reason)}`);
      const { promise, reject } = powers.promiseKit<never>();
      reject(reason as Error);
      return promise;
    },
  ) as Promise<Awaited<Handle | Promise<never>>>;
};
harden(passOn);
