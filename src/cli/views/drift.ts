/** What hobs found, for people and for programs, and what it means for the exit code. Pure. */
import type { DriftReport, ResourceReport } from '../../protocol/shapes.ts';
import type { Outcome } from '../exit-codes.ts';
import { age, lineCell, moment, renderTable } from '../tables.ts';

/** One machine that was asked: its report, or why there is none. */
export interface DriftAnswer {
  readonly name: string;
  readonly online: boolean;
  /** Boss's clock; null if there never was a report. */
  readonly receivedAt: number | null;
  readonly resources: readonly ResourceReport[] | null;
  /** Why it could not be asked now. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

export const answerOf = ({ name, online, report, receivedAt }: DriftReport): DriftAnswer => ({
  name,
  online,
  receivedAt,
  resources: report === null ? null : report.resources,
});
harden(answerOf);

/** Offline, never reported, could not be asked, or some resource could not be looked at: unknown. */
export const driftOutcome = ({ online, resources, error }: DriftAnswer): Outcome => {
  if (error !== undefined || !online || resources === null) return 'unknown';
  if (resources.some(({ state }) => state === 'unknown')) return 'unknown';
  return resources.some(({ state }) => state === 'drifted' || state === 'failed') ? 'differs' : 'done';
};
harden(driftOutcome);

type Row = [machine: string, resource: string, state: string, what: string, from: string, to: string];

const rowsOf = (name: string, { id, state, changes = [], why = '' }: ResourceReport): Row[] => {
  if (state === 'ok' || state === 'skipped') return [];
  if (changes.length === 0) return [[name, id, state, why, '', '']];
  return changes.map(({ what, from, to }) => [name, id, state, what, from, to]);
};

const stateless = (name: string, why: string): Row => [name, '', 'unknown', why, '', ''];

const answerRows = (answer: DriftAnswer, now: number): Row[] => {
  const { name, online, resources, error, receivedAt } = answer;
  if (error !== undefined) return [stateless(name, `${error.code}: ${error.message}`)];
  if (resources === null) return [stateless(name, online ? 'it never reported' : 'offline; it never reported')];
  const rows = resources.flatMap((resource) => rowsOf(name, resource));
  return online ? rows : [stateless(name, `offline; reported ${age(receivedAt, now)}`), ...rows];
};

/** A table of all that is not as wanted, or the empty text. */
export const driftText = (answers: readonly DriftAnswer[], now: number): string => {
  const rows = answers.flatMap((answer) => answerRows(answer, now));
  if (rows.length === 0) return '';
  return renderTable(['MACHINE', 'RESOURCE', 'STATE', 'WHAT', 'FROM', 'TO'], rows);
};
harden(driftText);

/** Does it say the same of what is not as wanted? When it came makes no difference. */
export const isSameAnswer = (one: DriftAnswer, other: DriftAnswer): boolean => {
  const textOf = ({ online, resources }: DriftAnswer): string =>
    JSON.stringify([online, resources?.filter(({ state }) => state !== 'ok').map(({ at: _at, ...rest }) => rest)]);
  return textOf(one) === textOf(other);
};
harden(isSameAnswer);

/** For `--follow`: a line for each thing that is not as wanted, or one that says that all is. */
export const followedText = (answer: DriftAnswer, now: number): string => {
  const { name, receivedAt } = answer;
  const when = receivedAt === null ? '-' : moment(receivedAt);
  const rows = answerRows(answer, now);
  const lines: (readonly string[])[] = rows.length === 0 ? [[name, 'as wanted']] : rows;
  return lines.map((cells) => [when, ...cells.filter((cell) => cell !== '')].map(lineCell).join('  ')).join('\n');
};
harden(followedText);

/** How old each report is, for `--cached`. */
export const agesText = (answers: readonly DriftAnswer[], now: number): string =>
  renderTable(
    ['MACHINE', 'ONLINE', 'REPORTED'],
    answers.map(({ name, online, receivedAt }) => [name, online ? 'yes' : 'no', age(receivedAt, now)]),
  );
harden(agesText);
