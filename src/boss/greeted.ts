/**
 * Whose hob has said in this session that it is here. It lives as long as the process. A hob that says so again and again changes nothing, so
 * nothing is written; whether it is the first time cannot be told from the portrait, which does not know of sessions.
 */
export interface Greeted {
  readonly hasGreeted: (hobKey: string) => boolean;
  /** Counts once `durable` resolves: it is of the turn that wrote it. */
  readonly greets: (hobKey: string, durable: Promise<void>) => void;
  /** The session has ended. */
  readonly parts: (hobKey: string) => void;
}

export const makeGreeted = (): Greeted => {
  const sessions = new Map<string, { isHere: boolean }>();
  return harden({
    hasGreeted: (hobKey) => sessions.get(hobKey)?.isHere === true,
    greets: (hobKey, durable) => {
      const session = sessions.get(hobKey) ?? { isHere: false };
      sessions.set(hobKey, session);
      // If the session ended meanwhile, this one is nobody's any more.
      durable.then(
        () => {
          session.isHere = true;
        },
        () => {},
      );
    },
    parts: (hobKey) => void sessions.delete(hobKey),
  } satisfies Greeted);
};
harden(makeGreeted);
