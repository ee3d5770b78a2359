/** Writes docs/reference/fleet.schema.json from the schemas of the command line: `npm run fleet-schema`, after one of them or a type of resources was changed. */
import '../src/lockdown.ts';
import { writeFileSync } from 'node:fs';
import { fleetJsonSchema } from '../src/cli/fleet-json-schema.ts';

writeFileSync(
  new URL('../docs/reference/fleet.schema.json', import.meta.url),
  `${JSON.stringify(fleetJsonSchema(), undefined, 2)}\n`,
);
