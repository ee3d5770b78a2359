/**
 * The hob's copies of secrets that its desired state names. The text comes from the boss in an answer, is sealed in the turn that takes it, and is
 * opened by whoever works on the host, outside of the vat, for one round. So the hob goes on with its copies while the boss is away, and neither its
 * store nor what it says has a text.
 *
 *   desired.secrets = { NAME: version } ──▶ no copy of that version? ──▶ boss: secret(NAME) ──▶ sealed copy ──▶ driver
 *
 * A copy of another version than the one that is wanted is not used: what needs it is unknown until the right one is there.
 */
import { codeOf, describeError } from '../errors/gobs-error.ts';
import type { SecretText, WantedState } from '../protocol/shapes.ts';
import { E } from '../vats/eventual-send.ts';
import type { TurnTools } from '../vats/kind.ts';
import type { HobLog } from './hob-kind.ts';
import type { HobPortrait, SecretCopy } from './hob-portrait.ts';

/** What a copy is sealed for. */
export const copyContext = (name: string, version: string): string => `copy/${name}/${version}`;
harden(copyContext);

/** Sealed, by name: those of the version that is wanted. */
export type SealedCopies = Readonly<Record<string, SecretCopy>>;

export const copiesFor = ({ secrets = {} }: WantedState, copies: HobPortrait['secrets']): SealedCopies =>
  harden(
    Object.fromEntries(
      Object.entries(secrets).flatMap(([name, version]) => {
        const copy = copies.get(name);
        return copy?.version === version ? [[name, copy] as const] : [];
      }),
    ),
  );
harden(copiesFor);

/** Of what leaves the desired state nothing is kept. */
export const dropCopies = (before: WantedState | null, after: WantedState, copies: HobPortrait['secrets']): void => {
  for (const name of Object.keys(before?.secrets ?? {})) if (after.secrets?.[name] === undefined) copies.delete(name);
};
harden(dropCopies);

export interface CopyTools extends Pick<TurnTools<HobPortrait>, 'on'> {
  /** Of src/sealing. Pure. */
  readonly seal: (context: string, text: string) => string;
  readonly log: HobLog;
}

/** What a boss that is away answers is no news. */
const away: readonly string[] = harden(['PEER_UNREACHABLE', 'SESSION_CLOSED', 'VAT_STOPPED', 'COMMIT_FAILED']);

const isSecretText = (answer: unknown): answer is SecretText => {
  const { version, text } = (answer ?? {}) as Partial<SecretText>;
  return typeof version === 'string' && version.length <= 64 && typeof text === 'string' && text.isWellFormed();
};

/** Asks for those of which there is no copy, one after the other. Undefined if there is none to ask for; else never rejects. */
export const fetchCopies = (portrait: HobPortrait, { on, seal, log }: CopyTools): Promise<void> | undefined => {
  const { boss, desired, secrets: copies } = portrait;
  if (boss === null || desired?.secrets === undefined) return undefined;
  const there = copiesFor(desired, copies);
  const missing = Object.keys(desired.secrets).filter((name) => there[name] === undefined);
  const keep = (name: string, answer: unknown, { desired: wanted, secrets }: HobPortrait): void => {
    // What left the desired state while the answer was on its way would be dropped by nobody.
    if (!isSecretText(answer) || wanted?.secrets?.[name] === undefined) return;
    const { version, text } = answer;
    secrets.set(name, harden({ version, secret: { sealed: seal(copyContext(name, version), text) } }));
  };
  const fetchFrom = (at: number): Promise<void> => {
    const name = missing[at];
    if (name === undefined) return Promise.resolve();
    return on(
      E(boss.side).secret(name),
      (answer, fresh) => {
        keep(name, answer, fresh.portrait);
        return fetchFrom(at + 1);
      },
      (reason) => {
        if (away.includes(codeOf(reason))) return undefined;
        void E(log).warn(describeError(reason), `asking the boss for the secret ${name}`);
        return fetchFrom(at + 1);
      },
    );
  };
  return missing.length === 0 ? undefined : fetchFrom(0);
};
harden(fetchCopies);
