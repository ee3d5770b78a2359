/**
 * Records of turns as lines of text, one each. Everything in them may come from a host, a peer or a store; none can end its line, and what does
 * not look like a name is quoted, so that it is not taken for the words beside it.
 *
 *   2026-11-20 11:12:13.123Z  boss  abcdefgh-3-7  boss/machine/7/admin.converge  from peer:ijklmnop…  ok
 *     changed boss/machine/7; sent abcdefgh-3-8 peer:qrstuvwx…/1.converge
 */
import { printable, redactLocators } from '../../protocol/printable.ts';
import type { JoinedRecord } from '../../protocol/trace.ts';

const PLAIN = /^[\w$:./…-]+$/;

const word = (text: string): string => (PLAIN.test(text) ? text : JSON.stringify(text));

/** `peer:<52 characters>/3` → `peer:abcdefgh…/3`; `vat:boss/machine/7/self` → `boss/machine/7`. */
const nameWord = (name: string): string =>
  word(
    name
      .replace(/^(peer:[a-z2-7]{8})[a-z2-7]{44}/, '$1…')
      .replace(/^vat:(?=.*\/)/, '')
      .replace(/\/self$/, ''),
  );

const callWords = (target: string, method: string): string => `${nameWord(target)}.${word(method)}`;

/** With milliseconds, for turns follow each other fast. */
const instant = (at: number): string => {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString().replace('T', ' ');
};

const outcomeWords = ({ error }: JoinedRecord): string => {
  if (error === null) return 'ok';
  return error.message === '' ? `failed ${word(error.code)}` : `failed ${word(error.code)}: ${error.message}`;
};

const consequenceWords = ({ changed, effects, omitted }: JoinedRecord): string =>
  [
    ...(changed.length === 0 ? [] : [`changed ${changed.map(nameWord).join(', ')}`]),
    ...(effects.length === 0
      ? []
      : [`sent ${effects.map(({ id, target, method }) => `${word(id)} ${callWords(target, method)}`).join(', ')}`]),
    ...(omitted === 0 ? [] : [`and ${omitted} more`]),
  ].join('; ');

const recordLines = (record: JoinedRecord): string[] => {
  const { at, where, id, target, method, from, cause } = record;
  const because = cause === null ? '' : ` because of ${word(cause)}`;
  const head = [instant(at), word(where), word(id), callWords(target, method), `from ${nameWord(from)}${because}`];
  const consequences = consequenceWords(record);
  return [[...head, outcomeWords(record)].join('  '), ...(consequences === '' ? [] : [`  ${consequences}`])];
};

/** The empty text for no records. */
export const traceText = (records: readonly JoinedRecord[]): string =>
  records
    .flatMap(recordLines)
    .map((line) => printable(redactLocators(line)))
    .join('\n');
harden(traceText);
