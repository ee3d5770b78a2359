/** Prints converge-inside.ts and all that it imports as one file. A process of its own: rolldown does not work under lockdown. */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const input = fileURLToPath(new URL('converge-inside.ts', import.meta.url));
const bundle = await rolldown({ input, platform: 'node', logLevel: 'silent', tsconfig: false });
const { output } = await bundle.generate({ format: 'esm', codeSplitting: false, strictExecutionOrder: true });
await bundle.close();
process.stdout.write(output[0].code);
