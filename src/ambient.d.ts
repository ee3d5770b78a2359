/// <reference types="ses" />

declare module '@endo/captp';
declare module '@endo/eventual-send/shim.js';

/** Read from where it lies, above `src` as above `dist`; a hob that is one file carries it. */
declare module '*/package.json' {
  const packageJson: { readonly version: string };
  export default packageJson;
}

/** The build of the template engine that knows no file system. */
declare module 'liquidjs/dist/liquid.browser.mjs' {
  export * from 'liquidjs';
}
