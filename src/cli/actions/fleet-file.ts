/** Fleet documents as files: read for `plan` and `apply`; and for `gobs validate`, which needs no boss. */
import { resolve } from 'node:path';
import { makeError } from '../../errors/gobs-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { reasonOf } from '../find-boss.ts';
import { parseFleetDocument, readFleetDocument, type ReadDocument } from '../fleet-document.ts';
import type { FleetDocument } from '../fleet-schema.ts';
import type { BossPlace } from '../request.ts';
import { validationRecord, validationText } from '../views/validate.ts';
import type { Action, Surroundings } from './action.ts';

const standardInput = async ({ powers }: Surroundings): Promise<string> => {
  let text = '';
  powers.stdin.setEncoding('utf8');
  for await (const chunk of powers.stdin) text += chunk as string;
  return text;
};

/** `-` is standard input. Rejects BAD_DOCUMENT, BAD_USAGE. */
export const readDocument = async (file: string, at: BossPlace, surroundings: Surroundings): Promise<FleetDocument> => {
  const { powers } = surroundings;
  if (file === '-') {
    if (at.connectFile === '-') {
      throw makeError('BAD_USAGE', 'standard input cannot be both the document and the locator');
    }
    return parseFleetDocument(await standardInput(surroundings), 'standard input');
  }
  try {
    return parseFleetDocument(await powers.fs.readFile(resolve(powers.workingDirectory, file), 'utf8'), file);
  } catch (error) {
    if ((error as { syscall?: unknown }).syscall === undefined) throw error;
    throw makeError('BAD_DOCUMENT', `${file}: ${reasonOf(error)}`, {
      hint: 'gobs init writes a small one',
      cause: error,
    });
  }
};
harden(readDocument);

const validateOne = async (
  file: string,
  surroundings: Surroundings,
): Promise<ReadDocument & { readonly file: string }> => {
  const { powers } = surroundings;
  if (file === '-') {
    const name = 'standard input';
    return { file: name, ...readFleetDocument(await standardInput(surroundings), name) };
  }
  try {
    return {
      file,
      ...readFleetDocument(await powers.fs.readFile(resolve(powers.workingDirectory, file), 'utf8'), file),
    };
  } catch (error) {
    if ((error as { syscall?: unknown }).syscall === undefined) throw error;
    return { file, faults: [{ file, line: null, path: '', message: reasonOf(error) }] };
  }
};

export const validateFleet: Action<'validate'> = async ({ files, json }, surroundings) => {
  const { output } = surroundings;
  const validated = [];
  for (const file of new Set(files)) validated.push(await validateOne(file, surroundings));
  if (json) output.json(validated.map(validationRecord));
  else {
    for (const each of validated) {
      if (each.faults === undefined) output.note(validationText(each));
      else output.data(validationText(each));
    }
  }
  return validated.some(({ faults }) => faults !== undefined) ? exitCodes.failed : exitCodes.done;
};
harden(validateFleet);
