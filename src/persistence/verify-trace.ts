/** Is a row of the trace one? What another version of gobs wrote is left alone, as by whoever reads the trace. */
import { decodeRow } from '../vats/trace-rows.ts';
import type { Findings } from './verify-findings.ts';

const SLOT = /^t\/[0-9]{6,}$/;

const isTraceRow = (text: string): boolean => {
  try {
    decodeRow(text);
    return true;
  } catch {
    return false;
  }
};

/** `text` is undefined if its checksum did not fit. */
export const checkTraceRow = (key: string, text: string | undefined, findings: Findings): void => {
  if (!SLOT.test(key)) findings.add('UNKNOWN_ROW', key, 'is no place of the trace');
  else if (text !== undefined && !isTraceRow(text)) findings.add('ROW_DAMAGED', key, 'has no records of turns');
};
harden(checkTraceRow);
