/** `node --import`ed before a program: appends the URL of each module that is loaded to the file LOADED, a line each. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import process from 'node:process';

registerHooks({
  load: (url, context, next) => {
    appendFileSync(process.env['LOADED']!, `${url}\n`);
    return next(url, context);
  },
});
