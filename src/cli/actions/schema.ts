/** `gobs schema`. */
import { exitCodes } from '../exit-codes.ts';
import { fleetJsonSchema } from '../fleet-json-schema.ts';
import type { Action } from './action.ts';

export const showSchema: Action<'schema'> = async (_request, { output }) => {
  output.data(JSON.stringify(fleetJsonSchema(), undefined, 2));
  return exitCodes.done;
};
harden(showSchema);
