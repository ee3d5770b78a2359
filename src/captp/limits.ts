/**
 * What one session may cost. A peer that goes over a limit loses its session with LIMIT_EXCEEDED; nobody else notices. All are checked
 * before the costly step that they guard: bytes before a frame is kept, shape before it is parsed, slots before they
 * are turned into references.
 *
 * A peer holds itself to the same limits when it sends: what would be too much is refused where it is called, and the
 * session lives on.
 */
export interface Limits {
  /** Bytes of one frame. */
  readonly frameBytes: number;
  /** Bytes of the first frame, when it is not known yet who speaks. */
  readonly helloBytes: number;
  /** Arrays and records within each other, in one message. */
  readonly depth: number;
  /** Arrays, records, elements and properties in one message: what it costs to turn into objects, at about 2 µs each. */
  readonly values: number;
  /** References and promises in one message. */
  readonly slots: number;
  /** Calls of one side that the other has not answered, or whose answers were not let go of. */
  readonly questions: number;
  /** Objects and promises that one side holds of the other's for as long as the session lives. Durable references do not count. */
  readonly references: number;
  /** Bytes that wait to be read by the other side. */
  readonly bytesWaiting: number;
  /** Frames that are taken from one session before other sessions get their turn; and so many bytes of frames. */
  readonly framesPerTurn: number;
  readonly bytesPerTurn: number;
  /** Frames that are taken in a second; what comes faster is left in the socket, which slows the sender down. */
  readonly framesPerSecond: number;
  /** Locators presented in one session that lead to nothing. */
  readonly guesses: number;
  /** Milliseconds for TLS and the hellos. */
  readonly helloDeadline: number;
  /** Milliseconds of silence after which a ping is sent; as long again without an answer ends the session. */
  readonly heartbeat: number;
  /** Milliseconds in which the first of two sessions with one key must show that it is alive. */
  readonly probeDeadline: number;
  /** Milliseconds for the last bytes of a session to leave. */
  readonly farewell: number;
  /** Sessions of one peer, in all; those over a Unix socket, and with peers that were given something before, have room all the same. */
  readonly sessions: number;
  /** Sessions with one key, of a program that keeps nothing; and with whoever presents one locator. Not over a Unix socket. */
  readonly sessionsOfKey: number;
  readonly sessionsOfLocator: number;
  /** Of these, with peers that have shown no authority (no locator, nothing that they were given before): the oldest makes room. */
  readonly strangers: number;
  /** What a stranger may cost: enough to present a locator. */
  readonly stranger: StrangerLimits;
}

export type StrangerLimits = Pick<Limits, 'frameBytes' | 'depth' | 'values' | 'questions' | 'references'>;

export const defaultLimits: Limits = harden({
  frameBytes: 4 * 1024 * 1024,
  helloBytes: 4 * 1024,
  depth: 64,
  values: 100_000,
  slots: 1_024,
  questions: 4_096,
  references: 16_384,
  bytesWaiting: 16 * 1024 * 1024,
  framesPerTurn: 32,
  bytesPerTurn: 256 * 1024,
  framesPerSecond: 100_000,
  guesses: 10,
  helloDeadline: 10_000,
  heartbeat: 15_000,
  probeDeadline: 5_000,
  farewell: 2_000,
  sessions: 10_000,
  strangers: 256,
  sessionsOfKey: 16,
  sessionsOfLocator: 64,
  stranger: { frameBytes: 16 * 1024, depth: 12, values: 512, questions: 16, references: 16 },
});
harden(defaultLimits);

/** What a session with a stranger may cost, in place of the full limits: the lower ones of both. */
export const limitsForStranger = (limits: Limits): StrangerLimits => {
  const { stranger } = limits;
  return {
    frameBytes: Math.min(limits.frameBytes, stranger.frameBytes),
    depth: Math.min(limits.depth, stranger.depth),
    values: Math.min(limits.values, stranger.values),
    questions: Math.min(limits.questions, stranger.questions),
    references: Math.min(limits.references, stranger.references),
  };
};
harden(limitsForStranger);
